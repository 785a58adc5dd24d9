import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { finish, kindOf } from '../../support/calcom-changes.ts'
import { inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('An end that Cal.com announces before it has stored it')

const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)

for (const lag of [250, 20_000, 50_000, 90_000])
  test(
    `and stores ${lag} ms later is believed: nothing is published, before or after`,
    inSync({}, async (sync) => {
      const booking = await sync.book(await sync.host())
      sync.calcom.settings.beforeCancelStoredMs = lag
      sync.calcom.faults.doubleWebhooks = 1
      await finish(sync, sync.calcom.cancel(booking.uid))
      await sync.pass(120_000)
      assert.is(await kindOf(sync, booking.uid), 'CANCELLED_IN_CALCOM')
      assert.equal(await published(sync), [])
    }),
  )

test(
  'lets nothing be published while Cal.com is asked, and a move of meanwhile afterwards, where it was not so',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    await sync.during(
      sync.intake.receive({
        trigger: 'BOOKING_CANCELLED',
        bookingUid: booking.uid,
        requestReschedule: false,
      }),
    )
    sync.drag(booking, booking.start.add({ hours: 2 }))
    await sync.pass(50_000)
    assert.equal(await published(sync), [])
    await sync.pass(60_000)
    assert.is(await kindOf(sync, booking.uid), 'OPEN')
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'while the API is down closes nothing and publishes nothing, until it answers',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.calcom.faults.apiDown = true
    await finish(sync, sync.calcom.cancel(booking.uid))
    await sync.pass(10 * 60_000)
    assert.is(await kindOf(sync, booking.uid), 'OPEN')
    assert.equal(await published(sync), [])
    sync.calcom.faults.apiDown = false
    await sync.pass(16 * 60_000)
    assert.is(await kindOf(sync, booking.uid), 'CANCELLED_IN_CALCOM')
    assert.equal(await published(sync), [])
  }),
)

for (const failure of ['HTML', 'TRUNCATED'] as const)
  test(
    `is asked for again where the answer is ${failure} with status 200`,
    inSync({}, async (sync) => {
      const booking = await sync.book(await sync.host())
      Object.assign(sync.calcom.faults, { apiFailures: 3, apiFailure: failure })
      await finish(sync, sync.calcom.cancel(booking.uid))
      await sync.pass(120_000)
      assert.is(await kindOf(sync, booking.uid), 'CANCELLED_IN_CALCOM')
      assert.equal(await published(sync), [])
    }),
  )

test.run()
