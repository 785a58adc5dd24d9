// What becomes of a booking whose event is one of a series, when the series was edited or split.

import { accept, type Decision } from '../decision.ts'
import type { BookingEvent, EventName, StoredReference } from './events.ts'
import { findReference, sameEvent } from './references.ts'
import type { Booking } from './state.ts'

/** The calendar event has another name now. */
export function moveReference(
  state: Booking,
  move: { from: StoredReference; to: StoredReference; at: string },
): Decision<BookingEvent> {
  if (state.kind !== 'OPEN') return accept()
  const known = findReference(state, move.from)
  if (known === undefined) return accept()
  if (sameEvent(known.stored, move.to) && known.stored.recurringEventId === move.to.recurringEventId)
    return accept()
  return accept({ type: 'BookingReferenceMoved', data: { bookingUid: state.bookingUid, ...move } })
}

/** By which rule the event's series repeats now. */
export function noteSeriesRule(
  state: Booking,
  seen: EventName & { rule: string; at: string },
): Decision<BookingEvent> {
  if (state.kind !== 'OPEN') return accept()
  const known = findReference(state, seen)
  if (known?.stored.recurringEventId === undefined || known.rule === seen.rule) return accept()
  return accept({ type: 'BookingSeriesNoted', data: { bookingUid: state.bookingUid, ...seen } })
}

/**
 * The booking's series changed so that nobody can say which instance is its own: for a person to look at, never a
 * cancellation. Once for the same `fingerprint` (the series' version, where it is known).
 */
export function flagSeriesChanged(
  state: Booking,
  seen: EventName & { now: Temporal.Instant; fingerprint?: string },
): Decision<BookingEvent> {
  if (state.kind !== 'OPEN') return accept()
  const reference = findReference(state, seen)
  const fingerprint = seen.fingerprint ?? 'unknown'
  if (reference === undefined || reference.setAside.SERIES_CHANGED === fingerprint) return accept()
  if (Temporal.Instant.compare(state.times.start, seen.now) <= 0) return accept()
  const at = seen.now.toString()
  return accept({
    type: 'ExternalEventChangeIgnored',
    data: {
      ...reference.stored,
      bookingUid: state.bookingUid,
      code: 'SERIES_CHANGED',
      settles: false,
      fingerprint,
      observedAt: at,
      seen: { status: 'unknown' },
      agreement: state.agreement,
      at,
    },
  })
}
