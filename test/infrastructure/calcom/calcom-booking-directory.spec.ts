import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calcomBookingDirectory } from '../../../infrastructure/calcom/calcom-booking-directory.ts'
import { systemClock } from '../../../infrastructure/clock/system-clock.ts'
import type { BookingDirectory } from '../../../ports/booking-directory.ts'
import { type CalcomStandIn, startCalcomStandIn } from '../../../stand-ins/calcom/calcom-stand-in.ts'
import { bookingDirectoryContract, WITHOUT_RACES } from '../../ports/booking-directory.contract.ts'
import { type ScriptedAnswer, scriptedServer } from '../../support/http-server.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const from = (days: number): Temporal.Instant => systemClock.now().add({ hours: 24 * days })

/** A stand-in whose races take no time, closed after `work`. */
async function withStandIn(
  work: (standIn: CalcomStandIn) => Promise<void>,
  apiKey = 'cal_team',
): Promise<void> {
  const standIn = await startCalcomStandIn({
    clock: systemClock,
    apiKey,
    settings: { beforeReferencesMs: 0, beforeCancelStoredMs: 0 },
  })
  standIn.core.createUser({
    id: 7,
    destination: { externalCalendarId: 'host@example.com', credentialId: '92' },
  })
  try {
    await work(standIn)
  } finally {
    await standIn.close()
  }
}

async function booked(standIn: CalcomStandIn, days: number, userId = 7): Promise<string> {
  const outcome = standIn.core.book({ userId, start: from(days) })
  if (!outcome.ok) throw new Error(outcome.message)
  await outcome.settled
  return outcome.booking.uid
}

/** What the directory makes of one scripted answer. */
async function answered(answer: ScriptedAnswer, timeoutMs = 5000) {
  const server = await scriptedServer(() => answer)
  try {
    return await calcomBookingDirectory({ apiUrl: server.url, apiKey: 'cal_x', timeoutMs }).booking('u1', '7')
  } finally {
    await server.close()
  }
}

bookingDirectoryContract('API v2', async () => {
  const standIn = await startCalcomStandIn({
    clock: systemClock,
    apiKey: 'cal_team',
    settings: { ...WITHOUT_RACES, deletedReferences: 'left-out' },
  })
  const directory = calcomBookingDirectory({ apiUrl: standIn.url, apiKey: 'cal_team', pageSize: 2 })
  return { core: standIn.core, look: async () => directory, close: standIn.close }
})

const directory = suite('the directory of Cal.com’s bookings')

directory('gives a booking as Cal.com sees it', () =>
  withStandIn(async (standIn) => {
    const uid = await booked(standIn, 1)
    const stored = standIn.core.store.booking(uid)
    const bookings = calcomBookingDirectory({ apiUrl: `${standIn.url}/v2/`, apiKey: 'cal_team' })
    const answer = await bookings.booking(uid, '7')
    assert.ok(answer.ok)
    assert.is(answer.value.userId, '7')
    assert.is(answer.value.status, 'ACCEPTED')
    assert.ok(answer.value.start.equals(stored?.start ?? ''))
    assert.ok(answer.value.end.equals(stored?.end ?? ''))
  }),
)

directory('sends the key, the version and nothing else that tells', async () => {
  const server = await scriptedServer(() => ({ status: 404 }))
  await calcomBookingDirectory({ apiUrl: server.url, apiKey: 'cal_x' }).booking('u/1?x', '7')
  await server.close()
  assert.is(server.received[0]?.url, '/v2/bookings/u%2F1%3Fx')
  assert.is(server.received[0]?.headers.authorization, 'Bearer cal_x')
  assert.is(server.received[0]?.headers['cal-api-version'], '2024-08-13')
})

directory('shows a booking rescheduled away as over, also where its status still says accepted', () =>
  withStandIn(async (standIn) => {
    const uid = await booked(standIn, 1)
    const moved = standIn.core.reschedule(uid, { start: from(2) })
    assert.ok(moved.ok)
    const bookings = calcomBookingDirectory({ apiUrl: standIn.url, apiKey: 'cal_team' })
    for (const status of ['cancelled', 'accepted'] as const) {
      standIn.core.settings.statusOfRescheduled = status
      const old = await bookings.booking(uid, '7')
      assert.ok(old.ok)
      assert.is(old.value.status, 'CANCELLED')
      assert.is(old.value.rescheduledToUid, moved.booking.uid)
    }
    const next = await bookings.booking(moved.booking.uid, '7')
    assert.is(next.ok && next.value.rescheduledFromUid, uid)
  }),
)

