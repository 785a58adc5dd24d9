import { randomBytes, randomUUID } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openDatabase } from '../../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../../infrastructure/sqlite/sqlite-event-store.ts'
import { sqliteReadStore } from '../../../infrastructure/sqlite/sqlite-read-store.ts'
import { sqliteSignalContents } from '../../../infrastructure/sqlite/sqlite-signal-contents.ts'
import { sqliteSignalQueue } from '../../../infrastructure/sqlite/sqlite-signal-queue.ts'
import { sqliteVault } from '../../../infrastructure/sqlite/sqlite-vault.ts'
import { sqliteVaultContents } from '../../../infrastructure/sqlite/sqlite-vault-contents.ts'
import { type EventStore, START } from '../../../ports/event-store/event-store.ts'
import { withOriginalTimes } from '../../../ports/event-store/original-times.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { allProjections } from '../../../projections/all-projections.ts'
import { compareReadModels } from '../../../services/audit/compare-read-models.ts'
import { type MigrationTarget, migrate } from '../../../services/migration/migration.ts'
import { MigrationRefused } from '../../../services/migration/refused.ts'
import { rebuild } from '../../../services/read-models/rebuild.ts'
import { REACTIONS } from '../../../services/signals/reactions.ts'
import { appendNext } from '../../support/append-next.ts'
import { eventsOfBooking } from '../../support/booking-events.ts'
import { readToEnd, someEvent } from '../../support/events.ts'
import { append } from '../../support/projected-events.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const test = suite('migration')

const ADDRESS = { provider: 'google', externalCalendarId: 'host@example.com' }
const CREDENTIAL = { kind: 'oauth', refreshToken: 'secret' } as const
const REASON = { cause: { poll: true, reason: 'OPERATOR' } as const, dueInMs: 0 }

/** All stores on two files in memory, with a key of its own. */
function stores(keys: readonly Uint8Array[] = [randomBytes(32)]) {
  const clock = virtualClock()
  const [database, vaultDatabase] = [openDatabase(':memory:'), openDatabase(':memory:')]
  let newId: () => string = randomUUID
  const events: EventStore = sqliteEventStore(database, { clock })
  return {
    clock,
    events,
    readStore: sqliteReadStore(database),
    queue: sqliteSignalQueue(database, { clock, newId: randomUUID }),
    vault: sqliteVault(vaultDatabase, { keys, newId: () => newId() }),
    source: () => ({
      events,
      readStore: sqliteReadStore(database),
      vault: sqliteVaultContents(vaultDatabase, { keys }),
      signals: sqliteSignalContents(database),
    }),
    target(): MigrationTarget {
      return {
        events,
        readStore: this.readStore,
        queue: this.queue,
        vault: (calendarKey) => {
          newId = calendarKey
          return this.vault
        },
      }
    },
    close: () => Promise.all([database.close(), vaultDatabase.close()]),
  }
}
type Stores = ReturnType<typeof stores>

/** Bookings whose streams interleave, a credential, a calendar, a name of the deployment, and things to look at. */
async function lived({ clock, events, readStore, queue, vault }: Stores): Promise<{ calendarKey: string }> {
  await events.append('deployment-this', 'no-stream', [someEvent('DeploymentNamed', { deploymentId: 'x' })])
  for (let round = 0; round < 3; round++)
    for (let n = 0; n < 40; n++) {
      const booking = eventsOfBooking(`b${n}`, `user-${n % 3}`)
      if (round === 0) await append(events, 'booking', `b${n}`, booking.tracked(), booking.linked())
      else await append(events, 'booking', `b${n}`, booking.rescheduled(round))
      await clock.advance(1000)
    }
  const [, , third] = await readToEnd(events, { after: START, limit: 100 })
  await readStore.write([], { projection: REACTIONS, position: third?.position ?? '' })
  for (const projection of allProjections) await rebuild({ events, readStore, projection })
  await vault.put('credential-1', CREDENTIAL)
  const calendarKey = await vault.calendars.keyOf(ADDRESS)
  await queue.signal({ kind: 'calendar', key: calendarKey }, REASON)
  const lease = await queue.lease({ leaseMs: 1000 })
  if (lease) await queue.complete(lease, { syncToken: 'token' })
  await queue.signal({ kind: 'booking', key: 'b1' }, { ...REASON, memo: { firstLook: true } })
  await queue.signal({ kind: 'booking', key: 'b2' }, REASON)
  const done = await queue.lease({ leaseMs: 1000 })
  assert.is(done?.key, 'b1')
  return { calendarKey }
}

const withBoth = (body: (from: Stores, to: Stores) => Promise<void>) => async () => {
  const [from, to] = [stores(), stores()]
  try {
    await body(from, to)
  } finally {
    await Promise.all([from.close(), to.close()])
  }
}

const all = (events: EventStore) => readToEnd(withOriginalTimes(events), { after: START, limit: 50 })

async function isMoved(from: Stores, to: Stores): Promise<void> {
  const bare = (events: Awaited<ReturnType<typeof all>>) =>
    events.map(({ position: _, metadata: { recordedAt: __, ...metadata }, ...event }) => ({
      ...event,
      metadata,
    }))
  assert.equal(bare(await all(to.events)), bare(await all(from.events)))
  for (const projection of allProjections)
    for await (const difference of compareReadModels(projection, from.readStore, to.readStore))
      assert.unreachable(`${projection.name}: ${JSON.stringify(difference)}`)
}

async function refusal(work: Promise<unknown>, code: string): Promise<void> {
  const error: unknown = await work.then(
    () => assert.unreachable('not refused'),
    (error) => error,
  )
  assert.ok(error instanceof MigrationRefused, String(error))
  assert.is(error.code, code)
}

