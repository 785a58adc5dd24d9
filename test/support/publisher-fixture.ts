import { defined } from '../../domain/optional-fields.ts'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import type { KafkaConfiguration } from '../../infrastructure/kafka/kafka-configuration.ts'
import { type KafkaPublisherOptions, kafkaPublisher } from '../../infrastructure/kafka/kafka-publisher.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import { sqliteReadStore } from '../../infrastructure/sqlite/sqlite-read-store.ts'
import type { EventStore } from '../../ports/event-store/event-store.ts'
import type { ReadStore } from '../../ports/read-store/read-store.ts'
import { type PublicationParking, publicationParking } from '../../services/publishing/parking.ts'
import {
  type PublisherOptions,
  type RunningPublisher,
  runPublisher,
} from '../../services/publishing/publisher.ts'
import type { PublisherStatus } from '../../services/publishing/status.ts'
import { withDeadline } from './deadline.ts'
import { configurationFor, quietLog } from './kafka.ts'

export const ORIGIN = { source: 'urn:uuid:0b8f', schemas: 'https://sync.example.com/schemas' }

export type PublishingFixture = {
  events: EventStore
  configuration: KafkaConfiguration
  /** Of the publishers. */
  parking: PublicationParking
  readStore: ReadStore
  /** Another store, empty, for the same topic. */
  otherStore(): EventStore
  /** Starts a publisher; ended after the test, or by what is given back. */
  start(options?: Starting): RunningPublisher & { end(): Promise<void> }
}

type Starting = Partial<PublisherOptions> & Pick<KafkaPublisherOptions, 'route'>

const DEADLINE_MS = 60_000

/** A store in memory and a topic of the test's own; everything is ended after `body`. */
export const withPublishing =
  (brokers: readonly string[], body: (fixture: PublishingFixture) => Promise<void>) => async () => {
    const stores: (() => Promise<void>)[] = []
    const running: (() => Promise<void>)[] = []
    const open = (): EventStore => {
      const database = openDatabase(':memory:')
      const events = sqliteEventStore(database, { clock: systemClock })
      stores.push(async () => {
        await events.close()
        await database.close()
      })
      return events
    }
    const events = open()
    const configuration = configurationFor(brokers)
    const database = openDatabase(':memory:')
    const readStore = sqliteReadStore(database)
    stores.push(async () => database.close())
    const parking = publicationParking({ readStore, now: systemClock.now })
    const fixture: PublishingFixture = {
      events,
      configuration,
      parking,
      readStore,
      otherStore: open,
      start({ route, ...options } = {}) {
        const stopping = new AbortController()
        const [clock, log] = [systemClock, quietLog()]
        const publisher = runPublisher({
          events,
          publisher: kafkaPublisher({ configuration, clock, log, ...defined({ route }) }),
          origin: ORIGIN,
          parking,
          clock,
          log,
          signal: stopping.signal,
          ...options,
        })
        const end = () => {
          stopping.abort()
          return publisher.stopped
        }
        running.push(end)
        return { ...publisher, end }
      },
    }
    try {
      await withDeadline(DEADLINE_MS, () => body(fixture))
    } finally {
      for (const end of running) await end()
      for (const close of stores) await close()
    }
  }

/** Resolves with the status as soon as it is as wanted. */
export async function untilStatus(
  publisher: RunningPublisher,
  wanted: (status: PublisherStatus) => boolean,
): Promise<PublisherStatus> {
  for (;;) {
    const status = await publisher.status()
    if (wanted(status)) return status
    await systemClock.delay(10)
  }
}

/** Resolves once everything is published. */
export const drained = (publisher: RunningPublisher): Promise<PublisherStatus> =>
  untilStatus(publisher, ({ state, backlog }) => state === 'PUBLISHING' && backlog === 0)
