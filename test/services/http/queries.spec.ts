import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { z } from 'zod'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import {
  BookingItem,
  BookingPage,
  CalendarSyncPage,
  SubscriptionPage,
} from '../../../services/http/answers.ts'
import { type HttpFixture, withHttp } from '../../support/http-fixture.ts'
import { assertProblem } from '../../support/problem.ts'

const test = suite('queries over HTTP')
const calendar = { provider: 'google', externalCalendarId: 'host@example.com' }

/** Asks once the read models have seen what the command did. */
async function after(http: HttpFixture, name: string, body: unknown) {
  const done = await http.command(name, body)
  assert.is(done.status, 200, done.text)
  return { headers: { 'X-Consistency-Position': done.headers.get('X-Consistency-Position') ?? '' } }
}

const booking = (bookingUid: string, hour: number, userId = 'u1') => ({
  bookingUid,
  userId,
  start: `2026-03-05T${hour}:00:00+01:00`,
  end: `2026-03-05T${hour}:30:00+01:00`,
  references: [{ ...calendar, externalEventId: `event-${bookingUid}` }],
})

test(
  'lists calendar syncs under the names of their calendars, and says which wait for a credential',
  withHttp(async (http) => {
    await http.command('RegisterCalendarSync', { userId: 'u1', ...calendar, credentialId: 'c1' })
    const delegated = { provider: 'google', externalCalendarId: 'boss@delegated.example' }
    const seen = await after(http, 'RegisterCalendarSync', {
      userId: 'u2',
      organizationId: 'o1',
      ...delegated,
    })
    const first = CalendarSyncPage.parse((await http.ask('GET', '/calendar-syncs', seen)).body)
    assert.is(first.next, null)
    const ofUser = (userId: string) => first.items.find((item) => item.userId === userId)
    assert.is(ofUser('u1')?.externalCalendarId, 'host@example.com')
    assert.is(ofUser('u1')?.waitingForCredential, true)
    assert.is(ofUser('u1')?.status, 'ACTIVE')
    assert.is(ofUser('u1')?.lastUsedAt, null)
    assert.is(ofUser('u2')?.waitingForCredential, false)
    assert.is(ofUser('u2')?.credentialId, null)

    await http.ask('PUT', '/credentials/c1', { body: { kind: 'oauth', refreshToken: 'r' } })
    const { items } = CalendarSyncPage.parse((await http.ask('GET', '/calendar-syncs')).body)
    assert.ok(items.every(({ waitingForCredential }) => !waitingForCredential))
  }),
)

test(
  'shows a forgotten calendar as null and everything else of it as before',
  withHttp(async (http) => {
    const seen = await after(http, 'RegisterCalendarSync', { userId: 'u1', ...calendar })
    const [before] = CalendarSyncPage.parse((await http.ask('GET', '/calendar-syncs', seen)).body).items
    await http.ports.calendars.forget(before?.calendarKey ?? '')
    const { items } = CalendarSyncPage.parse((await http.ask('GET', '/calendar-syncs')).body)
    assert.equal(items, [{ ...before, externalCalendarId: null }])
  }),
)

test(
  'lists subscriptions with their channels and last error',
  withHttp(async (http) => {
    await http.command('RegisterCalendarSync', { userId: 'u1', ...calendar, credentialId: 'c1' })
    await http.ask('PUT', '/credentials/c1', { body: { kind: 'oauth', refreshToken: 'r' } })
    const { body } = await http.command('RequestSubscription', calendar)
    const seen = await after(http, 'ActivateSubscription', { subscriptionId: body.id })
    const { items } = SubscriptionPage.parse((await http.ask('GET', '/subscriptions', seen)).body)
    assert.is(items.length, 1)
    assert.is(items[0]?.externalCalendarId, 'host@example.com')
    assert.is(items[0]?.status, 'PENDING')
    assert.is(items[0]?.lastError, 'UNAVAILABLE')
    assert.equal(items[0]?.channels, [])
  }),
)

