import type { RescheduleRequest } from './booking-requests.ts'
import type { CalcomBooking, CalcomEventType } from './calcom-state.ts'
import { isRefusal, type Outcome, openBooking } from './outcome.ts'
import { bookingPayload } from './webhook-payload.ts'
import type { Workings } from './workings.ts'

type SharedAt = (
  eventType: CalcomEventType,
  userId: number,
  start: Temporal.Instant,
) => CalcomBooking | undefined

/**
 * The owner moves all who share a booking: its times change in place under the same uid. Into a time that has a booking
 * of its own they join that, and theirs is over (calcom/cal.com, packages/features/bookings/lib/handleSeats/reschedule/
 * owner), where there is room for all of them.
 */
export const moveOfAll =
  (cal: Workings, sharedAt: SharedAt) =>
  (uid: string, request: RescheduleRequest): Outcome => {
    const { store, webhooks, calendar } = cal
    const booking = openBooking(store, uid)
    if (isRefusal(booking)) return booking
    const eventType = store.eventTypeOf(booking)
    const before = { start: booking.start, end: booking.end }
    const end = request.end ?? request.start.add({ minutes: eventType.lengthMinutes })
    const there = sharedAt(eventType, booking.userId, request.start)
    const joined = there !== undefined && there !== booking ? there : undefined
    const seats = eventType.seatsPerTimeSlot ?? 1
    if (joined !== undefined && joined.attendees.length + booking.attendees.length > seats) {
      return { ok: false, status: 409, message: 'not_enough_available_seats_error' }
    }
    const target = joined ?? booking
    if (joined !== undefined) {
      store.update(joined, { attendees: [...joined.attendees, ...booking.attendees] })
      store.update(booking, { status: 'cancelled', reason: request.reason })
    } else {
      store.update(booking, {
        start: request.start.toString(),
        end: end.toString(),
        reason: request.reason,
        rescheduledBy: request.by,
        iCalSequence: booking.iCalSequence + 1,
      })
    }
    const work = async (): Promise<void> => {
      if (joined !== undefined) await calendar.delete(booking)
      await calendar.rewrite(target)
      const payload = {
        ...bookingPayload(store.subject(target)),
        bookingId: booking.id,
        rescheduleUid: uid,
        rescheduleStartTime: before.start,
        rescheduleEndTime: before.end,
      }
      await webhooks.send('BOOKING_RESCHEDULED', payload)
    }
    return cal.started(target, work())
  }
