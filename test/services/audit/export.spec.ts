import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { signingKeyOf } from '../../../infrastructure/config/signing-key.ts'
import type { EventStore } from '../../../ports/event-store/event-store.ts'
import { checkExport } from '../../../services/audit/check-export.ts'
import { exportLines } from '../../../services/audit/export.ts'
import type { ExportSelection } from '../../../services/audit/selected-events.ts'
import { append, openStores } from '../../support/projected-events.ts'

const test = suite('exports')

const at = '2026-11-30T07:00:00Z'
const bookingTracked = (bookingUid: string) => ({
  type: 'BookingTracked' as const,
  data: {
    bookingUid,
    userId: 'user',
    status: 'ACCEPTED' as const,
    start: at,
    end: '2026-11-30T07:30:00Z',
    at,
  },
})
const policySet = (mode: 'off' | 'apply') => ({
  type: 'SyncPolicySet' as const,
  data: { scope: 'everything' as const, mode, at },
})

const key = signingKeyOf(Buffer.alloc(32, 1))
const now = () => Temporal.Instant.from('2026-11-30T08:00:00Z')

async function exported(events: EventStore, selection: ExportSelection = {}): Promise<string> {
  let text = ''
  for await (const piece of exportLines({ events, key, now }, selection)) text += piece
  return text
}

const checked = (text: string, keys = [key]) =>
  checkExport(
    (async function* () {
      // In pieces that end anywhere.
      const bytes = Buffer.from(text)
      for (let from = 0; from < bytes.length; from += 97) yield bytes.subarray(from, from + 97)
    })(),
    keys,
  )

const lines = (text: string) => text.trimEnd().split('\n')

async function withEvents(body: (events: EventStore) => Promise<void>): Promise<void> {
  const stores = openStores()
  try {
    await append(stores.events, 'booking', 'one', bookingTracked('one'))
    await append(stores.events, 'syncPolicy', 'all', policySet('off'))
    await append(stores.events, 'booking', 'two', bookingTracked('two'))
    await append(stores.events, 'syncPolicy', 'all', policySet('apply'))
    await body(stores.events)
  } finally {
    await stores.close()
  }
}

test('hold every event as it is stored, in its order, and a manifest that fits', () =>
  withEvents(async (events) => {
    const text = await exported(events)
    const { events: stored } = await events.readAll({ after: '', limit: 10 })
    const [manifest, ...rest] = lines(text).reverse()
    assert.equal(
      rest.reverse().map((line) => JSON.parse(line)),
      stored,
    )
    const told = JSON.parse(manifest ?? '').manifest
    assert.is(told.events, 4)
    assert.equal(told.categories, { booking: 2, syncPolicy: 2 })
    assert.equal([told.first, told.last], [stored[0]?.position, stored[3]?.position])
    assert.is(told.madeAt, '2026-11-30T08:00:00Z')
    assert.is((await checked(text)).ok, true)
  }))

test('hold what is selected, and say what that was', () =>
  withEvents(async (events) => {
    const streams = async (selection: ExportSelection) => {
      const text = await exported(events, selection)
      assert.is((await checked(text)).ok, true)
      return lines(text).flatMap((line) => JSON.parse(line).stream ?? [])
    }
    assert.equal(await streams({ category: 'booking' }), ['booking-one', 'booking-two'])
    assert.equal(await streams({ bookingUid: 'two' }), ['booking-two'])
    assert.equal(await streams({ bookingUid: 'two', category: 'syncPolicy' }), [])
    const [first] = (await events.readAll({ after: '', limit: 1 })).events
    const recorded = Temporal.Instant.from(first?.recordedAt ?? '')
    assert.equal(await streams({ to: recorded }), [])
    assert.is((await streams({ from: recorded })).length, 4)
    const text = await exported(events, { category: 'booking', to: recorded })
    assert.equal(JSON.parse(lines(text).at(-1) ?? '').manifest.selection, {
      to: recorded.toString(),
      category: 'booking',
    })
  }))

test('reject a booking that nobody knows, before anything is written', () =>
  withEvents(async (events) => {
    const first = await exportLines({ events, key, now }, { bookingUid: 'nobody' })
      .next()
      .catch((error: { code: string }) => error.code)
    assert.is(first, 'BOOKING_UNKNOWN')
  }))

test('end with the events that were there when they began', () =>
  withEvents(async (events) => {
    const pieces = exportLines({ events, key, now }, {})
    const first = await pieces.next()
    await append(events, 'booking', 'three', bookingTracked('three'))
    const last = await pieces.next()
    assert.is(JSON.parse(String(last.value)).manifest.events, lines(String(first.value)).length)
  }))

test('are not taken for whole, or for ours, where they are not', () =>
  withEvents(async (events) => {
    const text = await exported(events)
    const all = lines(text)
    const code = async (changed: string) => {
      const check = await checked(changed)
      return check.ok ? 'OK' : check.code
    }
    assert.is(await code(`${all.slice(0, -1).join('\n')}\n`), 'NO_MANIFEST')
    assert.is(await code(text.slice(0, -20)), 'NO_MANIFEST')
    assert.is(await code(''), 'NO_MANIFEST')
    assert.is(await code([all.at(-1), ...all.slice(0, -1), ''].join('\n')), 'NO_MANIFEST')
    assert.is(await code(text.replace('"events":4', '"events":5')), 'MANIFEST_CHANGED')
    assert.is(await code(text.replace(/"signature":"../, '"signature":"AA')), 'MANIFEST_CHANGED')
    assert.is(await code(text.replaceAll('\n', '\r\n')), 'NO_MANIFEST')
    const other = signingKeyOf(Buffer.alloc(32, 2))
    const check = await checked(text, [other])
    assert.equal(check, { ok: false, code: 'KEY_UNKNOWN', key: key.id })
    const forged = [...all.slice(0, 2), all[3], all[2], all[4], ''].join('\n')
    const differs = await checked(forged)
    assert.is(differs.ok, false)
    assert.equal('differences' in differs && differs.differences, [{ kind: 'MOVED', line: 3, wasLine: 4 }])
  }))

test.run()