directory('gives the references, and the calendar only where Cal.com names it', () =>
  withStandIn(async (standIn) => {
    const uid = await booked(standIn, 1)
    const eventId = standIn.core.store.booking(uid)?.references[0]?.uid
    const bookings = calcomBookingDirectory({ apiUrl: standIn.url, apiKey: 'cal_team' })
    assert.equal(await bookings.references(uid, '7'), {
      ok: true,
      value: [{ externalEventId: eventId, externalCalendarId: 'host@example.com' }],
    })
    for (const referenceCalendar of ['number', 'none'] as const) {
      standIn.core.settings.referenceCalendar = referenceCalendar
      assert.equal(await bookings.references(uid, '7'), { ok: true, value: [{ externalEventId: eventId }] })
    }
    standIn.core.faults.referencesMissing = true
    const missing = await bookings.references(uid, '7')
    assert.is(!missing.ok && missing.code, 'NOT_FOUND')
  }),
)

directory('reads references under each of the names they have had, and no others than Google’s', async () => {
  const data = [
    { id: 1, type: 'google_calendar', externalUid: 'e1', destinationCalendarId: '12' },
    { id: 2, type: 'google_calendar', uid: 'e2', thirdPartyRecurringEventId: 'm2', externalCalendarId: 'c2' },
    { id: 3, type: 'google_calendar', uid: '', destinationCalendarId: null },
    { id: 4, type: 'daily_video', uid: 'v4' },
    { id: 5, type: 'google_calendar', uid: 'e5', deleted: true },
  ]
  const server = await scriptedServer(() => ({ status: 200, body: { status: 'success', data } }))
  const answer = await calcomBookingDirectory({ apiUrl: server.url, apiKey: 'k' }).references('u', '7')
  await server.close()
  assert.is(server.received[0]?.url, '/v2/bookings/u/references?type=google_calendar')
  assert.equal(answer, {
    ok: true,
    value: [
      { externalEventId: 'e1' },
      { externalEventId: 'e2', externalCalendarId: 'c2', recurringEventId: 'm2' },
      // One will come.
      { externalEventId: '' },
    ],
  })
})

/** All pages, one after another. */
async function allFuture(bookings: BookingDirectory, request: { from: Temporal.Instant; userId?: string }) {
  const found: string[] = []
  let pages = 0
  let after: string | undefined
  do {
    const page = await bookings.futureBookings({ ...request, ...(after === undefined ? {} : { after }) })
    if (!page.ok) throw new Error(page.code)
    found.push(...page.value.bookings.map(({ bookingUid }) => bookingUid))
    after = page.value.next
    pages += 1
  } while (after !== undefined)
  return { found: found.sort(), pages }
}

directory('reads future bookings page by page, pending ones too, without those that ended', () =>
  withStandIn(async (standIn) => {
    const expected: string[] = []
    for (let day = 1; day <= 7; day++) expected.push(await booked(standIn, day))
    const pending = standIn.core.book({ userId: 7, start: from(8), requiresConfirmation: true })
    assert.ok(pending.ok)
    expected.push(pending.booking.uid)
    const cancelled = standIn.core.cancel(await booked(standIn, 9))
    assert.ok(cancelled.ok)
    await cancelled.settled
    standIn.core.settings.statusOfRescheduled = 'accepted'
    const moved = standIn.core.reschedule(await booked(standIn, 10), { start: from(11) })
    assert.ok(moved.ok)
    expected.push(moved.booking.uid)
    const bookings = calcomBookingDirectory({ apiUrl: standIn.url, apiKey: 'cal_team', pageSize: 4 })
    assert.equal(await allFuture(bookings, { from: from(0) }), { found: expected.sort(), pages: 3 })
    assert.is((await allFuture(bookings, { from: from(7.5) })).found.length, 2)
  }),
)

