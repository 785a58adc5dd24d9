import { z } from 'zod'

/** Places in the course of a change at which it can be stopped until told to go on. */
export const HoldPoint = z.enum([
  /** Before the event at Google is written or deleted. */
  'BEFORE_EVENT',
  /** The event is written, its reference is not stored. */
  'BEFORE_REFERENCES',
  /** Another host takes over: the old references are withdrawn, the new ones not there. */
  'BETWEEN_REFERENCES',
  /** BOOKING_CANCELLED is sent, the database still says accepted. */
  'BEFORE_CANCEL_STORED',
])
export type HoldPoint = z.infer<typeof HoldPoint>

export type Holds = ReturnType<typeof holds>

/** Nothing is held at first, and nothing any more once `closing` aborts. */
export function holds(closing: AbortSignal) {
  let held: readonly HoldPoint[] = []
  const waiting: { point: HoldPoint; bookingUid: string; goOn: () => void }[] = []

  const release = (
    which: { point?: HoldPoint | undefined; bookingUid?: string | undefined } = {},
  ): number => {
    const free = waiting.filter(
      ({ point, bookingUid }) =>
        (which.point === undefined || which.point === point) &&
        (which.bookingUid === undefined || which.bookingUid === bookingUid),
    )
    for (const one of free) {
      waiting.splice(waiting.indexOf(one), 1)
      one.goOn()
    }
    return free.length
  }
  closing.addEventListener('abort', () => release(), { once: true })

  return {
    /** Lets go on what waits, as it was told to; the points stay held. Gives how many. */
    release,
    /** What stands still, and where. */
    state: () => ({
      points: [...held],
      waiting: waiting.map(({ point, bookingUid }) => ({ point, bookingUid })),
    }),
    /** From now on these are held and no others; what waits at the others goes on. */
    hold(points: readonly HoldPoint[]): void {
      held = [...points]
      for (const point of HoldPoint.options) if (!held.includes(point)) release({ point })
    },
    /** Resolves at once where the point is not held. */
    at(point: HoldPoint, bookingUid: string): Promise<void> {
      if (closing.aborted || !held.includes(point)) return Promise.resolve()
      return new Promise((goOn) => waiting.push({ point, bookingUid, goOn }))
    },
  }
}
