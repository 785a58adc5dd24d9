import type { Clock } from '../../ports/clock.ts'
import type { EventStore } from '../../ports/event-store/event-store.ts'
import type { ReadStore } from '../../ports/read-store/read-store.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import type { Projection } from '../../projections/projection.ts'
import type { ProjectionRunner } from './projection-runner.ts'

/** How often the checkpoint is looked at. */
const LOOK_EVERY_MS = 25

/**
 * `caughtUp` of the projection runner for a process in which none runs: looks at the checkpoints that the other process
 * writes. The same promise and the same errors; the timeout is 5,000 ms if none is given.
 */
export function checkpointWait({
  events,
  readStore,
  projections,
  clock,
}: {
  events: EventStore
  readStore: ReadStore
  projections: readonly Projection[]
  clock: Clock
}): ProjectionRunner['caughtUp'] {
  return async (name, position, timeoutMs = 5_000) => {
    const named = name === 'all' ? projections : projections.filter((one) => one.name === name)
    if (named.length === 0) throw new RangeError(`there is no projection ${name}`)
    const end = clock.now().add({ milliseconds: timeoutMs })
    const target = position ?? (await events.head())
    for (;;) {
      const reached = await Promise.all(named.map(({ collection }) => readStore.checkpoint(collection.name)))
      if (reached.every((checkpoint) => checkpoint >= target)) return
      if (Temporal.Instant.compare(clock.now(), end) >= 0)
        throw new StoreUnavailable(`read model ${name} has not caught up within ${timeoutMs} ms`)
      await clock.delay(LOOK_EVERY_MS)
    }
  }
}