directory('misses no booking where others end or are added while its pages are read', () =>
  withStandIn(async (standIn) => {
    const uids: string[] = []
    for (let day = 1; day <= 6; day++) uids.push(await booked(standIn, day))
    const bookings = calcomBookingDirectory({ apiUrl: standIn.url, apiKey: 'cal_team', pageSize: 2 })
    const first = await bookings.futureBookings({ from: from(0) })
    assert.ok(first.ok && first.value.next !== undefined)
    await booked(standIn, 7)
    const rest: string[] = []
    let after: string | undefined = first.value.next
    while (after !== undefined) {
      const page = await bookings.futureBookings({ from: from(1.5), after })
      assert.ok(page.ok)
      rest.push(...page.value.bookings.map(({ bookingUid }) => bookingUid))
      after = page.value.next
    }
    const seen = new Set([...first.value.bookings.map(({ bookingUid }) => bookingUid), ...rest])
    assert.equal(
      uids.slice(1).filter((uid) => !seen.has(uid)),
      [],
    )
  }),
)

directory('asks each user’s own key, and goes on where one user’s is refused', () =>
  withStandIn(async (standIn) => {
    const folder = temporaryFolder()
    const apiKeysFile = join(folder.path, 'keys.json')
    standIn.core.settings.bookingOfOthers = 'hidden'
    try {
      standIn.core.createUser({ id: 7, apiKey: 'cal_7' })
      standIn.core.createUser({ id: 9, apiKey: 'cal_9' })
      const seven = await booked(standIn, 1)
      const nine = await booked(standIn, 2, 9)
      writeFileSync(apiKeysFile, JSON.stringify({ '7': 'cal_7', '8': 'cal_revoked', '9': 'cal_9' }))
      const bookings = calcomBookingDirectory({ apiUrl: standIn.url, apiKeysFile })
      assert.ok((await bookings.booking(seven, '7')).ok)
      const foreign = await bookings.booking(nine, '7')
      assert.is(!foreign.ok && foreign.code, 'NOT_FOUND')
      const notTheirs = await bookings.references(nine, '7')
      assert.is(!notTheirs.ok && notTheirs.code, 'REFUSED')
      assert.equal(await bookings.booking(nine, '10'), { ok: false, code: 'REFUSED' })
      assert.ok((await bookings.booking(nine, undefined)).ok)
      assert.equal((await allFuture(bookings, { from: from(0) })).found, [seven, nine].sort())
      assert.equal(bookings.refusedKeys(), [{ userId: '8', status: 401 }])
      assert.equal(bookings.missingKeys(), ['10'])
      assert.equal((await allFuture(bookings, { from: from(0), userId: '9' })).found, [nine])
    } finally {
      folder.remove()
    }
  }),
)

directory(
  'takes up a changed file of keys without a restart, and names one that cannot be read',
  async () => {
    const folder = temporaryFolder()
    const apiKeysFile = join(folder.path, 'keys.json')
    const server = await scriptedServer(() => ({ status: 404 }))
    try {
      assert.throws(
        () => calcomBookingDirectory({ apiUrl: server.url, apiKeysFile }),
        /ENOENT|cannot be read/,
      )
      writeFileSync(apiKeysFile, '{"7": 1}')
      assert.throws(() => calcomBookingDirectory({ apiUrl: server.url, apiKeysFile }), /user id to key/)
      assert.throws(() => calcomBookingDirectory({ apiUrl: server.url }), /is needed/)
      writeFileSync(apiKeysFile, '{"7": "cal_old"}')
      const bookings = calcomBookingDirectory({ apiUrl: server.url, apiKeysFile, apiKey: 'cal_team' })
      await bookings.booking('u', '7')
      rmSync(apiKeysFile)
      writeFileSync(apiKeysFile, '{"7": "cal_newer"}')
      await bookings.booking('u', '7')
      await bookings.booking('u', '8')
      assert.equal(
        server.received.map(({ headers }) => headers.authorization),
        ['Bearer cal_old', 'Bearer cal_newer', 'Bearer cal_team'],
      )
    } finally {
      await server.close()
      folder.remove()
    }
  },
)

directory('follows cursors where they are offered', async () => {
  const shown = (uid: string) => ({
    uid,
    status: 'accepted',
    start: from(3).toString(),
    end: from(4).toString(),
    hosts: [{ id: 7 }],
  })
  const pages: { [cursor: string]: object } = {
    '': { data: [shown('a'), shown('b')], pagination: { nextCursor: 'two', hasMore: true } },
    two: { data: [shown('c')], pagination: { nextCursor: null, hasMore: false } },
  }
  const server = await scriptedServer((request) => {
    const cursor = new URL(request.url, 'http://x').searchParams.get('cursor') ?? ''
    return { status: 200, body: { status: 'success', ...pages[cursor] } }
  })
  const bookings = calcomBookingDirectory({ apiUrl: server.url, apiKey: 'k', pageSize: 2 })
  assert.equal(await allFuture(bookings, { from: from(0) }), { found: ['a', 'b', 'c'], pages: 2 })
  assert.match(server.received[0]?.url ?? '', /skip=0/)
  assert.not.match(server.received[1]?.url ?? '', /skip=/)
  await server.close()
})

