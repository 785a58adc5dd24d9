import type { EditRequest } from './booking-requests.ts'
import { isRefusal, type Outcome, openBooking } from './outcome.ts'
import type { Workings } from './workings.ts'

/**
 * Changes that keep a booking's times. No webhook is sent. The whole event is written anew from the database, which
 * undoes a move in the calendar that Cal.com does not know of.
 */
export const bookingEdits = (cal: Workings) => ({
  edit(uid: string, { title, location, guests }: EditRequest): Outcome {
    const { store, calendar } = cal
    const booking = openBooking(store, uid)
    if (isRefusal(booking)) return booking
    store.update(booking, {
      title,
      location,
      ...(guests === undefined ? {} : { attendees: [...booking.attendees, ...guests] }),
    })
    return cal.started(booking, booking.status === 'accepted' ? calendar.rewrite(booking) : Promise.resolve())
  },
})
