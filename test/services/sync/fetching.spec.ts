import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CalendarProvider } from '../../../ports/calendar-provider.ts'
import { calendarFeedByKey } from '../../../projections/calendar-feeds.ts'
import type { ServicePorts } from '../../../services/running/service-ports.ts'
import { type Host, inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Fetching a calendar')

const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)
const feedEvents = async (sync: SyncFixture) => (await sync.eventsOf('calendarFeed')).map(({ type }) => type)
const lists = (sync: SyncFixture, { calendarId }: Host) => sync.asked('list', calendarId).length

async function bookMany(sync: SyncFixture, count: number) {
  const host = await sync.host()
  const bookings: Linked[] = []
  for (let made = 0; made < count; made++) bookings.push(await sync.book(host, { inHours: 48 + made }))
  return { host, bookings }
}

test(
  'an empty page in the middle is not the end',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.google.faults.set({ methods: ['list'], times: 1, emptyPage: true })
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

for (const [name, expire] of [
  [
    'an expired token (410)',
    (sync: SyncFixture, host: Host) => sync.google.expireSyncTokens(host.calendarId),
  ],
  [
    'a malformed token (400)',
    (sync: SyncFixture) =>
      void sync.google.faults.set({ methods: ['list'], times: 1, status: 400, reason: 'invalid' }),
  ],
] as const)
  test(
    `${name} is recorded, and a full sync finds what was deleted meanwhile`,
    inSync({}, async (sync) => {
      const { host, bookings } = await bookMany(sync, 3)
      sync.google.settings.push.drop = 1
      const [gone, moved, same] = bookings
      if (!gone || !moved || !same) return assert.unreachable()
      sync.google.delete(host.calendarId, gone.eventId)
      sync.drag(moved, moved.start.add({ hours: 12 }))
      expire(sync, host)
      await sync.pass(1_000_000)
      assert.equal(await feedEvents(sync), ['FullSyncCompleted', 'SyncTokenExpired', 'FullSyncCompleted'])
      assert.is((await sync.decisions(gone.uid)).at(-1), 'BookingCancelled')
      assert.is((await sync.decisions(moved.uid)).at(-1), 'BookingRescheduled')
      assert.equal(await sync.decisions(same.uid), ['NO_TIME_CHANGE'])
    }),
  )

test(
  'what a full list lacks is looked at before it counts as gone: more than the brake allows, and all are there',
  inSync({ settings: { massChangeLimit: 3 } }, async (sync) => {
    const { host } = await bookMany(sync, 5)
    const page = sync.google.list(host.calendarId)
    sync.google.faults.set({ methods: ['list'], times: 1, status: 410, reason: 'fullSyncRequired' })
    sync.google.script(host.calendarId, [{ status: 200, body: { ...page, items: [] } }])
    sync.google.notify(host.calendarId)
    await sync.settle()
    assert.equal(await sync.published(), [])
    assert.equal((await calendarFeedByKey(sync.ports.readStore, host.calendarKey))?.held, [])
    assert.ok(sync.asked('get').length >= 5)
  }),
)

test(
  'what a full list lacks and is gone indeed is held, where it is more than the brake allows',
  inSync({ settings: { massChangeLimit: 3 } }, async (sync) => {
    const { host } = await bookMany(sync, 5)
    sync.google.settings.push.drop = 1
    sync.google.clear(host.calendarId)
    sync.google.expireSyncTokens(host.calendarId)
    await sync.pass(1_000_000)
    assert.equal(await sync.published(), [])
    assert.is((await calendarFeedByKey(sync.ports.readStore, host.calendarKey))?.held.length, 5)
  }),
)

/** Cuts the first list after `armed` in two pages, of which the second comes as `second` says. */
function cutInTwo(
  armed: { is: boolean },
  second: (real: () => ReturnType<CalendarProvider['changes']>) => ReturnType<CalendarProvider['changes']>,
) {
  return (ports: ServicePorts): ServicePorts => {
    let kept: Awaited<ReturnType<CalendarProvider['changes']>> | undefined
    const changes: CalendarProvider['changes'] = async (request, signal) => {
      if (request.pageToken === 'second')
        return second(async () =>
          kept?.ok ? { ok: true, value: { ...kept.value, events: [] } } : { ok: false, code: 'UNAVAILABLE' },
        )
      const answer = await ports.provider.changes(request, signal)
      if (!answer.ok || !armed.is) return answer
      kept = answer
      return { ok: true, value: { events: answer.value.events, nextPageToken: 'second' } }
    }
    return { ...ports, provider: { ...ports.provider, changes } }
  }
}

const crashing = { is: false }
test(
  'a fetch that breaks off after its first page begins again from the old token, and nothing is doubled',
  inSync(
    {
      wrap: cutInTwo(crashing, () => {
        crashing.is = false
        throw new Error('broken off')
      }),
    },
    async (sync) => {
      const { bookings } = await bookMany(sync, 2)
      const [moved, same] = bookings
      if (!moved || !same) return assert.unreachable()
      crashing.is = true
      sync.drag(moved, moved.start.add({ hours: 12 }))
      sync.google.patch(same.host.calendarId, same.eventId, { summary: 'Another' })
      await sync.settle()
      assert.equal(await published(sync), ['BookingRescheduled'])
      assert.equal(await sync.decisions(same.uid), ['NO_TIME_CHANGE', 'NO_TIME_CHANGE'])
      const failures = sync.logged.filter(({ level, code }) => level === 'error' && code === 'UNEXPECTED')
      assert.is(failures.length, 1)
    },
  ),
)

const losing = { is: false }
test(
  'a worker that has lost its lease decides nothing more, and another does once',
  inSync(
    {
      wrap(ports) {
        const lost = cutInTwo(losing, async (real) => {
          await ports.clock.delay(losing.is ? 45_000 : 0)
          losing.is = false
          return real()
        })(ports)
        const renew: typeof ports.queue.renew = async (lease, leaseMs) =>
          losing.is && lease.kind === 'calendar' ? false : ports.queue.renew(lease, leaseMs)
        return { ...lost, queue: { ...ports.queue, renew } }
      },
    },
    async (sync) => {
      const { bookings } = await bookMany(sync, 1)
      const [moved] = bookings
      if (!moved) return assert.unreachable()
      losing.is = true
      sync.drag(moved, moved.start.add({ hours: 12 }))
      await sync.pass(50_000)
      assert.equal(await sync.published(), [], 'the lease ran out')
      await sync.pass(60_000)
      assert.equal(await published(sync), ['BookingRescheduled'])
    },
  ),
)

test(
  'a lease is renewed while the work takes longer than it',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const before = lists(sync, booking.host)
    sync.google.faults.set({ methods: ['list'], times: 1, delayMs: 200_000 })
    sync.drag(booking, booking.start.add({ hours: 12 }))
    await sync.pass(250_000)
    assert.equal(await published(sync), ['BookingRescheduled'])
    assert.is(lists(sync, booking.host) - before, 1)
  }),
)

