import type { BookRequest, CancelRequest, RescheduleRequest } from './booking-requests.ts'
import type { CalcomAttendee, CalcomBooking, CalcomEventType } from './calcom-state.ts'
import { isRefusal, type Outcome, openBooking, refused } from './outcome.ts'
import { moveOfAll } from './seats-moved-together.ts'
import { bookingPayload, endPayload } from './webhook-payload.ts'
import type { Workings } from './workings.ts'

/**
 * Seats of one booking, a guest each. What one guest does is announced with the uid that goes on for the others. The
 * event was written anew from the database before that (calcom/cal.com, packages/features/bookings/lib/handleSeats).
 */
export function seats(cal: Workings) {
  const { store, settings, webhooks, calendar } = cal

  const sharedAt = (eventType: CalcomEventType, userId: number, start: Temporal.Instant) =>
    store
      .bookings()
      .find(
        (booking) =>
          booking.eventTypeId === eventType.id &&
          booking.userId === userId &&
          booking.status === 'accepted' &&
          start.equals(booking.start),
      )
  const isFull = (booking: CalcomBooking, eventType: CalcomEventType, more: number): boolean =>
    booking.attendees.length + more > (eventType.seatsPerTimeSlot ?? 1)

  /** The guest and the booking that the seat is of. */
  const seatOf = (uid: string, seatUid: string | undefined) => {
    const booking = openBooking(store, uid)
    if (isRefusal(booking)) return booking
    const guest = booking.attendees.find((one) => one.seatUid === seatUid)
    return guest === undefined ? refused('User not a part of this booking') : { booking, guest }
  }

  /** The booking without the guest; over where nobody is left. */
  const leave = (booking: CalcomBooking, guest: CalcomAttendee): Promise<void> => {
    const others = booking.attendees.filter((one) => one !== guest)
    if (others.length > 0) {
      store.update(booking, { attendees: others })
      return calendar.rewrite(booking)
    }
    store.update(booking, { status: 'cancelled', attendees: others })
    return calendar.delete(booking)
  }

  return {
    /** Takes seats in the booking that is there at this time; undefined where there is none. */
    join(request: BookRequest, eventType: CalcomEventType): Outcome | undefined {
      const booking = sharedAt(eventType, request.userId, request.start)
      if (booking === undefined) return undefined
      const guests = store.guestsOf(request, eventType)
      if (isFull(booking, eventType, guests.length)) {
        return { ok: false, status: 409, message: 'All seats of this booking are taken' }
      }
      store.update(booking, { attendees: [...booking.attendees, ...guests] })
      const work = async (): Promise<void> => {
        await calendar.rewrite(booking)
        await cal.announce('BOOKING_CREATED', booking)
      }
      return cal.started(booking, work())
    },

    /** Undefined where the seat is the only one: that is an ordinary cancellation. */
    giveUp(uid: string, { seatUid, reason }: CancelRequest): Outcome | undefined {
      const found = seatOf(uid, seatUid)
      if ('ok' in found) return found
      const { booking, guest } = found
      if (booking.attendees.length === 1) return undefined
      const work = async (): Promise<void> => {
        await leave(booking, guest)
        // The whole booking's uid, status CANCELLED, and of the attendees only the one who left.
        const said = { ...booking, attendees: [guest], iCalSequence: booking.iCalSequence + 1 }
        await webhooks.send(
          'BOOKING_CANCELLED',
          endPayload(store.subject(said), { status: 'CANCELLED', reason }),
        )
      }
      return cal.started(booking, work())
    },

    /** Into the booking that is at the new time, or into a new one. */
    move(uid: string, request: RescheduleRequest): Outcome {
      const found = seatOf(uid, request.seatUid)
      if ('ok' in found) return found
      const { booking: old, guest } = found
      const eventType = store.eventTypeOf(old)
      const there = sharedAt(eventType, old.userId, request.start)
      if (there === old) return refused('The guest has a seat at this time already')
      if (there !== undefined && isFull(there, eventType, 1)) {
        return { ok: false, status: 409, message: 'All seats of this booking are taken' }
      }
      const target =
        there ??
        store.create({
          userId: old.userId,
          eventTypeId: eventType.id,
          start: request.start,
          attendees: [guest],
        })
      if (target === undefined) return refused('The event type is gone')
      if (there !== undefined) store.update(there, { attendees: [...there.attendees, guest] })
      const before = { start: old.start, end: old.end }
      const work = async (): Promise<void> => {
        await leave(old, guest)
        if (there !== undefined) await calendar.rewrite(there)
        const payload = {
          ...bookingPayload(store.subject(target)),
          ...(settings.seatMoveUid === 'null' ? { uid: null } : {}),
          rescheduleUid: settings.seatMoveRescheduleUid === 'seat' ? guest.seatUid : old.uid,
          // Into a booking that was there: its uid beside the number of the one left, and that one's times.
          ...(there === undefined
            ? {}
            : { bookingId: old.id, rescheduleStartTime: before.start, rescheduleEndTime: before.end }),
        }
        await webhooks.send('BOOKING_RESCHEDULED', payload)
        if (there === undefined) await calendar.insert(target)
      }
      return cal.started(target, work())
    },

    moveAll: moveOfAll(cal, sharedAt),
  }
}
