import { randomBytes, randomUUID } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ExternalEvent } from '../../../domain/external-event.ts'
import { googleCalendarProvider } from '../../../infrastructure/google/google-calendar-provider.ts'
import { openDatabase } from '../../../infrastructure/sqlite/database.ts'
import { sqliteVault } from '../../../infrastructure/sqlite/sqlite-vault.ts'
import type { Answer, CalendarProvider } from '../../../ports/calendar-provider.ts'
import { startGoogleStandIn } from '../../../stand-ins/google/http-shell.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { HOST, NOON } from './provider-under-test.ts'

const test = suite("the Google calendar provider against Google's stand-in")

const CALENDAR = HOST.externalCalendarId

async function withStandIn(work: (under: Awaited<ReturnType<typeof standIn>>) => Promise<void>) {
  const under = await standIn()
  try {
    await work(under)
  } finally {
    await under.close()
  }
}

async function standIn() {
  const clock = virtualClock(NOON.toString())
  const google = await startGoogleStandIn({ clock })
  google.core.createCalendar({ id: CALENDAR, timeZone: 'Europe/Berlin' })
  const database = openDatabase(':memory:')
  const vault = sqliteVault(database, { keys: [randomBytes(32)], newId: () => randomUUID() })
  await vault.put(HOST.credentialId, { kind: 'oauth', refreshToken: 'R' })
  const provider = googleCalendarProvider({ apiUrl: google.url, delegatedDomains: [], vault, clock })
  return {
    clock,
    core: google.core,
    google,
    provider,
    async close() {
      await google.close()
      await database.close()
    },
  }
}

function given<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`${answer.code} ${answer.reason}`)
  return answer.value
}

/** All pages, from the sync token on or from a day ago. */
async function fetchAll(provider: CalendarProvider, syncToken?: string) {
  const events: ExternalEvent[] = []
  let pageToken: string | undefined
  let pages = 0
  for (;;) {
    const page = given(
      await provider.changes({
        ...HOST,
        ...(syncToken === undefined ? { timeMin: NOON.subtract({ hours: 24 }) } : { syncToken }),
        ...(pageToken === undefined ? {} : { pageToken }),
      }),
    )
    pages++
    events.push(...page.events)
    if (page.nextSyncToken !== undefined) return { events, pages, syncToken: page.nextSyncToken }
    assert.ok(page.nextPageToken)
    pageToken = page.nextPageToken
  }
}

const at = (start: string, end: string) => ({
  start: { dateTime: start },
  end: { dateTime: end },
})

test('what is listed, what changed since, and what is gone agree with the calendar', async () => {
  await withStandIn(async ({ provider, core, google }) => {
    core.insert(CALENDAR, { id: 'meeting1', ...at('2026-03-03T10:00:00Z', '2026-03-03T10:30:00Z') })
    core.insert(CALENDAR, { id: 'meeting2', ...at('2026-03-04T10:00:00Z', '2026-03-04T10:30:00Z') })
    core.faults.set({ methods: ['list'], emptyPage: true, times: 1 })
    const full = await fetchAll(provider)
    assert.is(full.pages, 2)
    assert.equal(
      full.events.map((event) => [event.id, event.status, event.organizerSelf]),
      [
        ['meeting1', 'confirmed', true],
        ['meeting2', 'confirmed', true],
      ],
    )

    core.drag(CALENDAR, 'meeting1', { start: '2026-03-03T15:00:00Z' })
    core.delete(CALENDAR, 'meeting2')
    const since = await fetchAll(provider, full.syncToken)
    const found = new Map(since.events.map((event) => [event.id, event]))
    const moved = found.get('meeting1')?.times
    assert.equal(moved?.allDay === false && [String(moved.start), String(moved.end)], [
      '2026-03-03T15:00:00Z',
      '2026-03-03T15:30:00Z',
    ])
    assert.is(found.get('meeting2')?.status, 'cancelled')
    assert.is(found.get('meeting2')?.times, undefined)
    const gone = given(await provider.event({ ...HOST, eventId: 'meeting2' }))
    assert.equal([gone.status, gone.times], ['cancelled', undefined])
    assert.equal((await fetchAll(provider, since.syncToken)).events, [])
    assert.ok(google.requests.every((request) => request.status === 200))
  })
})

test('an expired sync token asks for a full sync', async () => {
  await withStandIn(async ({ provider, core }) => {
    const { syncToken } = await fetchAll(provider)
    core.expireSyncTokens(CALENDAR)
    const expired = await provider.changes({ ...HOST, syncToken })
    assert.is(!expired.ok && expired.code, 'SYNC_TOKEN_EXPIRED')
    const malformed = await provider.changes({ ...HOST, syncToken: 'x' })
    assert.is(!malformed.ok && malformed.code, 'SYNC_TOKEN_EXPIRED')
    assert.ok((await fetchAll(provider)).syncToken)
  })
})

