import { TrackBooking } from '../../commands/track-booking.ts'
import type { SyncFixture } from './sync-fixture.ts'

/** A host's daily series of four half hours from `first` on; `at` tells when in it, as RFC 3339 in UTC. */
export async function dailySeries(sync: SyncFixture, first: Temporal.Instant) {
  const { calendarId, calendarKey } = await sync.host()
  const at = (day: number, minutes = 0) => first.add({ hours: 24 * day, minutes }).toString()
  const { id } = sync.google.insert(calendarId, {
    start: { dateTime: at(0), timeZone: 'UTC' },
    end: { dateTime: at(0, 30), timeZone: 'UTC' },
    recurrence: ['RRULE:FREQ=DAILY;COUNT=4'],
  })
  return { calendarId, calendarKey, masterId: id, at }
}

/** Has the booking `day-N` followed, linked under the given name of its event. */
export const trackDay = (
  sync: SyncFixture,
  { calendarId, masterId, at }: Awaited<ReturnType<typeof dailySeries>>,
  day: number,
  externalEventId: string,
) =>
  sync.command(TrackBooking, {
    bookingUid: `day-${day}`,
    userId: '1',
    start: at(day),
    end: at(day, 30),
    references: [
      {
        provider: 'google',
        externalCalendarId: calendarId,
        externalEventId,
        recurringEventId: masterId,
        originalStart: at(day),
      },
    ],
  })
