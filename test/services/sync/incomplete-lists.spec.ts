import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calendarFeedByKey } from '../../../projections/calendar-feeds.ts'
import { whatNeedsPerson } from '../../../services/status/needs-person.ts'
import { type Host, inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Lists that are incomplete, late, or say a thing twice')

const MINUTE = 60_000
const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)
const feedEvents = async (sync: SyncFixture) =>
  (await sync.eventsOf('calendarFeed')).map(({ type, data }) =>
    'code' in data ? `${type} ${data.code}` : type,
  )
const lists = (sync: SyncFixture, { calendarId }: Host) => sync.asked('list', calendarId).length
const withoutTokens = (sync: SyncFixture, { calendarId }: Host, is: boolean) =>
  sync.google.changeCalendar(calendarId, { settings: { syncTokens: !is } })

for (const full of [false, true])
  test(
    `no page ever carries a sync token${full ? ', nor did the first' : ''}: what was found is acted on, and a person told`,
    inSync({ settings: { reconcileMs: 15 * MINUTE } }, async (sync) => {
      const host = await sync.host()
      const booking = await sync.book(host)
      const other = await sync.book(host, { inHours: 50 })
      withoutTokens(sync, host, true)
      if (full) sync.google.expireSyncTokens(host.calendarId)
      sync.drag(booking, booking.start.add({ hours: 1 }))
      await sync.settle()
      assert.equal(await published(sync), ['BookingRescheduled'])
      const told = (await whatNeedsPerson(sync.ports)).map(({ code }) => code)
      assert.equal(told, ['NO_SYNC_TOKEN'])

      const before = lists(sync, host)
      await sync.pass(4 * 60 * MINUTE)
      const read = lists(sync, host) - before
      assert.ok(read >= 15 && read <= 20, `${read} lists in four hours: by time, not as fast as failures`)
      assert.is((await feedEvents(sync)).filter((one) => one.startsWith('FetchingFailed')).length, 1)

      sync.google.delete(host.calendarId, other.eventId)
      await sync.pass(16 * MINUTE)
      assert.equal(await published(sync), ['BookingRescheduled', 'BookingCancelled'])

      withoutTokens(sync, host, false)
      await sync.pass(16 * MINUTE)
      assert.is((await calendarFeedByKey(sync.ports.readStore, host.calendarKey))?.failing, undefined)
      assert.ok((await feedEvents(sync)).includes('FetchingRecovered'))
      // Nobody carries out here what was published.
      const left = new Set((await whatNeedsPerson(sync.ports)).map(({ code }) => code))
      assert.equal([...left], ['NOT_CARRIED_OUT'])
    }),
  )

test(
  'a later page fails: what the first one showed is carried out all the same',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const moved = await sync.book(host)
    const deleted = await sync.book(host, { inHours: 50 })
    sync.google.changeCalendar(host.calendarId, { settings: { pageLimit: 1 } })
    sync.google.settings.push.drop = 1
    sync.drag(moved, moved.start.add({ hours: 1 }))
    sync.google.delete(host.calendarId, deleted.eventId)
    const before = lists(sync, host)
    const { changes } = sync.ports.provider
    sync.ports.provider.changes = (request, signal) =>
      request.pageToken === undefined
        ? changes(request, signal)
        : Promise.resolve({ ok: false, code: 'UNAVAILABLE', reason: 'backendError' })
    sync.google.settings.push.drop = 0
    sync.google.notify(host.calendarId)
    await sync.pass(5 * MINUTE)
    assert.ok(lists(sync, host) > before + 2, 'it is read again and again')
    assert.equal(await published(sync), ['BookingRescheduled'])
    sync.ports.provider.changes = changes
    await sync.pass(20 * MINUTE)
    assert.equal(await published(sync), ['BookingRescheduled', 'BookingCancelled'])
  }),
)

