import type { BookingEvent, StoredReference } from '../../domain/booking/events.ts'

type Data<Type extends BookingEvent['type']> = Extract<BookingEvent, { type: Type }>['data']

/** Events of one booking on 10 March 2026, 9 to 10 o'clock UTC, unless told otherwise. */
export function eventsOfBooking(bookingUid: string, userId = 'user-1') {
  const at = '2026-03-02T08:00:00Z'
  const start = '2026-03-10T09:00:00Z'
  const end = '2026-03-10T10:00:00Z'
  const reference: StoredReference = {
    provider: 'google',
    calendarKey: 'calendar-1',
    externalEventId: `event-of-${bookingUid}`,
  }
  const decided = (sequence: number) => ({
    ...reference,
    bookingUid,
    userId,
    sequence,
    fingerprint: `etag-${sequence}`,
    observedAt: at,
    basis: { start, end },
    at,
  })
  return {
    reference,
    tracked: (data: Partial<Data<'BookingTracked'>> = {}): BookingEvent => ({
      type: 'BookingTracked',
      data: { bookingUid, userId, status: 'ACCEPTED', start, end, at, ...data },
    }),
    linked: (more: Partial<StoredReference> = {}, confirmed = true): BookingEvent => ({
      type: 'BookingReferenceLinked',
      data: { bookingUid, reference: { ...reference, ...more }, confirmed, at },
    }),
    unlinked: (more: Partial<StoredReference> = {}): BookingEvent => ({
      type: 'BookingReferenceUnlinked',
      data: { bookingUid, reference: { ...reference, ...more }, at },
    }),
    moved: (to: Partial<StoredReference>): BookingEvent => ({
      type: 'BookingReferenceMoved',
      data: { bookingUid, from: reference, to: { ...reference, ...to }, at },
    }),
    timesRecorded: (data: Partial<Data<'BookingTimesRecorded'>> = {}): BookingEvent => ({
      type: 'BookingTimesRecorded',
      data: { bookingUid, start, end, at, ...data },
    }),
    closed: (data: Partial<Data<'BookingClosed'>> = {}): BookingEvent => ({
      type: 'BookingClosed',
      data: { bookingUid, reason: 'CANCELLED_IN_CALCOM', at, ...data },
    }),
    rescheduled: (sequence: number, data: Partial<Data<'BookingRescheduled'>> = {}): BookingEvent => ({
      type: 'BookingRescheduled',
      data: {
        ...decided(sequence),
        previous: { start, end },
        next: { start: '2026-03-11T09:00:00Z', end: '2026-03-11T10:00:00Z' },
        ...data,
      },
    }),
    cancelled: (sequence: number, data: Partial<Data<'BookingCancelled'>> = {}): BookingEvent => ({
      type: 'BookingCancelled',
      data: { ...decided(sequence), reason: 'DELETED_IN_CALENDAR', start, end, ...data },
    }),
    ignored: (code: string, data: Partial<Data<'ExternalEventChangeIgnored'>> = {}): BookingEvent => ({
      type: 'ExternalEventChangeIgnored',
      data: {
        ...reference,
        bookingUid,
        code,
        settles: false,
        fingerprint: 'etag-ignored',
        observedAt: at,
        seen: { status: 'confirmed' },
        at,
        ...data,
      },
    }),
    outcome: (sequence: number, data: Partial<Data<'BookingOutcomeReported'>> = {}): BookingEvent => ({
      type: 'BookingOutcomeReported',
      data: { bookingUid, eventId: `decision-${sequence}`, sequence, outcome: 'APPLIED', at, ...data },
    }),
  }
}
