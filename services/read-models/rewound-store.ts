import {
  type EventStore,
  type Position,
  PositionUnknown,
  START,
} from '../../ports/event-store/event-store.ts'

/**
 * Why the event store is not the one that checkpoints were written for; undefined if it may be. A store that was
 * restored from an older copy ends before them, or has gone on with other events, and then mostly not in the same
 * places. Rejects with StoreUnavailable.
 */
export async function whyRewound(
  events: EventStore,
  checkpoints: readonly Position[],
): Promise<string | undefined> {
  const known = [...new Set(checkpoints)].filter((position) => position !== START)
  if (known.length === 0) return undefined
  const head = await events.head()
  const beyond = known.find((position) => position.length !== head.length || position > head)
  if (beyond !== undefined)
    return `checkpoints reach to position ${beyond}, which is beyond the end of the event store (${head || 'empty'})`
  try {
    for (const after of known) await events.readAll({ after, limit: 1 })
    return undefined
  } catch (error) {
    if (error instanceof PositionUnknown) return error.message
    throw error
  }
}
