import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventsOfBooking } from '../../support/booking-events.ts'
import { type HttpFixture, withHttp } from '../../support/http-fixture.ts'
import { assertProblem } from '../../support/problem.ts'
import { append } from '../../support/projected-events.ts'

const test = suite('what was known at an instant')

const calendar = { provider: 'google', externalCalendarId: 'host@example.com' }
const times = { start: '2026-03-05T10:00:00Z', end: '2026-03-05T10:30:00Z' }
const later = { start: '2026-03-05T14:00:00Z', end: '2026-03-05T14:30:00Z' }

async function tracked({ command, clock }: HttpFixture): Promise<void> {
  const references = [{ ...calendar, externalEventId: 'event' }]
  const answer = await command('TrackBooking', { bookingUid: 'b1', userId: 'u1', ...times, references })
  assert.is(answer.status, 200, answer.text)
  await clock.advance(60_000)
}

async function moved({ command, clock }: HttpFixture): Promise<void> {
  const at = clock.now().toString()
  const change = { id: 'event', status: 'confirmed', etag: '"2"', updated: at, ...later }
  const answer = await command('ApplyExternalEventChange', { ...calendar, observedAt: at, change })
  assert.is(answer.body.decision?.code, 'RESCHEDULED', answer.text)
  await clock.advance(60_000)
}

test(
  'a booking is told as it was then, by its item and its timeline',
  withHttp(async (http) => {
    const { ask, clock } = http
    const before = clock.now()
    await clock.advance(60_000)
    await tracked(http)
    const between = clock.now()
    await clock.advance(60_000)
    await moved(http)

    const now = (await ask('GET', '/bookings/b1')).body
    assert.equal([now.start, now.lastDecision.code], [later.start, 'RESCHEDULED'])
    const then = (await ask('GET', `/bookings/b1?at=${between}`)).body
    assert.equal([then.start, then.lastDecision, then.references.length], [times.start, null, 1])
    assert.equal((await ask('GET', `/bookings/b1?at=${clock.now()}`)).body, now)
    const afterwards = clock.now().add({ hours: 1 })
    assert.equal((await ask('GET', `/bookings/b1?at=${afterwards}`)).body, now)

    const timeline = (await ask('GET', `/bookings/b1/timeline?at=${between}`)).body
    assert.equal(
      timeline.entries.map(({ type }: { type: string }) => type),
      ['BookingTracked', 'BookingReferenceLinked'],
    )
    assert.is((await ask('GET', '/bookings/b1/timeline')).body.entries.length, 3)

    for (const path of ['/bookings/b1', '/bookings/b1/timeline']) {
      const unknown = await ask('GET', `${path}?at=${before}`)
      assertProblem(unknown, 404, 'BOOKING_UNKNOWN')
      assert.match(unknown.body.detail, /was not known at .*: the first that was recorded of it was at 2026-/)
      assertProblem(await ask('GET', `${path}?at=yesterday`), 400, 'BAD_QUERY')
    }
    assertProblem(await ask('GET', `/bookings/nobody?at=${before}`), 404, 'BOOKING_UNKNOWN')
  }),
)

test(
  'a booking whose held change was discarded later is told with the change still held',
  withHttp(async ({ ask, clock, ports: { events } }) => {
    const { tracked, linked, ignored } = eventsOfBooking('b1')
    await append(events, 'booking', 'b1', tracked(), linked(), ignored('FIRST_LOOK'))
    const held = clock.now()
    await clock.advance(60_000)
    await append(events, 'calendarFeed', 'calendar-1', {
      type: 'HeldChangesDiscarded',
      data: { calendarKey: 'calendar-1', bookingUids: ['b1'], at: clock.now().toString() },
    })
    const attention = async (at: Temporal.Instant) =>
      (await ask('GET', `/bookings/b1?at=${at}`)).body.attention
    assert.is(await attention(held), 'FIRST_LOOK')
    assert.is(await attention(clock.now()), null)
  }),
)

test(
  'calendar syncs are told as they were then, page by page',
  withHttp(async ({ ask, command, clock }) => {
    const register = (userId: string) =>
      command('RegisterCalendarSync', { ...calendar, userId, credentialId: 'c' })
    await register('u1')
    const first = clock.now()
    await clock.advance(60_000)
    const second = await register('u2')
    await register('u3')
    const three = clock.now()
    await clock.advance(60_000)
    const removed = await command('RemoveCalendarSync', { calendarSyncId: second.body.id })
    assert.is(removed.status, 200, removed.text)

    const users = (body: { items: { userId: string; status: string }[] }) =>
      body.items.map(({ userId, status }) => `${userId} ${status}`).sort()
    assert.equal(users((await ask('GET', `/calendar-syncs?at=${first}`)).body), ['u1 ACTIVE'])
    const all = ['u1 ACTIVE', 'u2 ACTIVE', 'u3 ACTIVE']
    assert.equal(users((await ask('GET', `/calendar-syncs?at=${three}`)).body), all)
    const nowTold = (await ask('GET', '/calendar-syncs')).body
    assert.ok(users(nowTold).includes('u2 REMOVED'))
    assert.equal((await ask('GET', `/calendar-syncs?at=${clock.now()}`)).body, nowTold)

    const pages = []
    for (let after = '', page = 0; page < 4; page++) {
      const { body } = await ask('GET', `/calendar-syncs?limit=1&at=${three}${after}`)
      pages.push(...body.items)
      if (body.next === null) break
      after = `&after=${body.next}`
    }
    assert.equal(users({ items: pages }), all)
    assertProblem(await ask('GET', `/calendar-syncs?at=${three}&after=x`), 400, 'BAD_CURSOR')
  }),
)

test.run()
