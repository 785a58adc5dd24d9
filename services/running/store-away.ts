import type { OutageLog } from './outage-log.ts'

/** Told of each answer that a store has kept from being given. */
export type OnStoreAway = (error: unknown) => void

/**
 * Tells of answers refused for want of a store: one line when that begins and one when it ends, however many there are.
 * It is over once `works` resolves and nothing was refused since the try before.
 */
export function storeAway(deps: {
  outages: Pick<OutageLog, 'untilItAnswers'>
  /** Rejects while a store that answers need is away. */
  works(): Promise<unknown>
}): OnStoreAway {
  /** The latest refusal since the try before. */
  let refusal: unknown
  let isWaiting = false

  function throwLatest(): void {
    const latest = refusal
    refusal = undefined
    if (latest !== undefined) throw latest
  }

  async function untilItIsOver(): Promise<void> {
    isWaiting = true
    await deps.outages.untilItAnswers('stores of the HTTP edge', async () => {
      throwLatest()
      await deps.works()
      throwLatest()
    })
    isWaiting = false
  }

  return (error) => {
    refusal = error
    if (!isWaiting) void untilItIsOver()
  }
}
