import type { BookingStore } from './booking-store.ts'
import type { CalcomBooking } from './calcom-state.ts'
import type { CalendarWriter } from './calendar-writer.ts'
import type { HoldPoint } from './holds.ts'
import type { Outcome } from './outcome.ts'
import type { CalcomSettings } from './settings.ts'
import type { BookingTrigger } from './webhook-payload.ts'
import type { WebhookSender } from './webhook-sender.ts'

/** What the changes of bookings are made of. */
export type Workings = {
  store: BookingStore
  settings: CalcomSettings
  webhooks: WebhookSender
  calendar: CalendarWriter
  now: () => Temporal.Instant
  newId: () => string
  /** The race at this point, and then the hold if there is one. */
  pause: (point: HoldPoint, booking: CalcomBooking) => Promise<void>
  /** The change is taken up; `work` goes on behind. */
  started: (booking: CalcomBooking, work: Promise<void>) => Outcome
  /** Sends the booking as it stands. */
  announce: (trigger: BookingTrigger, booking: CalcomBooking) => Promise<void>
}
