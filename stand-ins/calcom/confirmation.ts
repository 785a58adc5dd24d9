import { noBooking, notPending, type Outcome, refused } from './outcome.ts'
import { bookingPayload, endPayload, reschedulePayload } from './webhook-payload.ts'
import type { Workings } from './workings.ts'

/** What makes a pending booking accepted or rejected: its host, or the guest's payment. */
export function confirmation(cal: Workings) {
  const { store, settings, webhooks, calendar } = cal

  return {
    /**
     * An event is made now, also where the booking was moved: its old event is deleted, now or soon (calcom/cal.com,
     * packages/features/bookings/lib/handleConfirmation.ts).
     */
    confirm(uid: string): Outcome {
      const booking = store.booking(uid)
      if (booking === undefined) return noBooking(uid)
      if (booking.status !== 'pending' || booking.paid === false) return notPending(uid)
      store.update(booking, { status: 'accepted' })
      const old = booking.fromReschedule === undefined ? undefined : store.booking(booking.fromReschedule)
      const subject = store.subject(booking)
      const work = async (): Promise<void> => {
        await webhooks.send(
          'BOOKING_CREATED',
          old !== undefined && settings.acceptedTellsReschedule
            ? reschedulePayload(subject, old)
            : bookingPayload(subject),
        )
        await calendar.insert(booking)
      }
      return cal.started(booking, work())
    },

    reject(uid: string, { reason }: { reason?: string | undefined } = {}): Outcome {
      const booking = store.booking(uid)
      if (booking === undefined) return noBooking(uid)
      if (booking.status !== 'pending') return notPending(uid)
      store.update(booking, { status: 'rejected', reason })
      const payload = endPayload(store.subject(booking), { status: 'REJECTED', reason })
      return cal.started(booking, webhooks.send('BOOKING_REJECTED', payload))
    },

    /** BOOKING_PAID accepts by itself; no BOOKING_CREATED is sent. What has to be confirmed goes on waiting. */
    pay(uid: string): Outcome {
      const booking = store.booking(uid)
      if (booking === undefined) return noBooking(uid)
      if (booking.paid !== false || booking.status !== 'pending') {
        return refused(`Booking with uid=${uid} does not await a payment`)
      }
      const { requiresConfirmation } = store.eventTypeOf(booking)
      store.update(booking, { paid: true, ...(requiresConfirmation ? {} : { status: 'accepted' as const }) })
      const work = async (): Promise<void> => {
        await cal.announce('BOOKING_PAID', booking)
        await (requiresConfirmation
          ? cal.announce(settings.pendingTrigger, booking)
          : calendar.insert(booking))
      }
      return cal.started(booking, work())
    },
  }
}