test(
  'moves every event with its id, order, revision and time, and rebuilds the read models',
  withBoth(async (from, to) => {
    await lived(from)
    await to.clock.advance(3_600_000)
    const report = await migrate(from.source(), to.target(), allProjections)
    assert.is(report.events, 161)
    assert.is(report.streams, 41)
    assert.is(report.readModels, allProjections.length)
    assert.equal(report.unfinished, [])
    await isMoved(from, to)
    const [first] = await readToEnd(to.events, { after: START, limit: 1 })
    const [original] = await all(from.events)
    assert.is.not(first?.recordedAt, original?.recordedAt, 'the target has a time of its own')
    assert.is(first?.metadata.recordedAt, original?.recordedAt)
  }),
)

test(
  'seals credentials and calendars again, the calendars under the keys that events know, and goes on where reactions were',
  withBoth(async (from, to) => {
    const { calendarKey } = await lived(from)
    const { credentials, calendars } = await migrate(from.source(), to.target(), allProjections)
    assert.equal([credentials, calendars], [1, 1])
    assert.equal(await to.vault.use('credential-1'), CREDENTIAL)
    assert.is(await to.vault.calendars.find(ADDRESS), calendarKey)
    const third = (await all(to.events)).at(2)?.position
    assert.is(await to.readStore.checkpoint(REACTIONS), third)
  }),
)

test(
  'has every calendar read in full, and what waited or was being looked at looked at again with what was known',
  withBoth(async (from, to) => {
    const { calendarKey } = await lived(from)
    assert.is((await migrate(from.source(), to.target(), allProjections)).signals, 3)
    const leases = [1, 2, 3].map(() => to.queue.lease({ leaseMs: 1000 }))
    const found = (await Promise.all(leases)).map(
      (lease) => lease && [lease.key, lease.syncToken, lease.memo],
    )
    assert.equal(
      found.toSorted((a, b) => String(a).localeCompare(String(b))),
      [
        ['b1', undefined, { firstLook: true }],
        ['b2', undefined, undefined],
        [calendarKey, undefined, undefined],
      ].toSorted((a, b) => String(a).localeCompare(String(b))),
    )
  }),
)

test(
  'goes on from wherever it was cut off, and changes nothing when repeated',
  withBoth(async (from, to) => {
    await lived(from)
    let left = 0
    const cut = async <T>(work: () => Promise<T>): Promise<T> => {
      if (left-- <= 0) throw new StoreUnavailable('cut off')
      return work()
    }
    const events: EventStore = {
      ...to.events,
      // Every other time what was cut off is the answer, not the append.
      append: (stream, expected, batch) =>
        left % 2 === 0
          ? cut(() => to.events.append(stream, expected, batch))
          : to.events.append(stream, expected, batch).then((answer) => cut(async () => answer)),
    }
    const readStore = {
      ...to.readStore,
      write: (...given: Parameters<typeof to.readStore.write>) => cut(() => to.readStore.write(...given)),
    }
    let runs = 0
    for (let finished = false; !finished; runs++) {
      left = 7 + (runs % 30)
      finished = await migrate(from.source(), { ...to.target(), events, readStore }, allProjections).then(
        () => true,
        (error) => {
          assert.ok(error instanceof StoreUnavailable, String(error))
          return false
        },
      )
      assert.ok(runs < 100)
    }
    assert.ok(runs > 3)
    await isMoved(from, to)
    const again = await migrate(from.source(), to.target(), allProjections)
    assert.is(again.events, 161)
    await isMoved(from, to)
  }),
)

test(
  'refuses a target that holds anything else, or has gone on since, and adds nothing to it',
  withBoth(async (from, to) => {
    await lived(from)
    await migrate(from.source(), to.target(), allProjections)
    await append(to.events, 'booking', 'b1', eventsOfBooking('b1').rescheduled(9))
    await refusal(migrate(from.source(), to.target(), allProjections), 'TARGET_HOLDS_OTHER_EVENTS')

    const used = stores()
    await append(used.events, 'booking', 'b1', eventsOfBooking('b1').tracked())
    await used.vault.put('credential-1', { kind: 'oauth', refreshToken: 'newer' })
    await refusal(migrate(from.source(), used.target(), allProjections), 'TARGET_HOLDS_OTHER_EVENTS')
    assert.is((await all(used.events)).length, 1)
    await used.close()

    const other = stores()
    await other.vault.calendars.keyOf(ADDRESS)
    await other.vault.put('credential-1', { kind: 'oauth', refreshToken: 'newer' })
    await refusal(migrate(from.source(), other.target(), allProjections), 'CALENDAR_HAS_OTHER_KEY')
    await other.close()
  }),
)

test(
  'moves the keys that were joined as joined, and again without a difference',
  withBoth(async (from, to) => {
    const { calendarKey } = await lived(from)
    const present = await from.vault.calendars.keyOf({
      ...ADDRESS,
      externalCalendarId: 'renamed@example.com',
    })
    await from.vault.calendars.join(calendarKey, present)
    for (let time = 0; time < 2; time++) {
      await migrate(from.source(), to.target(), allProjections)
      assert.is(await to.vault.calendars.find(ADDRESS), present)
      assert.equal(await to.vault.calendars.joined(), [[calendarKey, present]])
    }
  }),
)

test(
  'shares a store with others there, and refuses streams here that this version does not know',
  withBoth(async (from, to) => {
    await appendNext(to.events, 'invoice-1', [someEvent('InvoicePaid')])
    await lived(from)
    await migrate(from.source(), to.target(), allProjections)
    await appendNext(from.events, 'future-1', [someEvent('Unheard')])
    await refusal(migrate(from.source(), to.target(), allProjections), 'CATEGORY_UNKNOWN')
  }),
)

test.run()
