import type { CalcomBooking, CalcomRecurrence } from './calcom-state.ts'

type Instance = { eventId: string; start: Temporal.Instant }

/** The rule of the series that recurring bookings are written as (RFC 5545). */
export const ruleOf = ({ frequency, interval, count }: CalcomRecurrence): string =>
  `RRULE:FREQ=${frequency};INTERVAL=${interval};COUNT=${count}`

/** When the bookings take place, in the guest's zone: across a change of clocks the host's series goes apart. */
export function startsOf(start: Temporal.Instant, timeZone: string, recurring: CalcomRecurrence) {
  const first = start.toZonedDateTimeISO(timeZone)
  const unit = { DAILY: 'days', WEEKLY: 'weeks', MONTHLY: 'months' }[recurring.frequency]
  return Array.from({ length: recurring.count }, (_, at) =>
    first.add({ [unit]: at * recurring.interval }).toInstant(),
  )
}

/**
 * The instance at the booking's start. Where none is there Cal.com takes the first, so that two bookings may name the
 * same one (calcom/cal.com, packages/app-store/googlecalendar/lib/CalendarService.ts).
 */
export function instanceFor(booking: CalcomBooking, instances: readonly Instance[]): string | undefined {
  const start = Temporal.Instant.from(booking.start)
  return (instances.find((instance) => instance.start.equals(start)) ?? instances[0])?.eventId
}

/** Where there is no calendar to ask. */
export const assumedInstances = (eventId: string, bookings: readonly CalcomBooking[]): Instance[] =>
  bookings.map((booking) => {
    const start = Temporal.Instant.from(booking.start)
    const stamp = start.toString({ smallestUnit: 'second' }).replace(/[-:]/g, '')
    return { eventId: `${eventId}_${stamp}`, start }
  })
