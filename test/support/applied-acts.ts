// What hosts do while the service itself carries changes out in Cal.com, and what can be seen of that.
import { linkedTo, minutesPass } from './story-acts.ts'
import type { Host, Linked, SyncFixture } from './sync-fixture.ts'

/** The service applies events itself, through Cal.com's API. */
export const APPLIED = { calcomApply: 'api' } as const

/** The calls that change something in Cal.com, oldest first: `cancel of UID`. */
export const callsMade = (sync: Pick<SyncFixture, 'askedOfCalcom'>): string[] =>
  sync.askedOfCalcom.flatMap((asked) => {
    const [, uid, action] = /^POST \/v2\/bookings\/([^/]+)\/(cancel|reschedule)$/.exec(asked) ?? []
    return uid === undefined || action === undefined ? [] : [`${action} of ${uid}`]
  })

/** The booking that stands at the end of its chain in Cal.com, with its event. */
export function latest(sync: SyncFixture, { uid, host }: { uid: string; host: Host }): Linked {
  const next = sync.calcom.store.replacementOf(uid)
  return next === undefined ? linkedTo(sync, host, uid) : latest(sync, { uid: next.uid, host })
}

/** From when to when the booking is in Cal.com: `START–END`, or its status where it does not take place. */
export function inCalcomAt(sync: SyncFixture, uid: string): string {
  const booking = sync.calcom.store.booking(uid)
  if (booking?.status !== 'accepted') return booking?.status ?? 'unknown'
  return `${Temporal.Instant.from(booking.start)}–${Temporal.Instant.from(booking.end)}`
}

/** The host drags the event so many hours from the booking's start, with its length or the one given. */
export async function dragsBy(sync: SyncFixture, booking: Linked, hours: number, minutes?: number) {
  const start = booking.start.add({ minutes: Math.round(hours * 60) })
  sync.drag(booking, start, minutes === undefined ? undefined : start.add({ minutes }))
  await minutesPass(sync, 2)
  const length = booking.end.since(booking.start)
  return `${start}–${minutes === undefined ? start.add(length) : start.add({ minutes })}`
}

/** From when to when the event is in the host's calendar. */
export function inCalendarAt(sync: SyncFixture, { host, eventId }: Linked): string {
  const { status, start, end } = sync.google.get(host.calendarId, eventId)
  if (status === 'cancelled') return status
  return [start, end].map((at) => Temporal.Instant.from(at?.dateTime ?? '')).join('–')
}

/** How many requests that change something fail from now on. */
export function callsFail(
  sync: SyncFixture,
  times: number,
  how: Partial<SyncFixture['calcom']['faults']> = {},
): void {
  const failure = { apiFailures: times, apiFailuresOf: 'WRITE', apiFailure: 'ERROR', apiStatus: 503 } as const
  Object.assign(sync.calcom.faults, { ...failure, ...how })
}
