import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  BOTH_LISTS,
  cancelled,
  everyWay,
  moved,
  occurrenceOf,
  type Story,
  type WayName,
} from '../support/story.ts'
import type { Host, Linked } from '../support/sync-fixture.ts'

const test = suite('series cut, split, and mistaken for each other')
const WAYS: readonly WayName[] = [
  'in the incremental list',
  'after a full sync',
  "without Cal.com's API",
  'with a restart in between',
]
const compact = (at: Temporal.Instant) => at.toString().replaceAll(/[-:]/g, '')

/** Four weekly meetings, and a rule that ends after the first. */
async function fourWeeks(story: Story) {
  const host = await story.host()
  const { masterId, meetings } = await story.meetWeekly(host, 4)
  const [first, second, third, fourth] = meetings
  if (!first || !second || !third || !fourth) throw new Error('four meetings are needed')
  const endsAfterFirst = [`RRULE:FREQ=WEEKLY;UNTIL=${compact(first.start.add({ hours: 24 }))}`]
  return { host, masterId, endsAfterFirst, first, second, third, fourth }
}

everyWay(
  test,
  WAYS,
  'of a series cut by another program what lives on behind the cut stays, and the rest is cancelled',
  {},
  async (story) => {
    const { host, masterId, endsAfterFirst, second, third, fourth, first } = await fourWeeks(story)
    story.google.changeCalendar(host.calendarId, { settings: { exceptionsOutlive: true } })
    await story.change(() => story.google.patch(host.calendarId, third.eventId, { summary: 'On its own' }))
    await story.change(() => story.google.patch(host.calendarId, masterId, { recurrence: endsAfterFirst }))
    assert.equal(await story.feedInAnyOrder(), [cancelled(second), cancelled(fourth)].sort())
    assert.is(await story.told(first), undefined)
    assert.is(await story.told(third), undefined)
    await story.change(() => story.drag(third, third.start.add({ hours: 2 })))
    assert.equal((await story.feed()).slice(2), [moved(third, 120)])
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'what lives on behind the cut of a series is cancelled when it is deleted itself',
  {},
  async (story) => {
    const { host, masterId, endsAfterFirst, third } = await fourWeeks(story)
    story.google.changeCalendar(host.calendarId, { settings: { exceptionsOutlive: true } })
    await story.change(() => story.google.patch(host.calendarId, third.eventId, { summary: 'On its own' }))
    await story.change(() => story.google.patch(host.calendarId, masterId, { recurrence: endsAfterFirst }))
    await story.change(() => story.google.delete(host.calendarId, third.eventId))
    assert.equal((await story.feed()).slice(2), [cancelled(third)])
  },
)

everyWay(
  test,
  WAYS,
  'a series whose rule ends before it begins cancels nothing, and the operator is told',
  {},
  async (story) => {
    const { host, masterId, first, fourth } = await fourWeeks(story)
    const recurrence = ['RRULE:FREQ=WEEKLY;UNTIL=20260101T000000Z']
    await story.change(() => story.google.habits.rewrite(host.calendarId, masterId, { recurrence }))
    assert.equal(await story.feed(), [])
    assert.ok(await story.told(first))
    assert.ok(await story.told(fourth))
  },
)

/** Two series that have nothing to do with each other but what `given` says, the first with two meetings. */
async function strangers(story: Story, given: { created?: string; oneEtag?: boolean }) {
  const host = await story.host()
  const first = Temporal.Instant.from('2026-03-04T10:00:00Z')
  const series = (id: string, start: Temporal.Instant) => ({
    id,
    summary: id,
    start: { dateTime: `${start}`, timeZone: 'Europe/London' },
    end: { dateTime: `${start.add({ minutes: 30 })}`, timeZone: 'Europe/London' },
    recurrence: ['RRULE:FREQ=WEEKLY;COUNT=4'],
    ...(given.created !== undefined && { created: given.created }),
  })
  story.google.habits.importEvents(
    host.calendarId,
    [series('ours', first), series('theirs', first.add({ hours: 5 }))],
    given.oneEtag ?? false,
  )
  await story.settle()
  const meetings: Linked[] = []
  for (const week of [0, 1]) meetings.push(await trackWeek(story, host, first, week))
  const [here, there] = meetings
  if (!here || !there) throw new Error('two meetings are needed')
  return { host, here, there }
}

const trackWeek = (story: Story, host: Host, first: Temporal.Instant, week: number) => {
  const start = first.add({ hours: 168 * week })
  const further = { recurringEventId: 'ours', originalStart: `${start}` }
  return story.track(host, `week-${week}`, occurrenceOf('ours', start), further)
}

const alike: [string, { created?: string; oneEtag?: boolean }][] = [
  ['the year 0 as their creation', { created: '0000-12-31T00:00:00.000Z' }],
  ['the year 1 as their creation', { created: '0001-01-01T00:00:00.000Z' }],
  ['the year 1900 as their creation', { created: '1900-01-01T00:00:00.000Z' }],
  ['a true instant of creation', { created: '2020-05-05T10:00:00.000Z' }],
  ['one etag', { oneEtag: true }],
]
for (const [what, given] of alike) {
  everyWay(
    test,
    BOTH_LISTS,
    `of two series that share ${what} the deleted one's meetings are cancelled`,
    {},
    async (story) => {
      const { host, here, there } = await strangers(story, given)
      await story.change(() => story.google.delete(host.calendarId, 'ours'))
      assert.equal(await story.feedInAnyOrder(), [cancelled(here), cancelled(there)].sort())
    },
  )
  everyWay(
    test,
    BOTH_LISTS,
    `of two series that share ${what} the ended one's meetings do not move onto the other`,
    {},
    async (story) => {
      const { host, here, there } = await strangers(story, given)
      await story.change(() => story.google.end(host.calendarId, there.eventId))
      assert.equal(await story.feed(), [cancelled(there)])
      assert.is(await story.told(here), undefined)
    },
  )
}

everyWay(
  test,
  BOTH_LISTS,
  'two series moved in one step, with one etag, each keep their own meetings',
  {},
  async (story) => {
    const { host, here, there } = await strangers(story, {})
    await story.change(() =>
      story.google.habits.massEdit(host.calendarId, { kind: 'shift', minutes: 60, oneEtag: true }),
    )
    assert.equal(await story.feedInAnyOrder(), [moved(here, 60), moved(there, 60)].sort())
  },
)

everyWay(
  test,
  WAYS,
  'a series split at another time goes on under a name of its own, and its meetings move with it',
  {},
  async (story) => {
    const { host, third, fourth } = await fourWeeks(story)
    const [start, end] = [third.start, third.end].map((at) => ({
      dateTime: `${at.add({ hours: 2 })}`,
      timeZone: 'Europe/London',
    }))
    if (!start || !end) throw new Error('no times')
    await story.change(() =>
      story.google.split(host.calendarId, third.eventId, { freshId: true, change: { start, end } }),
    )
    assert.equal(await story.feedInAnyOrder(), [moved(third, 120), moved(fourth, 120)].sort())
  },
)

test.run()
