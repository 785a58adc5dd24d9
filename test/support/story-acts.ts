// What guests, hosts and time do in a story, and how Cal.com and Google stand at its end.
import { RegisterCalendarSync } from '../../commands/register-calendar-sync.ts'
import { TrackBooking } from '../../commands/track-booking.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { NewEventType } from '../../stand-ins/calcom/booking-requests.ts'
import type { CalcomBooking } from '../../stand-ins/calcom/calcom-state.ts'
import type { Outcome } from '../../stand-ins/calcom/outcome.ts'
import { finish } from './calcom-changes.ts'
import type { Host, Linked, SyncFixture } from './sync-fixture.ts'

const NAMES = ['ada', 'ben', 'cem', 'dua', 'eli']

/** So many guests, each with a seat where the event type has seats: `seat-of-ada`. */
export const guests = (count: number) =>
  NAMES.slice(0, count).map((name) => ({
    name,
    email: `${name}@example.com`,
    timeZone: 'Europe/London',
    seatUid: `seat-of-${name}`,
  }))

/** Another calendar of the host's, followed too unless not. */
export async function secondCalendar(
  sync: SyncFixture,
  { calendarId, userId, credentialId }: Host,
  { followed = true }: { followed?: boolean } = {},
): Promise<string> {
  const id = `second-${userId}@example.com`
  sync.google.createCalendar({ id, owner: calendarId, timeZone: 'Europe/London' })
  if (!followed) return id
  await sync.command(RegisterCalendarSync, {
    userId,
    provider: 'google',
    externalCalendarId: id,
    credentialId,
  })
  await sync.settle()
  return id
}

/** A booking of an event type of its own, or of a known one. */
export async function bookType(
  sync: SyncFixture,
  host: Host,
  type: NewEventType | number,
  given: { inHours?: number; start?: Temporal.Instant; guests?: ReturnType<typeof guests> } = {},
): Promise<Linked & { eventTypeId: number }> {
  const userId = Number(host.userId)
  const eventTypeId = typeof type === 'number' ? type : sync.calcom.createEventType(userId, type).id
  const begin = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' })
  const start = given.start ?? begin.add({ hours: given.inHours ?? 48 })
  const attendees = given.guests && { attendees: given.guests }
  const uid = await finish(sync, sync.calcom.book({ userId, eventTypeId, start, ...attendees }))
  const booking = linkedTo(sync, host, uid)
  await namedByHand(sync, booking)
  return { ...booking, eventTypeId }
}

/** Where Cal.com's API cannot be asked, its own task tells which events the booking names. */
export async function namedByHand(sync: SyncFixture, { uid, host }: Linked): Promise<void> {
  if (sync.ports.calcom !== undefined) return
  const { start, end, status, references } = inCalcom(sync, uid)
  await sync.command(TrackBooking, {
    bookingUid: uid,
    userId: host.userId,
    start,
    end,
    status: status.toUpperCase(),
    references: references
      .filter(({ deleted, uid: eventId }) => !deleted && eventId !== '')
      .map(({ uid: externalEventId, externalCalendarId, thirdPartyRecurringEventId }) => ({
        provider: 'google',
        externalCalendarId: externalCalendarId ?? host.calendarId,
        externalEventId,
        ...defined({ recurringEventId: thirdPartyRecurringEventId }),
      })),
  })
  await sync.settle()
}

/** The booking as it stands in Cal.com, with the event that it names now. */
export function linkedTo(sync: SyncFixture, host: Host, uid: string): Linked {
  const booking = inCalcom(sync, uid)
  const present = booking.references.filter(({ deleted }) => !deleted).at(-1)
  const [start, end] = [Temporal.Instant.from(booking.start), Temporal.Instant.from(booking.end)]
  return { uid, eventId: present?.uid ?? '', start, end, host }
}

/** So many hours after the booking's start. */
export const later = (booking: Linked, hours: number): Temporal.Instant => booking.start.add({ hours })

/** The host drags the booking's event by so many hours from the booking's start. What the feed says of it. */
export async function drags(sync: SyncFixture, booking: Linked, hours: number): Promise<string> {
  sync.drag(booking, later(booking, hours))
  await sync.settle()
  return `${booking.uid} to ${later(booking, hours)}`
}

/** The host deletes the booking's event. What the feed says of it. */
export async function deletes(sync: SyncFixture, { host, eventId, uid }: Linked): Promise<string> {
  sync.google.delete(host.calendarId, eventId)
  await sync.settle()
  return `${uid} cancelled`
}

/** Another event for the booking, written by hand into the host's calendar or the one given. */
export function writesEvent(
  sync: SyncFixture,
  { host, start, end }: Linked,
  calendarId = host.calendarId,
): string {
  const time = (at: Temporal.Instant) => ({ dateTime: at.toString(), timeZone: 'Europe/London' })
  return sync.google.insert(calendarId, { summary: 'A meeting', start: time(start), end: time(end) }).id
}

/** Minutes go by. */
export async function minutesPass(sync: SyncFixture, minutes = 5): Promise<void> {
  await sync.pass(minutes * 60_000)
  await sync.settle()
}

/** Every delivery so far comes once more, oldest first. */
export async function deliveredAgain(sync: SyncFixture): Promise<void> {
  for (const { number } of [...sync.calcom.webhooks.log])
    await sync.during(sync.calcom.webhooks.replay(number))
  await sync.settle()
}

/** Deliveries that were held arrive, oldest first or newest first. */
export async function deliveriesArrive(sync: SyncFixture, order: 'in order' | 'reversed' = 'in order') {
  const { faults, webhooks } = sync.calcom
  const numbers = webhooks.log.filter(({ fate }) => fate === 'HELD').map(({ number }) => number)
  faults.holdWebhooks = false
  await sync.during(webhooks.release(order === 'in order' ? numbers : numbers.reverse()))
  await sync.settle()
}

/** What somebody does in Cal.com has only begun when this returns; see `finish` for all of it. */
export function begins(outcome: Outcome): { uid: string; settled: Promise<void> } {
  if (!outcome.ok) throw new Error(outcome.message)
  return { uid: outcome.booking.uid, settled: outcome.settled }
}

/** What the story knows to be there. */
export function there<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('it is not there')
  return thing
}

export function inCalcom(sync: SyncFixture, uid: string): CalcomBooking {
  const booking = sync.calcom.store.booking(uid)
  if (booking === undefined) throw new Error(`Cal.com has no booking ${uid}`)
  return booking
}

/** The bookings that take place as far as guests know: `UID at START`. */
export const takingPlace = (sync: SyncFixture): string[] =>
  sync.calcom.store
    .bookings()
    .filter(({ status }) => status === 'accepted')
    .map(({ uid, start }) => `${uid} at ${Temporal.Instant.from(start)}`)

/** When the event takes place, or its status where it does not. */
export function eventAt(sync: SyncFixture, host: Host, eventId: string): string {
  const { status, start } = sync.google.get(host.calendarId, eventId)
  return status === 'cancelled' ? status : String(Temporal.Instant.from(start?.dateTime ?? ''))
}

/** How often Cal.com has announced this. */
export const announced = (sync: SyncFixture, trigger: string): number =>
  sync.calcom.webhooks.log.filter((sent) => sent.trigger === trigger).length
