import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { whatNeedsPerson } from '../../../services/status/needs-person.ts'
import { type Host, inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Access revoked widely')

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const seldom = { settings: { reconcileMs: 10 * MINUTE } }

const needed = async (sync: SyncFixture) => (await whatNeedsPerson(sync.ports)).map(({ code }) => code)

/** So many hosts, each with a credential of their own. */
async function hosts(sync: SyncFixture, count: number): Promise<Host[]> {
  const made: Host[] = []
  for (let id = 1; id <= count; id++) {
    const host = await sync.host(id)
    await sync.ports.vault.put(host.credentialId, { kind: 'oauth', refreshToken: host.credentialId })
    made.push(host)
  }
  return made
}

function revoke(sync: SyncFixture, given: readonly Host[], revoked = true): void {
  for (const { credentialId } of given) {
    sync.google.access.settings.refreshTokens[credentialId] = { revoked }
    sync.google.access.expireAll()
  }
}

test(
  'more than a fifth of all credentials refused within minutes is one incident, and nothing is cancelled',
  inSync(seldom, async (sync) => {
    const all = await hosts(sync, 8)
    const [first] = all
    if (first === undefined) return assert.unreachable()
    const booking = await sync.book(first)
    revoke(sync, all.slice(0, 4))
    sync.google.delete(first.calendarId, booking.eventId)
    await sync.pass(HOUR)
    const [incident, ...others] = await whatNeedsPerson(sync.ports)
    assert.is(incident?.code, 'ACCESS_REVOKED_WIDELY')
    assert.match(incident?.sentence ?? '', /4 of 8 credentials/)
    assert.equal(
      others.map(({ code }) => code),
      [],
    )
    assert.equal(await sync.published(), [])
  }),
)

test(
  'let in again, each calendar goes on by itself and spread over minutes, and what was missed passes the brake',
  inSync({ settings: { ...seldom.settings, massChangeLimit: 1 } }, async (sync) => {
    const all = await hosts(sync, 6)
    const bookings = []
    for (const host of all) bookings.push(await sync.book(host))
    const [first] = bookings
    if (first === undefined) return assert.unreachable()
    const second = await sync.book(first.host, { inHours: 60 })
    revoke(sync, all)
    for (const { host, eventId } of [...bookings, second]) sync.google.delete(host.calendarId, eventId)
    await sync.pass(2 * HOUR)
    assert.equal(await needed(sync), ['ACCESS_REVOKED_WIDELY'])
    const from = sync.clock.now()
    revoke(sync, all, false)
    await sync.pass(HOUR)
    await sync.settle()
    assert.equal((await sync.published()).length, 5)
    const held = (await whatNeedsPerson(sync.ports)).filter(({ code }) => code === 'MASS_CHANGE')
    assert.equal(held.length, (await needed(sync)).length)
    assert.equal(held.filter(({ bookingUid }) => bookingUid === undefined).length, 1, 'one calendar')
    const read = all.map(({ calendarId }) =>
      sync
        .asked('list', calendarId)
        .map(({ at }) => at.since(from).total('milliseconds'))
        .find((ms) => ms >= 0),
    )
    const times = read.map((ms) => ms ?? 0)
    assert.ok(Math.max(...times) - Math.min(...times) > MINUTE, `${times}`)
  }),
)

test(
  'one of two, two of three, or a few of many are no incident: each is told by itself',
  inSync(seldom, async (sync) => {
    const all = await hosts(sync, 3)
    revoke(sync, all.slice(0, 2))
    await sync.pass(40 * MINUTE)
    const codes = await needed(sync)
    assert.not.ok(codes.includes('ACCESS_REVOKED_WIDELY'), `${codes}`)
    assert.is(codes.filter((code) => code === 'CREDENTIAL_REFUSED').length, 2)
  }),
)

test(
  'refused one after the other over hours, they are no incident',
  inSync(seldom, async (sync) => {
    const all = await hosts(sync, 6)
    for (const host of all.slice(0, 3)) {
      revoke(sync, [host])
      await sync.pass(40 * MINUTE)
    }
    const codes = await needed(sync)
    assert.not.ok(codes.includes('ACCESS_REVOKED_WIDELY'), `${codes}`)
  }),
)

test.run()
