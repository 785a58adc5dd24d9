import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookingAggregate } from '../../../commands/aggregates.ts'
import { execute } from '../../../commands/execute.ts'
import { moveReference } from '../../../domain/booking/series-change.ts'
import { contextOf } from '../../../services/running/service-ports.ts'
import { open } from '../../support/booking-story.ts'
import { dailySeries, trackDay } from '../../support/daily-series.ts'
import { inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Series that were cut, and series that only look akin')

const HOUR = 3_600_000
const world = { view: false, settings: { reconcileMs: 15 * 60_000 } }

type Made = Awaited<ReturnType<typeof dailySeries>>
const nameOf = ({ masterId, at }: Made, day: number) => `${masterId}_${at(day).replaceAll(/[-:]/g, '')}`

/** A daily series of four from tomorrow on, each with a booking. */
async function series(sync: SyncFixture, recurrence?: string[]): Promise<Made> {
  const first = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: 24 })
  const made = await dailySeries(sync, first)
  if (recurrence) sync.google.patch(made.calendarId, made.masterId, { recurrence })
  for (let day = 0; day < 4; day++) await trackDay(sync, made, day, nameOf(made, day))
  await sync.settle()
  return made
}

const told = async (sync: SyncFixture) =>
  (await sync.published())
    .map(({ type, data }) => `${data.bookingUid} ${type === 'BookingCancelled' ? 'cancelled' : 'moved'}`)
    .toSorted()
const codes = async (sync: SyncFixture) =>
  Promise.all([0, 1, 2, 3].map(async (day) => (await sync.decisions(`day-${day}`)).at(-1)))

const until = (made: Made, day: number) => `UNTIL=${made.at(day).replaceAll(/[-:]/g, '')}`

for (const outlives of [true, false])
  test(
    `UNTIL set by another client, ${outlives ? 'with an exception that lives on' : 'and no exception lives on'} behind it`,
    inSync(world, async (sync) => {
      const made = await series(sync)
      sync.google.changeCalendar(made.calendarId, { settings: { exceptionsOutlive: outlives } })
      sync.google.drag(made.calendarId, nameOf(made, 2), { start: made.at(2, 60) })
      await sync.settle()
      assert.equal(await told(sync), ['day-2 moved'])
      sync.google.patch(made.calendarId, made.masterId, {
        recurrence: [`RRULE:FREQ=DAILY;${until(made, 0)}`],
      })
      await sync.settle()
      await sync.pass(2 * HOUR)
      const gone = outlives ? [] : ['day-2 cancelled']
      assert.equal(await told(sync), ['day-1 cancelled', ...gone, 'day-2 moved', 'day-3 cancelled'])
    }),
  )

test(
  'a series that ends before it begins: told, not cancelled',
  inSync(world, async (sync) => {
    const made = await series(sync)
    sync.google.patch(made.calendarId, made.masterId, { recurrence: [`RRULE:FREQ=DAILY;${until(made, -3)}`] })
    await sync.settle()
    await sync.pass(2 * HOUR)
    assert.equal(await told(sync), [])
    assert.equal(await codes(sync), Array(4).fill('SERIES_CHANGED'))
  }),
)

test(
  'a series of dates never ends at a date: those left out are told, one deleted is cancelled',
  inSync(world, async (sync) => {
    const dates = (made: Made, ...days: number[]) => [
      `RDATE:${days.map((day) => made.at(day).replaceAll(/[-:]/g, '')).join(',')}`,
    ]
    const first = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: 24 })
    const at = (day: number) => first.add({ hours: 24 * day }).toString()
    const made = await series(sync, [
      `RDATE:${[1, 2, 3].map((day) => at(day).replaceAll(/[-:]/g, '')).join(',')}`,
    ])
    sync.google.delete(made.calendarId, nameOf(made, 1))
    await sync.settle()
    assert.equal(await told(sync), ['day-1 cancelled'])
    sync.google.patch(made.calendarId, made.masterId, { recurrence: dates(made, 1, 2) })
    await sync.settle()
    await sync.pass(2 * HOUR)
    assert.equal(await told(sync), ['day-1 cancelled'])
    assert.is((await codes(sync))[3], 'SERIES_CHANGED')
  }),
)

/** Another daily series, at two hours' distance, in the same calendar. */
const stranger = ({ at }: Made, created: string | undefined) => ({
  id: 'stranger',
  ...(created !== undefined && { created }),
  start: { dateTime: at(0, -22 * 60), timeZone: 'UTC' },
  end: { dateTime: at(0, -21.5 * 60), timeZone: 'UTC' },
  recurrence: ['RRULE:FREQ=DAILY;COUNT=30'],
})

for (const full of [false, true])
  for (const created of [
    '0000-12-31T00:00:00.000Z',
    '0001-01-01T00:00:00.000Z',
    '1900-01-01T00:00:00.000Z',
    'batch',
  ])
    test(
      `a stranger with the same created (${created})${full ? ', found by a full sync' : ''}: the cut series does not go on as it`,
      inSync(world, async (sync) => {
        const made = await series(sync)
        const { calendarId, masterId } = made
        if (created === 'batch') {
          const { created: ours } = sync.google.get(calendarId, masterId)
          sync.google.habits.importEvents(calendarId, [stranger(made, ours)])
        } else {
          sync.google.habits.importEvents(calendarId, [stranger(made, created)])
          sync.google.habits.rewrite(calendarId, masterId, { created })
        }
        await sync.settle()
        sync.google.settings.push.drop = 1
        if (created !== 'batch') sync.google.patch(calendarId, 'stranger', { summary: 'Changed, too' })
        sync.google.end(calendarId, nameOf(made, 2))
        if (full) sync.google.expireSyncTokens(calendarId)
        await sync.pass(HOUR)
        assert.equal(await told(sync), ['day-2 cancelled', 'day-3 cancelled'])
      }),
    )

