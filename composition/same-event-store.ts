import type { Clock } from '../ports/clock.ts'
import type { EventStore } from '../ports/event-store/event-store.ts'
import type { Logger } from '../ports/logger.ts'
import { StoreUnavailable } from '../ports/store-unavailable.ts'
import { topicGivenUp } from './admission.ts'
import { nameIn } from './deployment.ts'
import type { Stores } from './stores.ts'

/** Before each further look while nothing is written. */
const LOOK_EVERY_MS = 5_000

const REPLACED =
  'The event store of EVENTSTORE_URL is not the one any more that this process was started with: it lacks what that one was called, as an empty one does. Nothing more is written. Name the right server, or give it its data back, and start again.'

/**
 * Looks, for as long as a process runs, whether the event store on a server is still the one with this name: before
 * the first write on each connection, which then does not come about, and every few seconds; then too, whether another
 * process took over with another topic. Resolves with a sentence for the operator once that is so; never where the
 * store is embedded.
 */
export function otherEventStore(parts: {
  events: EventStore
  guardWrites: Stores['guardWrites']
  /** What the event store's deployment is called; undefined where it was ended before that was known. */
  name: Promise<string | undefined>
  /** The topic of Kafka that this process publishes to. */
  topic: string | undefined
  clock: Clock
  log: Logger
  signal: AbortSignal
}): Promise<string> {
  const { events, guardWrites, topic, clock, log, signal } = parts
  return new Promise((resolve) => {
    if (guardWrites === undefined) return
    let name: string | undefined
    const check = async () => {
      if (name === undefined || (await nameIn(events)) === name) return
      resolve(REPLACED)
      throw new StoreUnavailable(REPLACED)
    }
    guardWrites(check)
    void parts.name.then(async (known) => {
      name = known
      while (!signal.aborted) {
        await clock.delay(LOOK_EVERY_MS, signal)
        try {
          await check()
          const why = topic === undefined ? undefined : await topicGivenUp(events, topic)
          if (why !== undefined) resolve(why)
        } catch (error) {
          log.debug({ err: error }, 'the next look will tell whether the event store is still the same')
        }
      }
    })
  })
}