for (const pageLimit of [undefined, 1])
  for (const order of ['stale-first', 'stale-last'] as const) {
    const where = pageLimit === 1 ? 'on two pages' : 'on one page'

    test(
      `an event is listed twice ${where}, ${order}: alive it is, and nothing is looked at or held`,
      inSync({ settings: { massChangeLimit: 1 } }, async (sync) => {
        const host = await sync.host()
        const bookings = [await sync.book(host), await sync.book(host, { inHours: 50 })]
        if (pageLimit) sync.google.changeCalendar(host.calendarId, { settings: { pageLimit } })
        const gets = sync.asked('get').length
        for (const { eventId } of bookings) sync.google.habits.listTwice(host.calendarId, eventId, order)
        await sync.settle()
        sync.google.expireSyncTokens(host.calendarId)
        await sync.pass(16 * MINUTE)
        assert.equal(await sync.published(), [])
        assert.is(sync.asked('get').length, gets)
        assert.equal((await calendarFeedByKey(sync.ports.readStore, host.calendarKey))?.held, [])
      }),
    )

    test(
      `an event is listed twice ${where}, ${order}: deleted it is, and its booking cancelled once`,
      inSync({}, async (sync) => {
        const host = await sync.host()
        const booking = await sync.book(host)
        if (pageLimit) sync.google.changeCalendar(host.calendarId, { settings: { pageLimit } })
        sync.google.delete(host.calendarId, booking.eventId)
        sync.google.habits.listTwice(host.calendarId, booking.eventId, order)
        await sync.settle()
        assert.equal(await published(sync), ['BookingCancelled'])
      }),
    )
  }

test(
  'deleted events that a full list brings back change nothing',
  inSync({ settings: { massChangeLimit: 1 } }, async (sync) => {
    const host = await sync.host()
    const gone = await sync.book(host)
    const alive = await sync.book(host, { inHours: 50 })
    sync.google.delete(host.calendarId, gone.eventId)
    await sync.settle()
    assert.equal(await published(sync), ['BookingCancelled'])
    sync.google.changeCalendar(host.calendarId, { settings: { cancelledInFullLists: true } })
    sync.google.expireSyncTokens(host.calendarId)
    const gets = sync.asked('get').length
    sync.google.notify(host.calendarId)
    await sync.settle()
    assert.equal(await published(sync), ['BookingCancelled'])
    assert.is(sync.asked('get').length, gets)
    assert.equal((await calendarFeedByKey(sync.ports.readStore, host.calendarKey))?.held, [])
    assert.equal(await sync.decisions(alive.uid), ['NO_TIME_CHANGE'])
  }),
)

test(
  'an old tombstone of an event that was restored since leaves no look and no hold',
  inSync({ settings: { massChangeLimit: 1 } }, async (sync) => {
    const host = await sync.host()
    const bookings = [await sync.book(host), await sync.book(host, { inHours: 50 })]
    const stale = bookings.map(({ eventId }) => {
      const { etag } = sync.google.get(host.calendarId, eventId)
      const older = `"${BigInt(etag?.replaceAll('"', '') ?? 0) - 2_000_000n}"`
      return { kind: 'calendar#event', id: eventId, status: 'cancelled', etag: older }
    })
    const page = sync.google.list(host.calendarId)
    sync.google.expireSyncTokens(host.calendarId)
    sync.google.script(host.calendarId, [
      { status: 410, body: { error: { code: 410, errors: [{ reason: 'fullSyncRequired' }] } } },
      { status: 200, body: { ...page, items: stale } },
    ])
    const gets = sync.asked('get').length
    sync.google.notify(host.calendarId)
    await sync.settle()
    assert.equal(await sync.published(), [])
    assert.is(sync.asked('get').length, gets)
    assert.equal((await calendarFeedByKey(sync.ports.readStore, host.calendarKey))?.held, [])
  }),
)

test(
  'an empty list after a push is asked for once more a little later',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.google.changeCalendar(booking.host.calendarId, { settings: { lateLists: 1 } })
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.pass(20_000)
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'and once only, for each push',
  inSync({ settings: { reconcileMs: 600 * MINUTE } }, async (sync) => {
    const booking = await sync.book(await sync.host())
    await sync.pass(MINUTE)
    const before = lists(sync, booking.host)
    sync.google.notify(booking.host.calendarId)
    await sync.pass(MINUTE)
    assert.is(lists(sync, booking.host) - before, 2)
    sync.google.notify(booking.host.calendarId)
    await sync.pass(MINUTE)
    assert.is(lists(sync, booking.host) - before, 4)
  }),
)

test(
  'a list that a push found full is not asked for again',
  inSync({ settings: { reconcileMs: 600 * MINUTE } }, async (sync) => {
    const booking = await sync.book(await sync.host())
    await sync.pass(MINUTE)
    const [listed, got] = [lists(sync, booking.host), sync.asked('get').length]
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.pass(MINUTE)
    assert.is(lists(sync, booking.host) - listed, 1)
    assert.is(sync.asked('get').length - got, 1)
  }),
)

test.run()
