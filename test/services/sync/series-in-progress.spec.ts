import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calendarFeedByKey } from '../../../projections/calendar-feeds.ts'
import { dailySeries, trackDay } from '../../support/daily-series.ts'
import { inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('A series of which some have taken place')

const DAY = 86_400_000

/** A daily series of which the first two have taken place and two are to come, each with a booking. */
async function series(sync: SyncFixture) {
  const first = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' })
  const made = await dailySeries(sync, first)
  for (let day = 0; day < 4; day++)
    await trackDay(sync, made, day, `${made.masterId}_${made.at(day).replaceAll(/[-:]/g, '')}`)
  await sync.pass(1.5 * DAY)
  await sync.settle()
  return made
}

test(
  'deleted, those that have taken place do not weigh on the brake',
  inSync({ view: false, settings: { massChangeLimit: 2, cronMs: 3_600_000 } }, async (sync) => {
    const { calendarId, calendarKey, masterId } = await series(sync)
    sync.google.delete(calendarId, masterId)
    await sync.pass(60_000)
    await sync.settle()
    assert.equal((await calendarFeedByKey(sync.ports.readStore, calendarKey))?.held ?? [], [])
    assert.equal((await sync.published()).map(({ data }) => data.bookingUid).toSorted(), ['day-2', 'day-3'])
  }),
)

test(
  'moved, those that have taken place keep the names that they had',
  inSync({ view: false, settings: { cronMs: 3_600_000 } }, async (sync) => {
    const { calendarId, masterId, at } = await series(sync)
    const { length } = await sync.eventsOf('booking')
    sync.google.drag(calendarId, masterId, { start: at(0, 60) })
    await sync.pass(60_000)
    await sync.settle()
    const since = (await sync.eventsOf('booking')).slice(length)
    const uids = new Set(since.map(({ data }) => ('bookingUid' in data ? data.bookingUid : '')))
    assert.equal([...uids].toSorted(), ['day-2', 'day-3'])
  }),
)

test.run()
