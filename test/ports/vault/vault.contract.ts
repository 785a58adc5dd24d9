import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CalendarAddress } from '../../../ports/vault/calendar-address.ts'
import {
  type CalendarDirectory,
  type Credential,
  type CredentialVault,
  VaultKeyUnknown,
} from '../../../ports/vault/credential-vault.ts'

export type Vault = CredentialVault & { calendars: CalendarDirectory }

/** A vault of a test's own. */
export type VaultUnderTest = {
  vault: Vault
  /** The same records, opened anew with these keys, the newest first. The former vault is not used again. */
  reopen(keys: readonly Uint8Array[]): Promise<Vault>
  close(): Promise<void>
}

/** Keys of 32 equal bytes: for tests only. */
export const keyOfBytes = (byte: number) => new Uint8Array(32).fill(byte)
const [first, second, third] = [keyOfBytes(1), keyOfBytes(2), keyOfBytes(3)]

const oauth: Credential = {
  kind: 'oauth',
  refreshToken: '1//refresh-tökèn',
  accessToken: 'ya29.access',
  expiresAt: '2026-03-02T09:00:00Z',
}
const delegated: Credential = { kind: 'service-account', subject: 'host@example.com' }
const calendar: CalendarAddress = { provider: 'google', externalCalendarId: 'host@example.com' }
const team: CalendarAddress = { provider: 'google', externalCalendarId: 'team@group.calendar.google.com' }

