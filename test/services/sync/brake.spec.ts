import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DiscardHeldChanges } from '../../../commands/discard-held-changes.ts'
import { ReleaseHeldChanges } from '../../../commands/release-held-changes.ts'
import { calendarFeedByKey } from '../../../projections/calendar-feeds.ts'
import type { ServicePorts } from '../../../services/running/service-ports.ts'
import { whatNeedsPerson } from '../../../services/status/needs-person.ts'
import { type Host, inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('The brake')

const HOUR = 3_600_000
const held = async (sync: SyncFixture, host: Host) =>
  (await calendarFeedByKey(sync.ports.readStore, host.calendarKey))?.held ?? []
const calendarOf = ({ calendarId }: Host) => ({ provider: 'google', externalCalendarId: calendarId })

async function bookMany(sync: SyncFixture, count: number): Promise<{ host: Host; bookings: Linked[] }> {
  const host = await sync.host()
  const bookings: Linked[] = []
  for (let made = 0; made < count; made++) bookings.push(await sync.book(host, { inHours: 48 + made }))
  return { host, bookings }
}
function deleteAll(sync: SyncFixture, bookings: readonly Linked[]): void {
  for (const { host, eventId } of bookings) sync.google.delete(host.calendarId, eventId)
}

test(
  'one more than the limit at once: all are held, none is published; released, all are',
  inSync({ settings: { massChangeLimit: 25 } }, async (sync) => {
    const { host } = await bookMany(sync, 26)
    sync.google.clear(host.calendarId)
    await sync.settle()
    assert.equal(await sync.published(), [])
    assert.is((await held(sync, host)).length, 26)
    await sync.command(ReleaseHeldChanges, calendarOf(host))
    await sync.settle()
    assert.is((await sync.published()).length, 26)
    assert.equal(await held(sync, host), [])
  }),
)

test(
  'as many as the limit pass',
  inSync({ settings: { massChangeLimit: 6 } }, async (sync) => {
    deleteAll(sync, (await bookMany(sync, 6)).bookings)
    await sync.settle()
    assert.is((await sync.published()).length, 6)
  }),
)

test(
  'the limit is counted over a sliding hour',
  inSync({ settings: { massChangeLimit: 3 } }, async (sync) => {
    const { host, bookings } = await bookMany(sync, 5)
    deleteAll(sync, bookings.slice(0, 3))
    await sync.settle()
    await sync.pass(HOUR / 2)
    deleteAll(sync, bookings.slice(3, 4))
    await sync.settle()
    assert.is((await sync.published()).length, 3)
    assert.is((await held(sync, host)).length, 1)
    await sync.command(ReleaseHeldChanges, calendarOf(host))
    await sync.pass(HOUR + 1_000)
    deleteAll(sync, bookings.slice(4))
    await sync.settle()
    assert.is((await sync.published()).length, 5)
  }),
)

test(
  'cancellations that two fetches found during the grace count together',
  inSync({ settings: { massChangeLimit: 5, cancelGraceMs: 60_000 } }, async (sync) => {
    const { host, bookings } = await bookMany(sync, 8)
    deleteAll(sync, bookings.slice(0, 4))
    await sync.pass(10_000)
    deleteAll(sync, bookings.slice(4))
    await sync.pass(300_000)
    await sync.settle()
    assert.is((await sync.published()).length, 5)
    assert.is((await held(sync, host)).length, 3)
  }),
)

test(
  'cancellations that are weighed side by side are counted one after the other',
  inSync({ settings: { massChangeLimit: 5, cancelGraceMs: 60_000 }, wrap: slowToCount }, async (sync) => {
    const { host, bookings } = await bookMany(sync, 10)
    deleteAll(sync, bookings.slice(0, 5))
    await sync.pass(10_000)
    deleteAll(sync, bookings.slice(5))
    await sync.pass(300_000)
    await sync.settle()
    assert.is((await sync.published()).length, 5)
    assert.is((await held(sync, host)).length, 5)
  }),
)

test(
  'moves that are weighed side by side pass up to the limit and no further',
  inSync({ settings: { massChangeLimit: 5 }, wrap: slowToCount }, async (sync) => {
    const { host, bookings } = await bookMany(sync, 10)
    const moveAll = (some: readonly Linked[]) => {
      for (const one of some) sync.drag(one, one.start.add({ minutes: 15 }))
    }
    moveAll(bookings.slice(0, 5))
    await sync.pass(10_000)
    moveAll(bookings.slice(5))
    await sync.pass(300_000)
    await sync.settle()
    assert.is((await sync.published()).length, 5)
    assert.is((await held(sync, host)).length, 5)
  }),
)

/** An answer that was right when it was given and takes a while to come. */
function slowToCount(ports: ServicePorts): ServicePorts {
  const { readStore, clock } = ports
  return {
    ...ports,
    readStore: {
      ...readStore,
      async count(...asked) {
        const counted = await readStore.count(...asked)
        await clock.delay(20_000)
        return counted
      },
    },
  }
}

test(
  'while a mass change waits for a person, further cancellations join it',
  inSync({ settings: { massChangeLimit: 3 } }, async (sync) => {
    const { host, bookings } = await bookMany(sync, 5)
    deleteAll(sync, bookings.slice(0, 4))
    await sync.settle()
    deleteAll(sync, bookings.slice(4))
    await sync.settle()
    assert.equal(await sync.published(), [])
    assert.is((await held(sync, host)).length, 5)
  }),
)

test(
  'discarded cancellations stay discarded, through a full sync too, but not a later change of the event',
  inSync({ settings: { massChangeLimit: 3 } }, async (sync) => {
    const { host, bookings } = await bookMany(sync, 4)
    deleteAll(sync, bookings)
    await sync.settle()
    assert.is((await held(sync, host)).length, 4)
    await sync.command(DiscardHeldChanges, calendarOf(host))
    await sync.settle()
    const [first, ...others] = bookings
    if (first === undefined) return assert.unreachable()
    assert.is((await sync.decisions(first.uid)).at(-1), 'DISCARDED')
    sync.google.expireSyncTokens(host.calendarId)
    sync.google.notify(host.calendarId)
    await sync.pass(HOUR)
    assert.equal(await held(sync, host), [])
    assert.equal(await sync.published(), [])
    sync.google.restoreEvent(host.calendarId, first.eventId)
    sync.drag(first, first.start.add({ hours: 90 }))
    await sync.settle()
    assert.equal(
      (await sync.published()).map(({ data }) => data.bookingUid),
      [first.uid],
      `${others.length} others stay`,
    )
  }),
)

test(
  'a calendar that is gone is failing, for a person to see, cancels nothing, and recovers',
  inSync({}, async (sync) => {
    const { host, bookings } = await bookMany(sync, 2)
    sync.google.changeCalendar(host.calendarId, { settings: { gone: true } as never })
    await sync.pass(HOUR)
    const feed = () => calendarFeedByKey(sync.ports.readStore, host.calendarKey)
    assert.is((await feed())?.failing?.code, 'CALENDAR_GONE')
    assert.equal(
      (await whatNeedsPerson(sync.ports)).map(({ code, calendarKey }) => [code, calendarKey]),
      [['CALENDAR_GONE', host.calendarKey]],
    )
    assert.equal(await sync.published(), [])
    sync.google.changeCalendar(host.calendarId, { settings: { gone: false } as never })
    await sync.pass(HOUR)
    assert.is((await feed())?.failing, undefined)
    const [first] = bookings
    if (first) sync.drag(first, first.start.add({ hours: 1 }))
    await sync.settle()
    assert.is((await sync.published()).length, 1)
  }),
)

test.run()