directory('ends a reading whose pages repeat, tells of it, and of a version that is gone', () =>
  withStandIn(async (standIn) => {
    for (let day = 1; day <= 5; day++) await booked(standIn, day)
    standIn.core.settings.skip = 'ignored'
    const bookings = calcomBookingDirectory({ apiUrl: standIn.url, apiKey: 'cal_team', pageSize: 2 })
    const first = await bookings.futureBookings({ from: from(0) })
    assert.ok(first.ok && first.value.next)
    const second = await bookings.futureBookings({ from: from(0), after: first.value.next })
    assert.is(!second.ok && second.code, 'BAD_ANSWER')
    assert.equal(bookings.complaints(), ['LIST_REPEATS'])
    standIn.core.settings.skip = 'honoured'
    await allFuture(bookings, { from: from(0) })
    assert.equal(bookings.complaints(), [])
    standIn.core.settings.goneVersions = ['2024-08-13']
    const gone = await bookings.booking('u', '7')
    assert.equal(gone, { ok: false, code: 'REFUSED', status: 410 })
    assert.equal(bookings.complaints(), ['VERSION_GONE'])
  }),
)

directory('leaves out of a list what it cannot read, and marks times that cannot be', async () => {
  const good = {
    uid: 'a',
    status: 'accepted',
    start: from(3).toString(),
    end: from(3).toString(),
    duration: 30,
    createdAt: '2026-03-01T00:00:00.000Z',
    hosts: [{ id: 7 }],
    attendees: [{ seatUid: 's1' }],
  }
  const data = [{ ...good, uid: 'b', status: 'of the future' }, { ...good, start: null }, 7, good]
  const server = await scriptedServer(() => ({ status: 200, body: { status: 'success', data } }))
  const answer = await calcomBookingDirectory({ apiUrl: server.url, apiKey: 'k' }).futureBookings({
    from: from(0),
  })
  await server.close()
  const [only, ...others] = answer.ok ? answer.value.bookings : []
  assert.equal([only?.bookingUid, others], ['a', []])
  assert.is(only?.end.since(only.start).total('minutes'), 30)
  assert.equal([only?.impossibleTimes, only?.seats], [true, true])
  assert.is(only?.createdAt?.toString(), '2026-03-01T00:00:00Z')
})

directory('gives errors as values, in both shapes in which they come', async () => {
  const full = (statusCode: number, code: string) => ({
    status: 'error',
    timestamp: '2026-03-01T00:00:00.000Z',
    path: '/v2/bookings/u1',
    error: { code, message: 'x', details: { message: 'x', statusCode } },
  })
  const cases: [number, unknown, string][] = [
    [400, full(400, 'BadRequestException'), 'REFUSED'],
    [401, full(401, 'UnauthorizedException'), 'REFUSED'],
    [403, { statusCode: 403, message: 'x' }, 'REFUSED'],
    [404, full(404, 'NotFoundException'), 'NOT_FOUND'],
    [404, { statusCode: 404, message: 'x' }, 'NOT_FOUND'],
    [429, { statusCode: 429, message: 'ThrottlerException: Too Many Requests' }, 'RATE_LIMITED'],
    [500, full(500, 'InternalServerErrorException'), 'UNAVAILABLE'],
    [502, '<html>bad gateway</html>', 'UNAVAILABLE'],
    [302, '', 'BAD_ANSWER'],
  ]
  for (const [status, body, code] of cases) {
    assert.equal(await answered({ status, body }), { ok: false, code, status })
  }
})

directory('honours Retry-After in seconds and as a date', async () => {
  const date = 'Mon, 02 Mar 2026 08:00:00 GMT'
  const later = 'Mon, 02 Mar 2026 08:01:30 GMT'
  const seconds = await answered({ status: 429, headers: { 'retry-after': '7' } })
  assert.is(!seconds.ok && seconds.retryAfterMs, 7000)
  const dated = await answered({ status: 503, headers: { 'retry-after': later, date } })
  assert.is(!dated.ok && dated.retryAfterMs, 90_000)
  const passed = await answered({ status: 503, headers: { 'retry-after': date, date: later } })
  assert.is(!passed.ok && passed.retryAfterMs, 0)
  const odd = await answered({ status: 503, headers: { 'retry-after': 'soon' } })
  assert.is(!odd.ok && odd.retryAfterMs, undefined)
})

