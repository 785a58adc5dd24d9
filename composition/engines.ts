// The servers that hold data, as an operator asks after them.

import type { Configuration } from '../infrastructure/config/configuration.ts'
import type {
  EventStoreDbEventStore,
  EventStoreDbOptions,
} from '../infrastructure/eventstoredb/eventstoredb-event-store.ts'
import type { KafkaConfiguration } from '../infrastructure/kafka/kafka-configuration.ts'
import type { MongodbConnection } from '../infrastructure/mongodb/mongodb-connection.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'

/** How a server is. `problem`: its kind in capitals (DNS, REFUSED, …), also of one that serves all the same. */
export type EngineCondition = { ok: boolean; sentence: string; problem?: string }

/** A server that holds data. `describe` never rejects; its sentence holds no secret. */
export type Engine = {
  name: 'EventStoreDB' | 'MongoDB' | 'Kafka'
  describe(): Promise<EngineCondition>
}

type Parts = { clock: Clock; log: Logger }

export const eventStoreDbEngine = (events: Pick<EventStoreDbEventStore, 'describe'>): Engine => ({
  name: 'EventStoreDB',
  async describe() {
    const condition = await events.describe()
    return condition.ok
      ? { ok: true, sentence: `EventStoreDB answers (version ${condition.version}).` }
      : {
          ok: false,
          problem: condition.trouble,
          sentence: said('EventStoreDB', condition.trouble, condition.detail),
        }
  },
})

export const mongodbEngine = (connection: Pick<MongodbConnection, 'describe'>): Engine => ({
  name: 'MongoDB',
  async describe() {
    const { ok, problem, detail } = await connection.describe()
    const sentence = ok ? `${detail}.` : said('MongoDB', problem ?? 'OTHER', detail)
    return { ok, sentence, ...(problem !== undefined ? { problem } : !ok && { problem: 'OTHER' }) }
  },
})

export const kafkaEngine = (configuration: KafkaConfiguration, parts: Parts): Engine => ({
  name: 'Kafka',
  async describe() {
    const { kafkaPublisher } = await import('../infrastructure/kafka/kafka-publisher.ts')
    const publisher = kafkaPublisher({ configuration, ...parts })
    try {
      const description = await publisher.describe()
      return description.ok
        ? { ok: true, sentence: description.sentence }
        : {
            ok: false,
            problem: description.problem,
            sentence: said('Kafka', description.problem, description.message),
          }
    } finally {
      await publisher.close()
    }
  },
})

const said = (name: string, problem: string, detail: string) =>
  `${name}: ${problem}: ${detail.replace(/\.$/, '')}.`

/** The servers that the configuration names, with connections of their own and without opening the data folder. */
export async function openEngines(
  { eventStore, mongodb, kafka }: Configuration,
  parts: Parts,
): Promise<{ engines: Engine[]; close(): Promise<void> }> {
  const events = eventStore && (await openEvents({ ...eventStore, ...parts }))
  const connection = mongodb && (await openConnection(mongodb.url))
  return {
    engines: [
      ...(events ? [eventStoreDbEngine(events)] : []),
      ...(connection ? [mongodbEngine(connection)] : []),
      ...(kafka ? [kafkaEngine(kafka, parts)] : []),
    ],
    async close() {
      await Promise.all([events?.close(), connection?.close()])
    },
  }
}

async function openEvents(options: EventStoreDbOptions): Promise<EventStoreDbEventStore> {
  const { eventStoreDbEventStore } = await import(
    '../infrastructure/eventstoredb/eventstoredb-event-store.ts'
  )
  return eventStoreDbEventStore(options)
}

async function openConnection(url: string): Promise<MongodbConnection> {
  const { mongodbConnection } = await import('../infrastructure/mongodb/mongodb-connection.ts')
  return mongodbConnection(url)
}