/** What every vault with its calendar directory does. `open` is given the keys, the newest first. */
export function vaultContract(
  name: string,
  open: (keys: readonly Uint8Array[]) => Promise<VaultUnderTest>,
): void {
  const test = suite(`vault: ${name}`)

  function vault(sentence: string, body: (opened: VaultUnderTest) => Promise<void>): void {
    test(sentence, async () => {
      const opened = await open([first])
      try {
        await body(opened)
      } finally {
        await opened.close()
      }
    })
  }

  vault('gives a credential as it was put', async ({ vault }) => {
    await vault.put('a', oauth)
    await vault.put('b', delegated)
    assert.equal(await vault.use('a'), oauth)
    assert.equal(await vault.use('b'), delegated)
    assert.ok(await vault.has('a'))
  })

  vault('has no credential that was never put', async ({ vault }) => {
    assert.is(await vault.use('a'), undefined)
    assert.not(await vault.has('a'))
    assert.not(await vault.shred('a'))
  })

  vault('replaces a credential', async ({ vault }) => {
    await vault.put('a', oauth)
    await vault.put('a', delegated)
    assert.equal(await vault.use('a'), delegated)
  })

  vault('forgets a shredded credential, and takes a new one in its place', async ({ vault }) => {
    await vault.put('a', oauth)
    await vault.put('b', delegated)
    assert.ok(await vault.shred('a'))
    assert.is(await vault.use('a'), undefined)
    assert.not(await vault.has('a'))
    assert.not(await vault.shred('a'))
    assert.equal(await vault.use('b'), delegated)
    await vault.put('a', delegated)
    assert.equal(await vault.use('a'), delegated)
  })

  vault('makes a calendar its key at the first call and keeps to it', async ({ vault: { calendars } }) => {
    assert.is(await calendars.find(calendar), undefined)
    const key = await calendars.keyOf(calendar)
    assert.match(key, /^[0-9a-f]{32}$/)
    assert.is(await calendars.keyOf(calendar), key)
    assert.is(await calendars.find(calendar), key)
    assert.equal(await calendars.addressOf(key), calendar)
    assert.is.not(await calendars.keyOf(team), key)
    assert.is.not(await calendars.keyOf({ ...calendar, provider: 'other' }), key)
  })

  vault('gives one key to 100 first calls at once', async ({ vault: { calendars } }) => {
    const calls = Array.from({ length: 100 }, () => calendars.keyOf(calendar))
    const keys = new Set(await Promise.all(calls))
    assert.is(keys.size, 1)
    assert.equal([await calendars.find(calendar)], [...keys])
  })

  vault('tells the addresses of the keys that it knows', async ({ vault: { calendars } }) => {
    const [one, two] = [await calendars.keyOf(calendar), await calendars.keyOf(team)]
    const found = await calendars.addressesOf([one, two, two, 'unknown'])
    assert.equal([...found].sort(), [[one, calendar] as const, [two, team] as const].toSorted())
    assert.is((await calendars.addressesOf([])).size, 0)
    assert.is(await calendars.addressOf('unknown'), undefined)
  })

  vault('tells nothing of a calendar forgotten, and makes it another key later', async ({ vault }) => {
    const { calendars } = vault
    const key = await calendars.keyOf(calendar)
    const kept = await calendars.keyOf(team)
    assert.ok(await calendars.forget(key))
    assert.not(await calendars.forget(key))
    assert.is(await calendars.addressOf(key), undefined)
    assert.is(await calendars.find(calendar), undefined)
    assert.is((await calendars.addressesOf([key])).size, 0)
    assert.equal(await calendars.addressOf(kept), team)
    assert.is.not(await calendars.keyOf(calendar), key)
  })

  const shouted = { ...calendar, externalCalendarId: 'Host@Example.COM' }

  vault('gives a calendar one key in whatever letter case it is named', async ({ vault: { calendars } }) => {
    const key = await calendars.keyOf(shouted)
    assert.is(await calendars.keyOf(calendar), key)
    assert.is(await calendars.find(shouted), key)
    assert.equal(await calendars.addressOf(key), calendar)
    const other = { ...shouted, provider: 'other' }
    assert.is.not(
      await calendars.keyOf(other),
      await calendars.keyOf({ ...calendar, provider: 'other' }),
      'only where the provider tells no cases apart',
    )
    assert.equal(await calendars.namedTwice(), [])
  })

  vault('finds by any letter case what was kept under one', async ({ vault, reopen }) => {
    const key = await vault.calendars.keyOfCase(shouted)
    const { calendars } = await reopen([second, first])
    for (const name of [calendar, shouted, { ...calendar, externalCalendarId: 'HOST@example.com' }])
      assert.is(await calendars.keyOf(name), key)
    assert.equal(await calendars.addressOf(key), calendar)
    assert.equal(await calendars.namedTwice(), [])
  })

  vault('goes on with both keys of a calendar that had two, and tells of them', async ({ vault, reopen }) => {
    const one = await vault.calendars.keyOfCase(shouted)
    const two = await vault.calendars.keyOfCase(calendar)
    assert.is.not(one, two)
    for (const keys of [[first], [second, first], [second]]) {
      const { calendars } = await reopen(keys)
      assert.equal([await calendars.find(shouted), await calendars.keyOf(calendar)], [one, two])
      assert.equal([await calendars.addressOf(one), await calendars.addressOf(two)], [shouted, calendar])
      assert.equal(await calendars.namedTwice(), [[one, two]])
    }
    const last = await reopen([second])
    assert.ok(await last.calendars.forget(two))
    const { calendars } = await reopen([second])
    assert.is(await calendars.find(calendar), one)
  })

  vault('finds by every name a calendar whose keys were joined', async ({ vault, reopen }) => {
    const { calendars } = vault
    const renamed = { ...calendar, externalCalendarId: 'renamed@example.com' }
    const [former, kept] = [await calendars.keyOf(calendar), await calendars.keyOf(renamed)]
    const other = await calendars.keyOf(team)
    await calendars.join(former, kept)
    await calendars.join(former, kept)
    for (const at of ['now', 'after a restart'] as const) {
      const now = at === 'now' ? calendars : (await reopen([second, first])).calendars
      assert.equal(await Promise.all([calendar, renamed].map(now.keyOf)), [kept, kept])
      assert.equal([await now.find(shouted), await now.find(team)], [kept, other])
      assert.equal([await now.addressOf(former), await now.addressOf(kept)], [calendar, renamed])
      assert.equal(await now.joined(), [[former, kept]])
    }
  })

  vault('follows a calendar from name to name, and not in a circle', async ({ vault: { calendars } }) => {
    const names = ['a@example.com', 'b@example.com', 'c@example.com'].map((externalCalendarId) => ({
      ...calendar,
      externalCalendarId,
    }))
    const [a = '', b = '', c = ''] = await Promise.all(names.map(calendars.keyOf))
    await calendars.join(a, b)
    await calendars.join(b, c)
    await calendars.join(c, a)
    assert.equal(await Promise.all(names.map(calendars.find)), [c, c, c])
    assert.equal((await calendars.joined()).toSorted(), [[a, c] as const, [b, c] as const].toSorted())
    assert.ok(await calendars.forget(c))
    assert.equal(await Promise.all([a, b, c].map(calendars.addressOf)), [undefined, undefined, undefined])
  })

  vault('tells no longer of two letter cases that were joined', async ({ vault: { calendars } }) => {
    const [one, two] = [await calendars.keyOfCase(shouted), await calendars.keyOfCase(calendar)]
    await calendars.join(one, two)
    assert.equal(await calendars.namedTwice(), [])
    assert.equal([await calendars.find(shouted), await calendars.find(calendar)], [two, two])
    assert.is(await calendars.keyOfCase(shouted), one, 'its own, to be taken over')
  })

  vault('has after a restart what was stored before', async ({ vault, reopen }) => {
    await vault.put('a', oauth)
    const key = await vault.calendars.keyOf(calendar)
    const again = await reopen([first])
    assert.equal(await again.use('a'), oauth)
    assert.is(await again.calendars.keyOf(calendar), key)
    assert.equal(await again.calendars.addressOf(key), calendar)
  })

  vault('opens with a new key before the old one what the old one sealed', async ({ vault, reopen }) => {
    await vault.put('a', oauth)
    const key = await vault.calendars.keyOf(calendar)
    const rotating = await reopen([second, first])
    assert.equal(await rotating.use('a'), oauth)
    assert.is(await rotating.calendars.find(calendar), key)
    assert.is(await rotating.calendars.keyOf(calendar), key)
    assert.equal(await rotating.calendars.addressOf(key), calendar)
  })

  vault('no longer needs the old key once it was opened with both', async ({ vault, reopen }) => {
    await vault.put('a', oauth)
    const key = await vault.calendars.keyOf(calendar)
    await reopen([third, second, first])
    const rotated = await reopen([third])
    assert.equal(await rotated.use('a'), oauth)
    assert.is(await rotated.calendars.keyOf(calendar), key)
    assert.equal(await rotated.calendars.addressOf(key), calendar)
  })

  vault('says so when no key given opens what is stored', async ({ vault, reopen }) => {
    await vault.put('a', oauth)
    const key = await vault.calendars.keyOf(calendar)
    const { calendars, ...stranger } = await reopen([second])
    assert.ok(await stranger.has('a'))
    await keyIsUnknown(stranger.use('a'))
    await keyIsUnknown(calendars.addressOf(key))
    assert.equal(await calendars.addressesOf([key]), new Map(), 'those that it can open, if only these')
    await stranger.put('b', delegated)
    assert.equal(await stranger.use('b'), delegated)
  })

  vault('makes no second key for a calendar that it cannot read', async ({ vault, reopen }) => {
    const key = await vault.calendars.keyOf(calendar)
    const stranger = await reopen([second])
    await keyIsUnknown(stranger.calendars.keyOf(calendar))
    await keyIsUnknown(stranger.calendars.find(calendar))
    const owner = await reopen([second, first])
    assert.is(await owner.calendars.keyOf(calendar), key)
  })

  vault('forgets also what it cannot read', async ({ vault, reopen }) => {
    await vault.put('a', oauth)
    const key = await vault.calendars.keyOf(calendar)
    const stranger = await reopen([second])
    assert.ok(await stranger.shred('a'))
    assert.ok(await stranger.calendars.forget(key))
    assert.is(await stranger.use('a'), undefined)
    assert.is(await stranger.calendars.find(calendar), undefined)
  })

  test.run()
}

async function keyIsUnknown(call: Promise<unknown>): Promise<void> {
  const error = await call.then(
    () => assert.unreachable('should not open'),
    (error: unknown) => error,
  )
  assert.instance(error, VaultKeyUnknown)
}
