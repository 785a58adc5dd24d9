import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { RegisterCalendarSync } from '../../../commands/register-calendar-sync.ts'
import { TrackBooking } from '../../../commands/track-booking.ts'
import { bookingById } from '../../../projections/bookings.ts'
import type { ResponseStatus } from '../../../stand-ins/google/google-json.ts'
import { finish } from '../../support/calcom-changes.ts'
import { inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Declines and lost guests')

const MINUTE = 60_000
const GROUP = 'team@group.calendar.google.com'

const reasons = async (sync: SyncFixture) =>
  (await sync.published()).map(({ type, data }) => ('reason' in data ? data.reason : type))
const attention = async (sync: SyncFixture, { uid }: Linked) =>
  (await bookingById(sync.ports.readStore, uid))?.attention

/** Who is on the event besides the host. */
const guestsOf = (sync: SyncFixture, { host, eventId }: Linked) =>
  (sync.google.get(host.calendarId, eventId).attendees ?? []).filter(({ self }) => !self)
const answer = (
  sync: SyncFixture,
  { host, eventId }: Linked,
  response: ResponseStatus,
  email = host.calendarId,
) => sync.google.respond(host.calendarId, eventId, { response, email })

function allAnswer(sync: SyncFixture, booking: Linked, response: ResponseStatus): void {
  const guests = guestsOf(sync, booking)
  assert.ok(guests.length > 0)
  for (const { email } of guests) answer(sync, booking, response, email)
}

const grace = { settings: { cancelGraceMs: MINUTE } }

test(
  'the host declines: cancelled after the grace, and not before',
  inSync(grace, async (sync) => {
    const booking = await sync.book(await sync.host())
    answer(sync, booking, 'declined')
    await sync.pass(50_000)
    assert.equal(await reasons(sync), [])
    await sync.pass(20_000)
    assert.equal(await reasons(sync), ['HOST_DECLINED'])
  }),
)

test(
  'a guest declines, and there is no other: cancelled after the grace',
  inSync(grace, async (sync) => {
    const booking = await sync.book(await sync.host())
    allAnswer(sync, booking, 'declined')
    await sync.pass(50_000)
    assert.equal(await reasons(sync), [])
    await sync.pass(20_000)
    assert.equal(await reasons(sync), ['ALL_ATTENDEES_DECLINED'])
  }),
)

test(
  'declined and accepted again within the grace is nothing, by host and guest alike',
  inSync(grace, async (sync) => {
    const booking = await sync.book(await sync.host())
    answer(sync, booking, 'declined')
    await sync.pass(30_000)
    answer(sync, booking, 'accepted')
    allAnswer(sync, booking, 'declined')
    await sync.pass(30_000)
    allAnswer(sync, booking, 'accepted')
    await sync.pass(10 * MINUTE)
    assert.equal(await reasons(sync), [])
    assert.is((await sync.booking(booking.uid)).kind, 'OPEN')
  }),
)

test(
  'a list that was read in full shows a decline as well',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const { calendarId } = booking.host
    sync.google.faults.set({ id: 'f', calendarId, methods: ['list'], status: 503 })
    answer(sync, booking, 'declined')
    sync.google.expireSyncTokens(calendarId)
    await sync.pass(MINUTE)
    sync.google.faults.clear({ id: 'f' })
    await sync.pass(20 * MINUTE)
    assert.equal(await reasons(sync), ['HOST_DECLINED'])
  }),
)

test(
  'declined by the host and cancelled in Cal.com: whichever is first, nothing is published twice',
  inSync(grace, async (sync) => {
    const booking = await sync.book(await sync.host())
    answer(sync, booking, 'declined')
    await sync.pass(10_000)
    await finish(sync, sync.calcom.cancel(booking.uid))
    await sync.pass(5 * MINUTE)
    assert.equal(await reasons(sync), [])
    assert.is((await sync.booking(booking.uid)).kind, 'CLOSED')
  }),
)

