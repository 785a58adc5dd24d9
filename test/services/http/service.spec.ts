import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Document } from '../../../ports/read-store/read-store.ts'
import { bookings } from '../../../projections/bookings.ts'
import { calendarFeeds } from '../../../projections/calendar-feeds.ts'
import { publications } from '../../../projections/publications.ts'
import { Readiness } from '../../../services/http/health-routes.ts'
import { listParked, parkedEvents, writeParked } from '../../../services/read-models/parked-events.ts'
import { StatusReport } from '../../../services/status/status-report.ts'
import { appendNext } from '../../support/append-next.ts'
import { type HttpFixture, withHttp } from '../../support/http-fixture.ts'

const test = suite('service about itself')
const works = async () => {}
const fails = () => Promise.reject(new Error('no answer'))
const calendar = { provider: 'google', externalCalendarId: 'host@example.com' }

test(
  'is live, and ready while signals and webhooks can be made durable, whatever else is down',
  withHttp(
    async ({ ask }) => {
      assert.equal((await ask('GET', '/health/live', { token: null })).body, { status: 'live' })
      const asked = await ask('GET', '/health/ready', { token: null })
      assert.is(asked.status, 200)
      assert.equal(Readiness.parse(asked.body), {
        status: 'ready',
        roles: { http: 'ready', sync: 'ready', publisher: 'not-ready' },
        degraded: ['read store', 'publisher'],
      })
    },
    (deps) => ({
      ...deps,
      health: {
        durable: { 'event store': works },
        others: { 'read store': fails },
        roles: { sync: works, publisher: fails },
      },
    }),
  ),
)

test(
  'is not ready where they cannot',
  withHttp(
    async ({ ask }) => {
      const asked = await ask('GET', '/health/ready', { token: null })
      assert.is(asked.status, 503)
      const { status, roles, degraded } = Readiness.parse(asked.body)
      assert.equal(
        { status, roles, degraded },
        {
          status: 'not-ready',
          roles: { http: 'not-ready' },
          degraded: ['event store'],
        },
      )
    },
    (deps) => ({
      ...deps,
      health: {
        durable: {
          'event store': () => {
            throw new Error('no answer')
          },
        },
        others: {},
        roles: {},
      },
    }),
  ),
)

async function statusOf({ ask, ports }: HttpFixture): Promise<StatusReport> {
  await ports.caughtUp('all')
  return StatusReport.parse((await ask('GET', '/status')).body)
}

test(
  'tells of an empty service what to do first',
  withHttp(async (http) => {
    const status = await statusOf(http)
    assert.is(status.status, 'OK')
    assert.equal(status.needsPerson, [])
    assert.equal(
      status.stages.map(({ stage, backlog, oldestAgeMs }) => [stage, backlog, oldestAgeMs]),
      ['push→ack', 'due→fetched', 'decided→published', 'published→applied'].map((stage) => [stage, 0, null]),
    )
    assert.ok(status.projections.every(({ state }) => state === 'LIVE'))
    assert.match(status.next.join(' '), /RegisterCalendarSync/)
  }),
)

test(
  'measures what is due and what no consumer has reported',
  withHttp(async (http) => {
    await http.command('TrackBooking', {
      bookingUid: 'b1',
      userId: 'u1',
      start: '2026-03-05T10:00:00Z',
      end: '2026-03-05T10:30:00Z',
      references: [{ ...calendar, externalEventId: 'e1' }],
    })
    await http.clock.advance(60_000)
    const now = http.clock.now().toString()
    const change = {
      id: 'e1',
      status: 'confirmed',
      updated: now,
      etag: '"1"',
      start: '2026-03-05T14:00:00Z',
      end: '2026-03-05T15:00:00Z',
    }
    await http.command('ApplyExternalEventChange', { ...calendar, observedAt: now, change })
    await http.command('FetchNow', calendar)
    await http.clock.advance(30_000)
    const { stages } = await statusOf(http)
    const stage = (name: string) => stages.find((one) => one.stage === name)
    assert.equal(stage('due→fetched'), { stage: 'due→fetched', backlog: 1, oldestAgeMs: 30_000 })
    assert.equal(stage('published→applied'), { stage: 'published→applied', backlog: 1, oldestAgeMs: 30_000 })
  }),
)

