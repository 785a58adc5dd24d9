import { accept, type Decision } from '../decision.ts'
import type { BookingEvent } from './events.ts'
import { type Booking, evolveBooking } from './state.ts'

/** Decides one thing after another, each on what came of those before; the first that is refused refuses all. */
export function decideAll<One>(
  state: Booking,
  things: readonly One[],
  decide: (state: Booking, one: One) => Decision<BookingEvent>,
): Decision<BookingEvent> {
  const events: BookingEvent[] = []
  let after = state
  for (const one of things) {
    const decision = decide(after, one)
    if (!decision.ok) return decision
    events.push(...decision.events)
    after = decision.events.reduce(evolveBooking, after)
  }
  return accept(...events)
}
