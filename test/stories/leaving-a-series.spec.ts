import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { everyWay, type WayName } from '../support/story.ts'
import { cancelled, moved, occurrenceOf, type Story, threeOf } from '../support/story-words.ts'
import type { Host } from '../support/sync-fixture.ts'

const test = suite('instances that leave their series, and series of single dates')
const WAYS: readonly WayName[] = [
  'in the incremental list',
  'after a full sync',
  "without Cal.com's API",
  'with a restart in between',
]

everyWay(
  test,
  WAYS,
  'a meeting whose event left its series outlives the series, and moves by itself',
  {},
  async (story) => {
    const host = await story.host()
    const { masterId, meetings } = await story.meetWeekly(host, 3)
    const { first, second, third } = threeOf(meetings)
    await story.change(() => story.google.habits.detach(host.calendarId, second.eventId))
    assert.equal(await story.feed(), [])
    assert.is(await story.told(second), undefined)
    await story.change(() => story.google.delete(host.calendarId, masterId))
    assert.equal(await story.feedInAnyOrder(), [cancelled(first), cancelled(third)].sort())
    await story.change(() => story.drag(second, second.start.add({ hours: 2 })))
    assert.equal((await story.feed()).slice(2), [moved(second, 120)])
  },
)

everyWay(
  test,
  WAYS,
  'a meeting whose event left its series just before the series was deleted stays',
  {},
  async (story) => {
    const host = await story.host()
    const { masterId, meetings } = await story.meetWeekly(host, 3)
    const { first, second, third } = threeOf(meetings)
    await story.change(() => {
      story.google.habits.detach(host.calendarId, second.eventId)
      story.google.delete(host.calendarId, masterId)
    })
    assert.equal(await story.feedInAnyOrder(), [cancelled(first), cancelled(third)].sort())
    assert.is(await story.told(second), undefined)
  },
)

everyWay(
  test,
  ['in the incremental list', 'after a full sync'],
  'a meeting whose event left its series is cancelled when that event is deleted',
  {},
  async (story) => {
    const host = await story.host()
    const { meetings } = await story.meetWeekly(host, 3)
    const { second } = threeOf(meetings)
    await story.change(() => story.google.habits.detach(host.calendarId, second.eventId))
    await story.change(() => story.google.delete(host.calendarId, second.eventId))
    assert.equal(await story.feed(), [cancelled(second)])
  },
)

/** Three meetings on single dates that share a master without a rule. */
async function onDates(story: Story, host: Host) {
  const first = Temporal.Instant.from('2026-03-04T10:00:00Z')
  const starts = [0, 6, 13].map((days) => first.add({ hours: 24 * days }))
  const compact = (at: Temporal.Instant) => at.toString().replaceAll(/[-:]|Z/g, '')
  const rdates = (of: Temporal.Instant[]) => [`RDATE;TZID=Europe/London:${of.map(compact).join(',')}`]
  const { id } = story.google.insert(host.calendarId, {
    start: { dateTime: `${first}`, timeZone: 'Europe/London' },
    end: { dateTime: `${first.add({ minutes: 30 })}`, timeZone: 'Europe/London' },
    recurrence: rdates(starts),
  })
  const meetings = []
  for (const [at, start] of starts.entries()) {
    const further = { recurringEventId: id, originalStart: `${start}` }
    meetings.push(await story.track(host, `date-${at}`, occurrenceOf(id, start), further))
  }
  return { masterId: id, withoutLast: rdates(starts.slice(0, 2)), ...threeOf(meetings) }
}

everyWay(
  test,
  ['in the incremental list', 'after a full sync'],
  'a series of single dates ends at none of them: another title cancels nothing, a move moves one',
  {},
  async (story) => {
    const host = await story.host()
    const { masterId, second } = await onDates(story, host)
    await story.change(() => story.google.patch(host.calendarId, masterId, { summary: 'Another title' }))
    assert.equal(await story.feed(), [])
    await story.change(() => story.drag(second, second.start.add({ hours: 2 })))
    assert.equal(await story.feed(), [moved(second, 120)])
  },
)

everyWay(
  test,
  ['in the incremental list', 'after a full sync'],
  'a date taken out of a series of single dates is not lost in silence, and the others stay',
  {},
  async (story) => {
    const host = await story.host()
    const { masterId, withoutLast, first, third } = await onDates(story, host)
    await story.change(() => story.google.patch(host.calendarId, masterId, { recurrence: withoutLast }))
    await story.passHours(2)
    const feed = await story.feed()
    if (feed.length > 0) assert.equal(feed, [cancelled(third)])
    else assert.ok(await story.told(third))
    assert.is(await story.told(first), undefined)
  },
)

test.run()
