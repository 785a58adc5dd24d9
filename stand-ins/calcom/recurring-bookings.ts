import { defined, ifDefined } from '../../domain/optional-fields.ts'
import type { BookRequest, CancelRequest } from './booking-requests.ts'
import type { CalcomBooking, CalcomRecurrence } from './calcom-state.ts'
import { isRefusal, notFound, type Outcome, openBooking, refused } from './outcome.ts'
import { ruleOf, startsOf } from './series-instances.ts'
import { endPayload } from './webhook-payload.ts'
import type { Workings } from './workings.ts'

/** Bookings that are made at once: one series at Google, a booking for each of its instances. */
export function recurringBookings(cal: Workings) {
  const { store, webhooks, calendar } = cal

  return {
    /** The outcome's booking is the first. Each is announced by itself. */
    book(request: BookRequest, recurring: CalcomRecurrence): Outcome {
      const recurringEventId = cal.newId()
      const timeZone = request.attendees?.[0]?.timeZone ?? store.user(request.userId)?.timeZone ?? 'UTC'
      const length = request.end?.since(request.start)
      const bookings = startsOf(request.start, timeZone, recurring).flatMap(
        (start) =>
          store.create(
            { ...request, start, ...defined({ end: ifDefined(length, (by) => start.add(by)) }) },
            recurringEventId,
          ) ?? [],
      )
      const [first] = bookings
      if (first === undefined) return notFound('User or event type of the booking was not found')
      const work = async (): Promise<void> => {
        const pending = first.status === 'pending'
        for (const booking of bookings) {
          await cal.announce(pending ? cal.settings.pendingTrigger : 'BOOKING_CREATED', booking)
        }
        if (!pending) await calendar.insertSeries(bookings, ruleOf(recurring))
      }
      return cal.started(first, work())
    },

    /**
     * One webhook, for the booking that was named; all that are still to come are over. `ALL` deletes the whole series
     * at Google, those that have taken place included; `SUBSEQUENT` only this booking's instance. The others keep
     * their references (calcom/cal.com, packages/features/bookings/lib/handleCancelBooking.ts).
     */
    cancelRemaining(uid: string, { reason, by, remaining }: CancelRequest): Outcome {
      const booking = openBooking(store, uid)
      if (isRefusal(booking)) return booking
      if (booking.recurringEventId === undefined) return refused(`Booking with uid=${uid} does not recur`)
      const { recurringEventId } = booking
      const from = remaining === 'SUBSEQUENT' ? Temporal.Instant.from(booking.start) : cal.now()
      const affected = (): CalcomBooking[] =>
        store
          .recurrences(recurringEventId)
          .filter(({ status, start }) => status !== 'cancelled' && Temporal.Instant.compare(start, from) >= 0)
      const work = async (): Promise<void> => {
        const announced = { ...booking, iCalSequence: booking.iCalSequence + 1 }
        await webhooks.send(
          'BOOKING_CANCELLED',
          endPayload(store.subject(announced), { status: 'CANCELLED', reason, by }),
        )
        await cal.pause('BEFORE_CANCEL_STORED', booking)
        for (const one of affected()) {
          store.update(one, { status: 'cancelled', reason, cancelledBy: by })
        }
        await (remaining === 'ALL' ? calendar.deleteSeries(booking) : calendar.delete(booking))
      }
      return cal.started(booking, work())
    },
  }
}
