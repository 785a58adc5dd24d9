import type { Stores } from '../../ports/port-groups.ts'
import { OutcomeUnknown, StoreUnavailable } from '../../ports/store-unavailable.ts'

type Writing = Pick<Stores, 'events' | 'queue' | 'requestForParked'>

/**
 * Does the work of one request. A store that refuses a call says of that call that nothing was stored. Where an earlier
 * one of the same request was, the request is stored in part: rejects with OutcomeUnknown then.
 */
export async function storedInPart<Ports extends Writing, Result>(
  ports: Ports,
  work: (ports: Ports) => Promise<Result>,
): Promise<Result> {
  const { events, queue } = ports
  let isStored = false
  const noticing: Writing = {
    events: {
      ...events,
      async append(...given) {
        const appended = await events.append(...given)
        isStored ||= appended.ok
        return appended
      },
    },
    queue: {
      ...queue,
      async signal(...given) {
        await queue.signal(...given)
        isStored = true
      },
      async signalMany(signals) {
        await queue.signalMany(signals)
        isStored ||= signals.length > 0
      },
    },
    async requestForParked(request) {
      const parked = await ports.requestForParked(request)
      isStored ||= parked !== undefined
      return parked
    },
  }
  try {
    return await work({ ...ports, ...noticing })
  } catch (error) {
    if (!isStored || !(error instanceof StoreUnavailable) || error instanceof OutcomeUnknown) throw error
    throw new OutcomeUnknown(error.message, { cause: error })
  }
}