directory('tells an answer that it cannot read from one that did not come', async () => {
  const good = {
    uid: 'u1',
    status: 'accepted',
    start: '2026-03-01T00:00:00.000Z',
    end: '2026-03-01T00:30:00.000Z',
  }
  const old = { uid: 'u1', status: 'ACCEPTED', startTime: good.start, endTime: good.end }
  for (const body of [
    'not JSON',
    {},
    { status: 'success' },
    { status: 'success', data: [good] },
    { status: 'success', data: old },
    { status: 'success', data: { ...good, status: 'odd' } },
    { status: 'success', data: { ...good, start: '2026-03-01' } },
    { status: 'success', data: { ...good, uid: 'u2' } },
    { status: 'error', error: { code: 'NotFoundException', message: 'no' } },
    '<!doctype html><title>Cal.com</title>',
  ]) {
    const answer = await answered({ status: 200, body })
    assert.is(!answer.ok && answer.code, 'BAD_ANSWER', JSON.stringify(body))
  }
  assert.ok((await answered({ status: 200, body: { status: 'success', data: good } })).ok)
  assert.equal(await answered('HANG_UP'), { ok: false, code: 'UNAVAILABLE' })
  assert.equal(await answered('SILENCE', 50), { ok: false, code: 'UNAVAILABLE' })
})

directory('ends a call with the caller’s signal', async () => {
  const end = new AbortController()
  const server = await scriptedServer(() => {
    end.abort()
    return 'SILENCE'
  })
  const bookings = calcomBookingDirectory({ apiUrl: server.url, apiKey: 'k' })
  assert.equal(await bookings.booking('u', '7', end.signal), { ok: false, code: 'UNAVAILABLE' })
  await server.close()
})

directory('meets the stand-in’s faults as it would meet Cal.com’s', () =>
  withStandIn(async (standIn) => {
    const uid = await booked(standIn, 1)
    const { faults } = standIn.core
    const bookings = calcomBookingDirectory({ apiUrl: standIn.url, apiKey: 'cal_team' })
    const code = async (): Promise<string> => {
      const answer = await bookings.booking(uid, '7')
      return answer.ok ? 'OK' : `${answer.code} ${answer.status ?? ''} ${answer.retryAfterMs ?? ''}`.trim()
    }
    faults.apiDown = true
    assert.is(await code(), 'UNAVAILABLE')
    faults.apiDown = false
    Object.assign(faults, { apiFailures: 1, apiStatus: 429, apiRetryAfterSeconds: 3, apiBareErrors: true })
    assert.is(await code(), 'RATE_LIMITED 429 3000')
    Object.assign(faults, { apiFailures: 1, apiStatus: 500, apiBareErrors: false })
    assert.is(await code(), 'UNAVAILABLE 500')
    assert.is(await code(), 'OK')
    const wrong = calcomBookingDirectory({ apiUrl: standIn.url, apiKey: 'cal_wrong' })
    const refused = await wrong.booking(uid, '7')
    assert.equal(refused, { ok: false, code: 'REFUSED', status: 401 })
    assert.equal(wrong.refusedKeys(), [{ userId: undefined, status: 401 }])
    assert.equal(bookings.refusedKeys(), [])
  }),
)

directory(
  'holds a key for refused until it is taken again, but not for a booking of somebody else',
  async () => {
    const none = { status: 'success', data: [], pagination: { hasNextPage: false } }
    const answers = [{ status: 403 }, { status: 403 }, { status: 401 }, { status: 200, body: none }]
    const server = await scriptedServer(() => answers.shift() ?? { status: 500 })
    const bookings = calcomBookingDirectory({ apiUrl: server.url, apiKey: 'cal_x' })
    const statuses = () => bookings.refusedKeys().map(({ status }) => status)
    await bookings.booking('u1', '7')
    assert.equal(statuses(), [])
    await bookings.futureBookings({ from: from(0) })
    assert.equal(statuses(), [403])
    await bookings.booking('u1', '7')
    assert.equal(statuses(), [401])
    await bookings.futureBookings({ from: from(0) })
    assert.equal(statuses(), [])
    await server.close()
  },
)

directory.run()