test(
  'tells all else where a document cannot be told of, and names that one',
  withHttp(async (http) => {
    const { readStore, events, newId } = http.ports
    const metadata = { correlationId: 'c', causationId: 'd', actor: 'webhook:calcom' }
    const at = http.clock.now().toString()
    const register = (calendarSyncId: string, credentialId: string) =>
      appendNext(events, `calendarSync-${calendarSyncId}`, [
        {
          id: newId(),
          type: 'CalendarSyncRegistered',
          data: { calendarSyncId, userId: 'u1', provider: 'google', calendarKey: 'k', credentialId, at },
          metadata,
        },
      ])
    // A version of before took half a character from a delivery.
    await register('half', '\ud800')
    await register('whole', 'c1')
    await http.ports.caughtUp('all')
    const damaged = (collection: string, id: string, value: Document, index: string) =>
      readStore.write([
        {
          collection,
          id,
          put: { position: '9', value },
          keys: { [index]: [at] },
          position: '99999999999999999999',
        },
      ])
    await damaged(bookings.collection.name, 'b1', { state: { bookingUid: 'b1' } }, 'byAttention')
    await damaged(publications.collection.name, 'p1', { at: 'yesterday' }, 'unreported')
    await damaged(calendarFeeds.collection.name, 'k1', { calendarKey: 'k1', held: [null] }, 'withHeld')
    await damaged(parkedEvents.name, 'e1', {}, 'parked')
    const status = await statusOf(http)
    const told = status.needsPerson.map(({ code, bookingUid, calendarKey, calendarSyncId }) =>
      [code, bookingUid, calendarSyncId ?? calendarKey].join(' ').trim(),
    )
    assert.equal(told.toSorted(), [
      'CREDENTIAL_AWAITED  half',
      'CREDENTIAL_AWAITED  whole',
      'DOCUMENT_UNREADABLE',
      'DOCUMENT_UNREADABLE  k1',
      'DOCUMENT_UNREADABLE b1',
    ])
    const sentences = status.needsPerson.map(({ sentence }) => sentence).join(' ')
    assert.match(sentences, /cannot tell of b1 \(.*cannot tell of the booking events without an outcome \(/)
  }),
)

test(
  'names what needs a person, and what that person can do',
  withHttp(async (http) => {
    await http.command('RegisterCalendarSync', { userId: 'u1', ...calendar, credentialId: 'c1' })
    const calendarKey = (await http.ports.calendars.find(calendar)) ?? ''
    const at = http.clock.now().toString()
    const metadata = { correlationId: 'c', causationId: 'd', actor: 'sync-worker' }
    await appendNext(http.ports.events, `calendarFeed-${calendarKey}`, [
      {
        id: http.ports.newId(),
        type: 'ChangesHeld',
        data: { calendarKey, reason: 'MASS_CHANGE', bookingUids: ['b1', 'b2'], at },
        metadata,
      },
      {
        id: http.ports.newId(),
        type: 'FetchingFailed',
        data: { calendarKey, code: 'CREDENTIAL_REFUSED', at },
        metadata,
      },
    ])
    const status = await statusOf(http)
    assert.is(status.status, 'NEEDS_PERSON')
    assert.equal(
      status.needsPerson.map(({ code }) => code),
      ['MASS_CHANGE', 'CREDENTIAL_REFUSED', 'CREDENTIAL_AWAITED'],
    )
    const [held, refused, awaited] = status.needsPerson
    assert.is(
      held?.sentence,
      '2 changes are held in this calendar: more cancellations came of this calendar at once than MASS_CHANGE_LIMIT.',
    )
    assert.is(refused?.sentence, 'This calendar cannot be read; its bookings do not follow it.')
    assert.is(held?.externalCalendarId, 'host@example.com')
    assert.match(held?.next ?? '', 'ReleaseHeldChanges')
    assert.match(awaited?.next ?? '', 'PUT /credentials/c1')
    assert.equal(status.calendarFeeds, { failing: 1, withHeld: 1 })
  }),
)

test(
  'names parked events, which can be told to be tried again or skipped, but none of an older version or of a read model that is no more',
  withHttp(async (http) => {
    const metadata = { correlationId: 'c', causationId: 'd', actor: 'sync-worker' }
    const event = { id: http.ports.newId(), type: 'OfANewerVersion', data: {}, metadata }
    await http.ports.events.append('syncPolicy-x', 'no-stream', [event])
    const [parked, ...others] = (await statusOf(http)).needsPerson
    assert.equal([parked?.code, others], ['EVENT_PARKED', []])
    const position = /"position": "(\w+)"/.exec(parked?.next ?? '')?.[1] ?? ''
    for (const command of ['RetryParked', 'SkipParked']) {
      assert.is((await http.command(command, { projection: 'sync-policies', position })).status, 200)
      const unknown = await http.command(command, { projection: 'bookings', position })
      assert.equal([unknown.status, unknown.body.code], [404, 'PARKED_EVENT_UNKNOWN'])
    }
    const [one] = (await listParked(http.ports.readStore, { limit: 1 })).items
    assert.ok(one)
    await http.ports.readStore.write([
      writeParked({ ...one, version: 0, writes: 0 }),
      writeParked({ ...one, projection: 'of-an-older-service', writes: 0 }),
    ])
    assert.is((await statusOf(http)).needsPerson.length, 1)
  }),
)

test(
  'serves the page with a strict policy: nothing inline, nothing from elsewhere',
  withHttp(async ({ ask }) => {
    const page = await ask('GET', '/', { token: null })
    assert.match(page.headers.get('Content-Type') ?? '', /^text\/html/)
    const policy = page.headers.get('Content-Security-Policy') ?? ''
    assert.match(policy, "default-src 'none'")
    assert.not.match(policy, /unsafe|https?:|\*/)
    assert.not.match(page.text, /https?:\/\/|\sstyle=|\son[a-z]+=|<style|<script>/)
    assert.is(page.headers.get('X-Content-Type-Options'), 'nosniff')
  }),
)

test(
  'tells that everything was switched off, and how to lift it',
  withHttp(async (http) => {
    const before = await statusOf(http)
    assert.equal([before.mode, before.everything, before.effectiveMode], ['apply', null, 'apply'])
    await http.command('SetSyncPolicy', { mode: 'off' })
    const off = await statusOf(http)
    assert.equal([off.mode, off.everything, off.effectiveMode], ['apply', 'off', 'off'])
    assert.match(
      off.next[0] ?? '',
      /switched off.*SetSyncPolicy \{"mode": "default"\}.*SYNC_MODE, which is apply/,
    )
    await http.command('SetSyncPolicy', { mode: 'observe' })
    const observed = await statusOf(http)
    assert.is(observed.effectiveMode, 'observe')
    assert.match(observed.next[0] ?? '', /only observed.*SetSyncPolicy \{"mode": "default"\}/)
    await http.command('SetSyncPolicy', { mode: 'default' })
    const after = await statusOf(http)
    assert.equal([after.everything, after.effectiveMode], [null, 'apply'])
    assert.not.match(after.next.join(' '), /SetSyncPolicy/)
  }),
)

test.run()
