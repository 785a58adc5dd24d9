import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calendarSyncAggregate } from '../../../commands/aggregates.ts'
import { calendarSyncIdOf } from '../../../commands/calendar-sync-id.ts'
import { execute } from '../../../commands/execute.ts'
import { RegisterCalendarSync } from '../../../commands/register-calendar-sync.ts'
import { registerCalendarSync } from '../../../domain/calendar/sync.ts'
import { countPolled, subscriptionById } from '../../../projections/subscriptions.ts'
import { contextOf } from '../../../services/running/service-ports.ts'
import { whatNeedsPerson } from '../../../services/status/needs-person.ts'
import { type Host, inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite("Google's odd channels, and calendars under two names")

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const RENAMED = 'renamed@example.com'

const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)
const subscription = (sync: SyncFixture, { calendarKey }: Pick<Host, 'calendarKey'>) =>
  subscriptionById(sync.ports.readStore, calendarKey)
const register = (sync: SyncFixture, { userId, credentialId }: Host, externalCalendarId: string) =>
  sync.command(RegisterCalendarSync, { userId, provider: 'google', externalCalendarId, credentialId })

test(
  'pushes of a channel that was stopped are refused and change nothing',
  inSync({ channelTtlMs: 10 * MINUTE }, async (sync) => {
    sync.google.settings.push.stragglers = 20
    const host = await sync.host()
    await sync.pass(9.2 * MINUTE)
    const booking = await sync.book(host)
    const stopped = sync.google.channels().filter(({ stoppedMs }) => stoppedMs !== undefined)
    assert.ok(stopped.length > 0, 'stopped')
    const { length } = await sync.eventsOf('calendarSubscription')
    const statuses: number[] = []
    const { receive } = sync.googlePush
    sync.googlePush.receive = async (headers) => {
      const answer = await receive(headers)
      if (stopped.some(({ id }) => id === headers['x-goog-channel-id'])) statuses.push(answer.status)
      return answer
    }
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.settle()
    assert.ok(statuses.length > 0 && statuses.every((status) => status === 404), `${statuses}`)
    assert.equal(await published(sync), ['BookingRescheduled'])
    assert.is((await sync.eventsOf('calendarSubscription')).length, length)
  }),
)

for (const uriAt of ['%40', '@'] as const)
  test(
    `the resource's address is of no interest, be it written with ${uriAt}`,
    inSync({ settings: { reconcileMs: HOUR } }, async (sync) => {
      sync.google.settings.push.uriAt = uriAt
      const booking = await sync.book(await sync.host())
      sync.drag(booking, booking.start.add({ hours: 1 }))
      await sync.settle()
      assert.equal(await published(sync), ['BookingRescheduled'])
    }),
  )

test(
  'two channels of one calendar have one resource id: a change is one fetch and one decision',
  inSync({ channelTtlMs: HOUR }, async (sync) => {
    const host = await sync.host()
    const booking = await sync.book(host)
    await sync.pass(49 * MINUTE)
    const ids = sync.google.channels().map(({ resourceId }) => resourceId)
    assert.ok(ids.length >= 2 && new Set(ids).size === 1, `${ids}`)
    assert.equal(
      (await whatNeedsPerson(sync.ports)).filter(({ code }) => code === 'CALENDAR_NAMED_TWICE'),
      [],
    )
    const lists = sync.asked('list').length
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.settle()
    assert.is(sync.asked('list').length, lists + 1)
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'where a watch is answered 404 and lists work, the calendar is polled, visibly, and not suspended',
  inSync({ settings: { reconcileMs: 15 * MINUTE } }, async (sync) => {
    sync.google.faults.set({ id: 'f', methods: ['watch'], status: 404, reason: 'notFound' })
    const host = await sync.host()
    const booking = await sync.book(host)
    await sync.pass(HOUR)
    assert.is(await countPolled(sync.ports.readStore), 1)
    const found = await subscription(sync, host)
    assert.equal(
      [found?.status, found?.lastError, found?.pushRefusedForGood],
      ['PENDING', 'NOT_FOUND', false],
    )
    assert.equal(await whatNeedsPerson(sync.ports), [])
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.pass(20 * MINUTE)
    assert.equal(await published(sync), ['BookingRescheduled'])
    sync.google.faults.clear({ id: 'f' })
    await sync.pass(3 * HOUR)
    assert.is((await subscription(sync, host))?.status, 'ACTIVE')
    assert.is(await countPolled(sync.ports.readStore), 0)
  }),
)

test(
  'a channel that cannot be renewed goes on to its end, and then the calendar is polled',
  inSync({ channelTtlMs: HOUR, settings: { reconcileMs: 15 * MINUTE } }, async (sync) => {
    const host = await sync.host()
    const booking = await sync.book(host)
    sync.google.faults.set({ methods: ['watch'], status: 404, reason: 'notFound' })
    await sync.pass(2 * HOUR)
    assert.is(await countPolled(sync.ports.readStore), 1)
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.pass(20 * MINUTE)
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'an account that was renamed is followed under its former name, on the channel that it has',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const booking = await sync.book(host)
    sync.google.habits.rename(host.calendarId, RENAMED)
    sync.google.drag(RENAMED, booking.eventId, { start: booking.start.add({ hours: 1 }).toString() })
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
    await sync.pass(MINUTE)
    assert.is(sync.asked('watch').length, 1)
    assert.equal(await whatNeedsPerson(sync.ports), [])
  }),
)

test(
  'another letter case of a calendar is the same one: one key, one channel, one booking',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const booking = await sync.book(host)
    await register(sync, host, 'HOST-1@Example.com')
    await sync.settle()
    assert.is(sync.asked('watch').length, 1)
    assert.equal(await whatNeedsPerson(sync.ports), [])
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'a calendar that an older version took in as primary is told, and goes on',
  inSync({}, async (sync) => {
    const { userId, credentialId } = await sync.host()
    const calendarKey = await sync.ports.calendars.keyOf({
      provider: 'google',
      externalCalendarId: 'primary',
    })
    const calendarSyncId = calendarSyncIdOf(userId, calendarKey)
    const at = sync.clock.now().toString()
    const registration = { calendarSyncId, userId, provider: 'google', calendarKey, credentialId, at }
    await execute(sync.ports, contextOf(sync.ports, 'test'), calendarSyncAggregate, calendarSyncId, (state) =>
      registerCalendarSync(state, registration),
    )
    await sync.settle()
    const told = (await whatNeedsPerson(sync.ports)).find(({ code }) => code === 'CALENDAR_NAME_NOT_ITS_OWN')
    assert.is(told?.calendarSyncId, calendarSyncId)
    assert.is((await subscription(sync, { calendarKey }))?.status, 'ACTIVE')
  }),
)

test.run()