test('a series shows as its master, and its instances keep their places when moved or cancelled', async () => {
  await withStandIn(async ({ provider, core }) => {
    core.insert(CALENDAR, {
      id: 'series1',
      start: { dateTime: '2026-03-03T09:00:00Z', timeZone: 'Europe/Berlin' },
      end: { dateTime: '2026-03-03T10:00:00Z', timeZone: 'Europe/Berlin' },
      recurrence: ['RRULE:FREQ=DAILY;COUNT=4'],
    })
    const { events, syncToken } = await fetchAll(provider)
    assert.equal(
      events.map((event) => [event.id, event.isSeries]),
      [['series1', true]],
    )
    core.drag(CALENDAR, 'series1_20260304T090000Z', { start: '2026-03-04T18:00:00Z' })
    core.delete(CALENDAR, 'series1_20260305T090000Z')
    const request = { ...HOST, eventId: 'series1', from: NOON, to: NOON.add({ hours: 24 * 7 }) }
    const instances = given(await provider.instances(request))
    assert.equal(
      instances.map((one) => `${one.originalStart} ${one.status} ${one.recurringEventId}`).sort(),
      [
        '2026-03-03T09:00:00Z confirmed series1',
        '2026-03-04T09:00:00Z confirmed series1',
        '2026-03-05T09:00:00Z cancelled series1',
        '2026-03-06T09:00:00Z confirmed series1',
      ],
    )
    const exceptions = (await fetchAll(provider, syncToken)).events.filter((event) => event.recurringEventId)
    assert.equal(exceptions.map((event) => event.status).sort(), ['cancelled', 'confirmed'])
  })
})

test('an event is found by a word of its description, on its day only', async () => {
  await withStandIn(async ({ provider, core }) => {
    const description = 'Change: https://cal.example/booking/uid1?changes=true'
    core.insert(CALENDAR, {
      id: 'meeting1',
      description,
      ...at('2026-03-03T10:00:00Z', '2026-03-03T10:30:00Z'),
    })
    core.insert(CALENDAR, { id: 'meeting2', ...at('2026-03-03T10:00:00Z', '2026-03-03T10:30:00Z') })
    const found = async (text: string, from: Temporal.Instant) =>
      given(await provider.search({ ...HOST, text, from, to: from.add({ hours: 48 }) })).map(({ id }) => id)
    assert.equal(await found('uid1', NOON), ['meeting1'])
    assert.equal(await found('uid2', NOON), [])
    assert.equal(await found('uid1', NOON.add({ hours: 72 })), [])
  })
})

test('an event moved to another calendar is cancelled here and alive there', async () => {
  await withStandIn(async ({ provider, core }) => {
    core.createCalendar({ id: 'other@example.com' })
    core.insert(CALENDAR, { id: 'meeting1', ...at('2026-03-03T10:00:00Z', '2026-03-03T10:30:00Z') })
    core.transfer(CALENDAR, 'meeting1', 'other@example.com')
    const here = given(await provider.event({ ...HOST, eventId: 'meeting1' }))
    const other = { ...HOST, externalCalendarId: 'other@example.com', eventId: 'meeting1' }
    const there = given(await provider.event(other))
    assert.equal([here.status, here.times], ['cancelled', undefined])
    assert.is(there.status, 'confirmed')
  })
})

test('a channel is opened for the life asked for at most, and stopped once', async () => {
  await withStandIn(async ({ provider, core }) => {
    const request = { ...HOST, channelId: 'channel-1', token: 't', ttlMs: 90 * 86_400_000 }
    const opened = given(await provider.watch({ ...request, address: 'https://127.0.0.1:9/webhooks' }))
    assert.is(String(opened.expiresAt), String(NOON.add({ hours: 24 * 30 })))
    const again = await provider.watch({ ...request, address: 'https://127.0.0.1:9/webhooks' })
    assert.is(!again.ok && again.code, 'CHANNEL_ID_NOT_UNIQUE')
    const channel = { ...HOST, channelId: 'channel-1', resourceId: opened.resourceId }
    assert.equal(given(await provider.stop(channel)), { known: true })
    assert.equal(given(await provider.stop(channel)), { known: false })
    assert.ok(core.channels().every((one) => one.stoppedMs !== undefined))
  })
})

test('a worthless token is replaced, a revoked grant is refused, and faults are what they are', async () => {
  await withStandIn(async ({ provider, core }) => {
    given(await provider.changes(HOST))
    core.access.expireAll()
    given(await provider.changes(HOST))

    const faults: [Parameters<typeof core.faults.set>[0], string][] = [
      [{ status: 403, reason: 'rateLimitExceeded', times: 1 }, 'RATE_LIMITED'],
      [{ status: 429, reason: 'rateLimitExceeded', times: 1, retryAfterSeconds: 9 }, 'RATE_LIMITED'],
      [{ status: 503, reason: 'backendError', times: 1 }, 'UNAVAILABLE'],
      [{ drop: true, times: 1 }, 'UNAVAILABLE'],
      [{ reason: 'notACalendarUser', times: 1 }, 'FORBIDDEN'],
      [{ hangup: 'html', times: 1 }, 'UNAVAILABLE'],
      [{ hangup: 'truncated', times: 1 }, 'UNAVAILABLE'],
    ]
    for (const [fault, code] of faults) {
      core.faults.set(fault)
      const answer = await provider.changes(HOST)
      assert.is(!answer.ok && answer.code, code)
      if (fault.retryAfterSeconds) assert.is(!answer.ok && answer.retryAfterMs, 9000)
    }
    core.faults.set({ hangup: 'huge', times: 1 })
    given(await provider.changes(HOST))
    const unknown = await provider.event({ ...HOST, eventId: 'never' })
    assert.is(!unknown.ok && unknown.code, 'NOT_FOUND')

    core.access.settings.refreshTokens.R = { revoked: true }
    const revoked = await provider.changes(HOST)
    assert.equal(!revoked.ok && [revoked.code, revoked.reason], ['CREDENTIAL_REFUSED', 'invalid_grant'])
  })
})

test.run()
