import type { BookRequest, CancelRequest, RescheduleRequest } from './booking-requests.ts'
import {
  isRefusal,
  noBooking,
  notFound,
  type Outcome,
  openBooking,
  refused,
  whyNotMovable,
} from './outcome.ts'
import { endPayload, reschedulePayload } from './webhook-payload.ts'
import type { Workings } from './workings.ts'

/** Bookings of one guest: made, moved, ended. */
export function plainBookings(cal: Workings) {
  const { store, settings, webhooks, calendar } = cal

  return {
    book(request: BookRequest): Outcome {
      const booking = store.create(request)
      if (booking === undefined) return notFound('User or event type of the booking was not found')
      const work = async (): Promise<void> => {
        if (booking.paid === false) return cal.announce('BOOKING_PAYMENT_INITIATED', booking)
        const pending = booking.status === 'pending'
        await cal.announce(pending ? settings.pendingTrigger : 'BOOKING_CREATED', booking)
        if (pending) return
        const { references } = request
        if (references === undefined) return calendar.insert(booking)
        await cal.pause('BEFORE_REFERENCES', booking)
        for (const reference of references) store.addReference(booking, reference)
      }
      return cal.started(booking, work())
    },

    /**
     * `calendarKnows`: the event shows the new time already, and is left alone. `references`: the new booking names it.
     */
    reschedule(uid: string, request: RescheduleRequest, calendarKnows?: { references: boolean }): Outcome {
      const old = store.booking(uid)
      if (old === undefined) return noBooking(uid)
      const ended = whyNotMovable(store, old, settings.oldLinks)
      if (ended !== undefined) return refused(ended)
      const booking = store.replace(old, request)
      const copyReferences = (): void => {
        for (const reference of old.references) {
          if (!reference.deleted) store.copyReference(booking, reference)
        }
      }
      const work = async (): Promise<void> => {
        const pending = booking.status === 'pending'
        await webhooks.send(
          pending && settings.pendingTrigger === 'BOOKING_REQUESTED'
            ? 'BOOKING_REQUESTED'
            : 'BOOKING_RESCHEDULED',
          reschedulePayload(store.subject(booking), old),
        )
        if (calendarKnows !== undefined) {
          if (calendarKnows.references) copyReferences()
          return
        }
        if (!pending) return calendar.takeOver(old, booking)
        // Nothing is written at the new time before the host agrees, and the old time is free at once
        // (calcom/cal.com, packages/features/bookings/lib/EventManager.ts, reschedule).
        if (settings.pendingKeepsReferences) copyReferences()
        await cal.pause('BEFORE_EVENT', booking)
        await calendar.delete(old)
      }
      return cal.started(booking, work())
    },

    cancel(uid: string, { reason, by }: CancelRequest = {}): Outcome {
      const booking = openBooking(store, uid)
      if (isRefusal(booking)) return booking
      const work = async (): Promise<void> => {
        const announced = { ...booking, iCalSequence: booking.iCalSequence + 1 }
        await webhooks.send(
          'BOOKING_CANCELLED',
          endPayload(store.subject(announced), { status: 'CANCELLED', reason, by }),
        )
        await cal.pause('BEFORE_CANCEL_STORED', booking)
        // Rescheduled or cancelled by another meanwhile: the event is not this booking's to delete any more.
        if (booking.status === 'cancelled') return
        store.update(booking, {
          status: 'cancelled',
          iCalSequence: announced.iCalSequence,
          reason,
          cancelledBy: by,
        })
        await calendar.delete(booking)
      }
      return cal.started(booking, work())
    },

    requestReschedule(uid: string, { reason }: CancelRequest = {}): Outcome {
      const booking = store.booking(uid)
      if (booking === undefined) return noBooking(uid)
      const ended = whyNotMovable(store, booking)
      if (ended !== undefined) return refused(ended)
      const asked = `Please reschedule. ${reason ?? ''}`
      store.update(booking, { status: 'cancelled', rescheduled: true, reason: asked })
      const work = async (): Promise<void> => {
        await calendar.delete(booking)
        await webhooks.send(
          'BOOKING_CANCELLED',
          endPayload(store.subject(booking), { status: 'CANCELLED', reason: asked, requestReschedule: true }),
        )
      }
      return cal.started(booking, work())
    },
  }
}