test(
  'a burst of pushes is one fetch',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const before = lists(sync, booking.host)
    for (let push = 0; push < 50; push++) sync.google.notify(booking.host.calendarId)
    await sync.settle()
    assert.is(lists(sync, booking.host) - before, 1)
  }),
)

test(
  'pushes during a fetch cause exactly one more',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const before = lists(sync, booking.host)
    sync.google.faults.set({ methods: ['list'], times: 1, delayMs: 10_000 })
    sync.google.notify(booking.host.calendarId)
    await sync.pass(5_000)
    sync.drag(booking, booking.start.add({ hours: 12 }))
    sync.google.notify(booking.host.calendarId)
    await sync.pass(20_000)
    assert.is(lists(sync, booking.host) - before, 2)
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'a steady stream of pushes does not starve the calendar',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.drag(booking, booking.start.add({ hours: 12 }))
    for (let second = 0; second < 8; second++) {
      sync.google.notify(booking.host.calendarId)
      await sync.pass(500)
    }
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'failures are recorded as a change of state, not one a try, and recovery too',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.google.faults.set({ id: 'f', methods: ['list'], reason: 'backendError' })
    sync.drag(booking, booking.start.add({ hours: 12 }))
    await sync.pass(1_800_000)
    assert.equal(await feedEvents(sync), ['FullSyncCompleted', 'FetchingFailed'])
    sync.google.faults.clear({ id: 'f' })
    await sync.pass(1_000_000)
    assert.equal(await feedEvents(sync), ['FullSyncCompleted', 'FetchingFailed', 'FetchingRecovered'])
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test.run()