test(
  'after the cancellation an answer taken back is told to a person',
  inSync({ settings: { cancelGraceMs: 0 } }, async (sync) => {
    const booking = await sync.book(await sync.host())
    answer(sync, booking, 'declined')
    await sync.settle()
    assert.equal(await reasons(sync), ['HOST_DECLINED'])
    answer(sync, booking, 'accepted')
    await sync.settle()
    assert.is(await attention(sync, booking), 'EVENT_RESTORED')
  }),
)

test(
  'many declines at once are held like deletions',
  inSync({ settings: { massChangeLimit: 2 } }, async (sync) => {
    const host = await sync.host()
    const bookings: Linked[] = []
    for (let n = 0; n < 4; n++) bookings.push(await sync.book(host, { inHours: 48 + n }))
    for (const booking of bookings) answer(sync, booking, 'declined')
    await sync.settle()
    assert.equal(await reasons(sync), [])
    const held = (await sync.eventsOf('calendarFeed')).filter(({ type }) => type === 'ChangesHeld')
    assert.is(held.length, 1)
  }),
)

test(
  "on a group's calendar a decline of the calendar's own is nobody's",
  inSync({ view: false }, async (sync) => {
    const { credentialId } = await sync.host()
    sync.google.createCalendar({ id: GROUP })
    const start = sync.clock.now().add({ hours: 30 })
    const [from, to] = [start, start.add({ minutes: 30 })].map(String)
    const { id } = sync.google.insert(GROUP, {
      start: { dateTime: from ?? '' },
      end: { dateTime: to ?? '' },
      attendees: [{ email: GROUP }, { email: 'guest@example.com', responseStatus: 'accepted' }],
    })
    const calendar = { provider: 'google', externalCalendarId: GROUP }
    await sync.command(RegisterCalendarSync, { userId: '1', ...calendar, credentialId })
    await sync.command(TrackBooking, {
      bookingUid: 'team1',
      userId: '1',
      start: from,
      end: to,
      references: [{ ...calendar, externalEventId: id }],
    })
    await sync.settle()
    sync.google.respond(GROUP, id, { response: 'declined', email: GROUP })
    await sync.pass(5 * MINUTE)
    await sync.settle()
    assert.equal(await reasons(sync), [])
    assert.equal((await sync.decisions('team1')).at(-1), 'NO_TIME_CHANGE')
    sync.google.respond(GROUP, id, { response: 'declined', email: 'guest@example.com' })
    await sync.settle()
    assert.equal(await reasons(sync), ['ALL_ATTENDEES_DECLINED'])
  }),
)

test(
  'guests taken off every event by another program are told, booking by booking; put back, nobody is told any longer',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const bookings = [await sync.book(host), await sync.book(host, { inHours: 50 })]
    const guests = bookings.map((booking) => guestsOf(sync, booking))
    sync.google.habits.massEdit(host.calendarId, { kind: 'strip-guests' })
    await sync.settle()
    for (const booking of bookings) assert.is(await attention(sync, booking), 'GUESTS_REMOVED')
    assert.equal(await reasons(sync), [])
    const [first] = bookings
    if (first === undefined) return assert.unreachable()
    sync.google.patch(host.calendarId, first.eventId, { summary: 'Another title' })
    await sync.settle()
    assert.is(await attention(sync, first), 'GUESTS_REMOVED', 'also after another edit')
    sync.google.patch(host.calendarId, first.eventId, { attendees: guests[0] ?? [] })
    await sync.settle()
    assert.is(await attention(sync, first), undefined)
  }),
)

for (const minutes of [0, -15])
  test(
    `an event of ${minutes} minutes is told and not published; its length back, nobody is told any longer`,
    inSync({}, async (sync) => {
      const booking = await sync.book(await sync.host())
      const { calendarId } = booking.host
      const end = { dateTime: booking.start.add({ minutes }).toString() }
      sync.google.habits.rewrite(calendarId, booking.eventId, { end })
      await sync.settle()
      assert.is(await attention(sync, booking), 'NO_LENGTH')
      assert.equal(await reasons(sync), [])
      const whole = { end: { dateTime: booking.end.toString() } }
      sync.google.habits.rewrite(calendarId, booking.eventId, whole)
      await sync.settle()
      assert.is(await attention(sync, booking), undefined)
    }),
  )

test.run()