test(
  'a stranger that is written in one step with a series that is cut shares an etag and nothing else',
  inSync(world, async (sync) => {
    const made = await series(sync)
    const { calendarId, masterId } = made
    sync.google.habits.importEvents(calendarId, [stranger(made, '2024-05-06T07:08:09.000Z')])
    await sync.settle()
    sync.google.settings.push.drop = 1
    sync.google.end(calendarId, nameOf(made, 2))
    const { etag, updated } = sync.google.get(calendarId, masterId)
    sync.google.habits.rewrite(calendarId, 'stranger', { summary: 'Same step' })
    sync.google.loadRaw(calendarId, [
      { ...sync.google.get(calendarId, 'stranger'), ...(etag && { etag }), ...(updated && { updated }) },
    ])
    sync.google.expireSyncTokens(calendarId)
    await sync.pass(HOUR)
    assert.equal(await told(sync), ['day-2 cancelled', 'day-3 cancelled'])
  }),
)

test(
  'this and following dragged to another hour under an unrelated id: followed',
  inSync(world, async (sync) => {
    const made = await series(sync)
    const change = { start: { dateTime: made.at(2, 180) }, end: { dateTime: made.at(2, 210) } }
    sync.google.split(made.calendarId, nameOf(made, 2), { freshId: true, change })
    await sync.settle()
    assert.equal(await told(sync), ['day-2 moved', 'day-3 moved'])
  }),
)

test(
  'a fetch that broke off when one booking had been followed into the new part: so are the others',
  inSync(world, async (sync) => {
    const made = await series(sync)
    sync.google.settings.push.drop = 1
    const change = { start: { dateTime: made.at(2, 180) }, end: { dateTime: made.at(2, 210) } }
    const part = sync.google.split(made.calendarId, nameOf(made, 2), { freshId: true, change })
    const from = open(await sync.booking('day-2')).references[0]?.stored
    if (from === undefined) return assert.unreachable()
    const originalStart = made.at(2, 180)
    const externalEventId = `${part.id}_${originalStart.replaceAll(/[-:]/g, '')}`
    const to = { ...from, externalEventId, recurringEventId: part.id, originalStart }
    const at = sync.clock.now().toString()
    await execute(sync.ports, contextOf(sync.ports, 'sync-worker'), bookingAggregate, 'day-2', (state) =>
      moveReference(state, { from, to, at }),
    )
    await sync.pass(HOUR)
    assert.equal(await told(sync), ['day-2 moved', 'day-3 moved'])
  }),
)

test(
  'a series of which nothing is left since yesterday, found by a full list that lacks it: cancelled',
  inSync(world, async (sync) => {
    const first = sync.clock
      .now()
      .round({ smallestUnit: 'hour', roundingMode: 'ceil' })
      .subtract({ hours: 60 })
    const made = await dailySeries(sync, first)
    await trackDay(sync, made, 3, nameOf(made, 3))
    await sync.settle()
    sync.google.settings.push.drop = 1
    sync.google.end(made.calendarId, nameOf(made, 1))
    sync.google.expireSyncTokens(made.calendarId)
    await sync.pass(HOUR)
    assert.equal(await told(sync), ['day-3 cancelled'])
  }),
)

test(
  'this and following dragged to another day under an unrelated id: told, not cancelled',
  inSync(world, async (sync) => {
    const made = await series(sync)
    const change = { start: { dateTime: made.at(5, 180) }, end: { dateTime: made.at(5, 210) } }
    sync.google.split(made.calendarId, nameOf(made, 2), { freshId: true, change })
    await sync.settle()
    await sync.pass(2 * HOUR)
    assert.equal(await told(sync), [])
    assert.equal((await codes(sync)).slice(2), ['SERIES_CHANGED', 'SERIES_CHANGED'])
  }),
)

for (const rule of ['FREQ=WEEKLY;COUNT=4', 'FREQ=DAILY;INTERVAL=2;UNTIL=20270101T000000Z'])
  test(
    `another rule (${rule}) at another hour and day is no move: told`,
    inSync(world, async (sync) => {
      const made = await series(sync)
      const to = {
        start: { dateTime: made.at(1, 300), timeZone: 'UTC' },
        end: { dateTime: made.at(1, 330), timeZone: 'UTC' },
      }
      sync.google.patch(made.calendarId, made.masterId, { recurrence: [`RRULE:${rule}`], ...to })
      await sync.settle()
      await sync.pass(2 * HOUR)
      assert.equal(await told(sync), [])
      assert.equal(await codes(sync), Array(4).fill('SERIES_CHANGED'))
    }),
  )

test(
  'the rule of a series is asked for once, at the first look',
  inSync(world, async (sync) => {
    const made = await series(sync)
    const rules = (await sync.eventsOf('booking')).filter(({ type }) => type === 'BookingSeriesNoted')
    assert.is(rules.length, 4)
    const gets = sync.asked('get').length
    sync.google.drag(made.calendarId, nameOf(made, 1), { start: made.at(1, 60) })
    await sync.settle()
    assert.is(sync.asked('get').length - gets, 4, 'the master is listed with it: a look at each, and no more')
    assert.is((await sync.eventsOf('booking')).filter(({ type }) => type === 'BookingSeriesNoted').length, 4)
  }),
)

test.run()