test(
  'lists bookings by start, of one user, and within a time',
  withHttp(async (http) => {
    await http.command('TrackBooking', booking('late', 15))
    await http.command('TrackBooking', booking('early', 11))
    const seen = await after(http, 'TrackBooking', booking('other', 12, 'u2'))
    const uids = async (query: string) => {
      const page = BookingPage.parse((await http.ask('GET', `/bookings${query}`, seen)).body)
      return page.items.map(({ bookingUid }) => bookingUid)
    }
    assert.equal(await uids(''), ['early', 'other', 'late'])
    assert.equal(await uids('?userId=u1'), ['early', 'late'])
    assert.equal(await uids('?from=2026-03-05T11:00:00Z'), ['other', 'late'])
    assert.equal(await uids('?from=2026-03-05T10:00:00Z&to=2026-03-05T14:00:00Z&userId=u1'), ['early'])
    assert.equal(await uids('?userId=nobody'), [])
  }),
)

test(
  'shows one booking with its references, and 404 with the likely cause for one that is not known',
  withHttp(async (http) => {
    const none = assertProblem(await http.ask('GET', '/bookings/b1'), 404, 'BOOKING_UNKNOWN')
    assert.match(none.detail, /CALCOM_WEBHOOK_SECRET/)
    const seen = await after(http, 'TrackBooking', booking('b1', 11))
    const item = BookingItem.parse((await http.ask('GET', '/bookings/b1', seen)).body)
    assert.is(item.status, 'ACCEPTED')
    assert.is(item.start, '2026-03-05T10:00:00Z')
    assert.is(item.end, '2026-03-05T10:30:00Z')
    assert.is(item.agreement, 'AGREED')
    assert.equal(
      item.references.map(({ externalCalendarId, externalEventId }) => ({
        externalCalendarId,
        externalEventId,
      })),
      [{ externalCalendarId: 'host@example.com', externalEventId: 'event-b1' }],
    )
    const other = assertProblem(await http.ask('GET', '/bookings/b2'), 404, 'BOOKING_UNKNOWN')
    assert.match(other.detail, /Others are known/)
  }),
)

test(
  'pages to the end by next, each item once, and refuses cursors and limits that are not its own',
  withHttp(async (http) => {
    let seen = {}
    for (let n = 10; n < 17; n++) seen = await after(http, 'TrackBooking', booking(`b${n}`, n))
    const uids: string[] = []
    let next: string | null = ''
    while (next !== null) {
      const query: string = next === '' ? '?limit=3' : `?limit=3&after=${encodeURIComponent(next)}`
      const page: z.infer<typeof BookingPage> = BookingPage.parse(
        (await http.ask('GET', `/bookings${query}`, seen)).body,
      )
      uids.push(...page.items.map(({ bookingUid }) => bookingUid))
      next = page.next
    }
    assert.equal(uids, ['b10', 'b11', 'b12', 'b13', 'b14', 'b15', 'b16'])

    for (const path of ['/bookings', '/calendar-syncs', '/subscriptions']) {
      assertProblem(await http.ask('GET', `${path}?after=nonsense`), 400, 'BAD_CURSOR')
      for (const limit of ['0', '1001', 'x', '1.5', ''])
        assertProblem(await http.ask('GET', `${path}?limit=${limit}`), 400, 'BAD_QUERY')
      assert.is((await http.ask('GET', `${path}?limit=1000`)).status, 200)
    }
    const { problems } = assertProblem(
      await http.ask('GET', '/bookings?from=yesterday&limit=x&userId='),
      400,
      'BAD_QUERY',
    )
    assert.equal(problems?.map(({ path }) => path).toSorted(), ['from', 'limit', 'userId'])
    assertProblem(await http.ask('GET', '/bookings?userId=a&userId=b'), 400, 'BAD_QUERY')
  }),
)

test(
  'refuses at once to wait for what is no position',
  withHttp(async (http) => {
    const headers = { 'X-Consistency-Position': 'zzz' }
    assertProblem(await http.ask('GET', '/bookings', { headers }), 400, 'BAD_POSITION')
  }),
)

test(
  'waits for the position that a command answered, and says so when it does not come in time',
  withHttp(
    async (http) => {
      const headers = { 'X-Consistency-Position': '9999' }
      for (const path of ['/bookings', '/bookings/b1', '/calendar-syncs', '/subscriptions']) {
        const late = await http.ask('GET', path, { headers })
        assertProblem(late, 503, 'NOT_CAUGHT_UP')
        assert.is(late.headers.get('Retry-After'), '1')
      }
      assert.is((await http.ask('GET', '/bookings')).status, 200)
    },
    (deps) => ({
      ...deps,
      caughtUp: () => Promise.reject(new StoreUnavailable('not within 5000 ms')),
    }),
  ),
)

test.run()
