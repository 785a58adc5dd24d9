import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { ALL_WAYS, BOTH_LISTS, everyWay, inStory } from '../support/story.ts'
import { cancelled, moved, occurrenceOf, type Story } from '../support/story-words.ts'
import type { Linked } from '../support/sync-fixture.ts'

const test = suite('a meeting that the host makes repeat')

const WEEKLY = 'RRULE:FREQ=WEEKLY;COUNT=4'
const recur = (story: Story, { host, eventId }: Linked, recurrence: string[]) =>
  story.google.patch(host.calendarId, eventId, { recurrence })

everyWay(
  test,
  ALL_WAYS,
  'a meeting that repeats from now on stays, and is cancelled with its own occurrence',
  {},
  async (story) => {
    const meeting = await story.meet(await story.host())
    await story.change(() => recur(story, meeting, [WEEKLY]))
    assert.equal(await story.feed(), [])
    assert.is(await story.told(meeting), undefined)
    const first = occurrenceOf(meeting.eventId, meeting.start)
    await story.change(() => story.google.delete(meeting.host.calendarId, first))
    assert.equal(await story.feed(), [cancelled(meeting)])
  },
)

everyWay(
  test,
  ALL_WAYS,
  'other occurrences of a meeting that repeats from now on are nobody’s',
  {},
  async (story) => {
    const meeting = await story.meet(await story.host())
    const { calendarId } = meeting.host
    await story.change(() => recur(story, meeting, [WEEKLY]))
    const week = (weeks: number) => meeting.start.add({ hours: 168 * weeks })
    await story.change(() => story.google.delete(calendarId, occurrenceOf(meeting.eventId, week(1))))
    await story.change(() =>
      story.google.drag(calendarId, occurrenceOf(meeting.eventId, week(2)), {
        start: `${week(2).add({ hours: 3 })}`,
      }),
    )
    assert.equal(await story.feed(), [])
    assert.is(await story.told(meeting), undefined)
  },
)

everyWay(
  test,
  ALL_WAYS,
  'a meeting that repeats from now on moves with its own occurrence',
  {},
  async (story) => {
    const meeting = await story.meet(await story.host())
    await story.change(() => recur(story, meeting, [WEEKLY]))
    const first = occurrenceOf(meeting.eventId, meeting.start)
    const start = `${meeting.start.add({ hours: 2 })}`
    await story.change(() => story.google.drag(meeting.host.calendarId, first, { start }))
    assert.equal(await story.feed(), [moved(meeting, 120)])
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'a meeting that repeats from now on moves with its whole series',
  {},
  async (story) => {
    const meeting = await story.meet(await story.host())
    await story.change(() => recur(story, meeting, [WEEKLY]))
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    assert.equal(await story.feed(), [moved(meeting, 120)])
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'a meeting made to repeat and deleted as an occurrence before anybody looked is cancelled',
  {},
  async (story) => {
    const meeting = await story.meet(await story.host())
    await story.change(() => {
      recur(story, meeting, [WEEKLY])
      story.google.delete(meeting.host.calendarId, occurrenceOf(meeting.eventId, meeting.start))
    })
    assert.equal(await story.feed(), [cancelled(meeting)])
  },
)

everyWay(
  test,
  ALL_WAYS,
  'a meeting that repeats from now on is cancelled once its rule leaves its own day out',
  {},
  async (story) => {
    const meeting = await story.meet(await story.host())
    await story.change(() => recur(story, meeting, [WEEKLY]))
    const left = meeting.start.toString().replaceAll(/[-:]/g, '')
    await story.change(() => recur(story, meeting, [WEEKLY, `EXDATE:${left}`]))
    assert.equal(await story.feed(), [cancelled(meeting)])
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'a meeting that repeats from now on is cancelled with the whole series',
  {},
  async (story) => {
    const meeting = await story.meet(await story.host())
    await story.change(() => recur(story, meeting, [WEEKLY]))
    await story.change(() => story.google.delete(meeting.host.calendarId, meeting.eventId))
    assert.equal(await story.feed(), [cancelled(meeting)])
  },
)

test(
  'a meeting that repeats for a while and then no more is followed as before',
  inStory({}, async (story) => {
    const meeting = await story.meet(await story.host())
    await story.change(() => recur(story, meeting, [WEEKLY]))
    await story.change(() => recur(story, meeting, []))
    assert.equal(await story.feed(), [])
    assert.is(await story.told(meeting), undefined)
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    assert.equal(await story.feed(), [moved(meeting, 120)])
  }),
)

test.run()
