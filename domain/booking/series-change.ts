// Records changes of a series that concern a booking of one of its events.

import { accept, type Decision } from '../decision.ts'
import type { BookingEvent, EventName, StoredReference } from './events.ts'
import { findReference, sameEvent } from './references.ts'
import type { Booking } from './state.ts'

/** Records the calendar event's new name. */
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

/** Records the recurrence rule of the event's series. */
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
 * Tells a person that nobody can say which instance of its changed series is the booking's. This is never a
 * cancellation. The change is recorded once per `fingerprint` (the series' version, if known).
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
