import { syncPolicyAggregate } from '../../commands/aggregates.ts'
import { load } from '../../commands/execute.ts'
import { eventTypes } from '../../domain/domain-event.ts'
import type { EventStore } from '../../ports/event-store/event-store.ts'

/**
 * Whether an operator has stopped everything (SetSyncPolicy without a scope, mode `off`). Then nothing is given to
 * anybody until it is lifted, not even what was decided before. The events themselves are asked, so that it holds from
 * the moment in which the command is answered, whatever a read model knows.
 */
export async function isStopped(events: EventStore): Promise<boolean> {
  const { state } = await load(events, syncPolicyAggregate, 'everything')
  return state.mode === 'off'
}

/** Waits while everything is stopped, and tells when that begins; ends early where `signal` aborts. */
export async function untilNotStopped(
  events: EventStore,
  { signal, onStopped }: { signal: AbortSignal; onStopped(): void },
): Promise<void> {
  while (!signal.aborted && (await isStopped(events))) {
    onStopped()
    const head = await events.head()
    if (!(await isStopped(events))) return
    const heard = new AbortController()
    const until = AbortSignal.any([signal, heard.signal])
    const filter = { types: Object.keys(eventTypes.syncPolicy) }
    for await (const page of events.subscribe({ after: head, filter, signal: until }))
      if (page.events.length > 0) heard.abort()
  }
}
