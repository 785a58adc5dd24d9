import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dailySeries, trackDay } from '../../support/daily-series.ts'
import { inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Bookings linked by their series and original start, under the name of the series')

const DAY = 86_400_000
const settings = { cronMs: 3_600_000 }

/** A daily series of four. Whatever `passed` days leave to come is linked, then looked at. */
async function series(sync: SyncFixture, passed = 0) {
  const first = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: 1 })
  const made = await dailySeries(sync, first)
  await sync.pass(passed * DAY)
  for (let day = passed; day < 4; day++) await trackDay(sync, made, day, made.masterId)
  await sync.settle()
  const told = async () => {
    await sync.pass(60_000)
    await sync.settle()
    return (await sync.published())
      .map(({ type, data }) =>
        type === 'BookingRescheduled'
          ? `${data.bookingUid} ${data.next.start}`
          : `${data.bookingUid} cancelled`,
      )
      .toSorted()
  }
  return { ...made, told }
}

test(
  'the first look is at the instance, not at the first of the series',
  inSync({ view: false, settings }, async (sync) => {
    await series(sync)
    for (const day of [0, 1, 2, 3])
      assert.equal(await sync.decisions(`day-${day}`), ['NO_TIME_CHANGE'], `day ${day}`)
  }),
)

test(
  'this and following removed: only those are cancelled, and none is moved to the first of the series',
  inSync({ view: false, settings }, async (sync) => {
    const { calendarId, masterId, at, told } = await series(sync)
    sync.google.patch(calendarId, masterId, {
      recurrence: [`RRULE:FREQ=DAILY;UNTIL=${at(1, 60).replaceAll(/[-:]/g, '')}`],
    })
    assert.equal(await told(), ['day-2 cancelled', 'day-3 cancelled'])
  }),
)

test(
  'one instance removed: its booking is cancelled',
  inSync({ view: false, settings }, async (sync) => {
    const { calendarId, masterId, at, told } = await series(sync)
    sync.google.delete(calendarId, `${masterId}_${at(2).replaceAll(/[-:]/g, '')}`)
    assert.equal(await told(), ['day-2 cancelled'])
  }),
)

test(
  'a series that has begun moved: those to come move, though the series itself is in the past',
  inSync({ view: false, settings }, async (sync) => {
    const { calendarId, masterId, at, told } = await series(sync, 2)
    sync.google.drag(calendarId, masterId, { start: at(0, 60) })
    assert.equal(await told(), [`day-2 ${at(2, 60)}`, `day-3 ${at(3, 60)}`])
  }),
)

test(
  'the series deleted: all are cancelled',
  inSync({ view: false, settings }, async (sync) => {
    const { calendarId, masterId, told } = await series(sync)
    sync.google.delete(calendarId, masterId)
    assert.equal(
      await told(),
      [0, 1, 2, 3].map((day) => `day-${day} cancelled`),
    )
  }),
)

test.run()
