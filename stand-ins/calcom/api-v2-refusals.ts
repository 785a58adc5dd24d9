import type { ApiVersion } from './api-v2-version.ts'
import type { CalcomCore } from './calcom-core.ts'
import type { CalcomBooking } from './calcom-state.ts'
import { type Refusal, refused, whyNotMovable } from './outcome.ts'

const known = {
  cancel: ['cancellationReason', 'cancelSubsequentBookings', 'seatUid'],
  reschedule: ['start', 'rescheduledBy', 'reschedulingReason', 'seatUid', 'emailVerificationCode'],
}
/** What version 2026-02-25 has added. */
const added = ['allowConflicts', 'allowBookingOutOfBounds', 'skipBookingLimits', 'rescheduleWithSameHost']

/** A field that the version does not have is refused by name. */
export function unknownFields(
  body: Record<string, unknown>,
  call: keyof typeof known,
  version: ApiVersion,
): Refusal | undefined {
  const fields = [...known[call], ...(call === 'reschedule' && version !== '2024-08-13' ? added : [])]
  const unknown = Object.keys(body).find((name) => !fields.includes(name))
  if (unknown === undefined) return undefined
  return refused(`${unknown} property is wrong,property ${unknown} should not exist`)
}

/**
 * Why a booking cannot be moved there, in the order in which Cal.com looks (calcom/cal.com, apps/api/v2,
 * errors.service.ts of bookings): it is over, the time is past, out of bounds, or taken.
 */
export function refusedReschedule(
  core: CalcomCore,
  booking: CalcomBooking,
  start: Temporal.Instant,
  allowed: { allowConflicts: boolean; allowBookingOutOfBounds: boolean },
): Refusal | undefined {
  const over = whyNotMovable(core.store, booking, core.settings.oldLinks)
  if (over !== undefined) return refused(over)
  const now = core.clock.now()
  if (Temporal.Instant.compare(start, now) < 0) return refused('Attempting to book a meeting in the past.')
  const { lengthMinutes, seatsPerTimeSlot, minimumNoticeMinutes, bookableDays } =
    core.store.eventTypeOf(booking)
  const ahead = start.since(now).total('minutes')
  const tooSoon = minimumNoticeMinutes !== undefined && ahead < minimumNoticeMinutes
  const tooFar = bookableDays !== undefined && ahead > bookableDays * 24 * 60
  if ((tooSoon || tooFar) && !allowed.allowBookingOutOfBounds) {
    return refused(
      'The event type can\'t be booked at the "start" time provided. It may be too soon (violating the minimum booking notice) or too far in the future.',
    )
  }
  if (seatsPerTimeSlot !== undefined || allowed.allowConflicts) return undefined
  return hasConflict(core, booking, start, start.add({ minutes: lengthMinutes }))
    ? refused('User either already has booking at this time or is not available')
    : undefined
}

function hasConflict(
  core: CalcomCore,
  moved: CalcomBooking,
  start: Temporal.Instant,
  end: Temporal.Instant,
): boolean {
  return core.store
    .bookings()
    .some(
      (other) =>
        other.uid !== moved.uid &&
        other.userId === moved.userId &&
        other.status === 'accepted' &&
        Temporal.Instant.compare(other.start, end) < 0 &&
        Temporal.Instant.compare(start, other.end) < 0,
    )
}
