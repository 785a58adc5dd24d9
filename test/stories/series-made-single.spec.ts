import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { everyWay, LONG, type WayName } from '../support/story.ts'
import { cancelled, moved, type Story, threeOf } from '../support/story-words.ts'

const test = suite('a series that repeats no more')
const WAYS: readonly WayName[] = [
  'in the incremental list',
  'after a full sync',
  "without Cal.com's API",
  'with a restart in between',
]

for (const formerInstances of ['missing', 'cancelled'] as const) {
  const seen = `(its former instances are ${formerInstances})`
  const weekly = async (story: Story) => {
    const host = await story.host()
    story.google.changeCalendar(host.calendarId, { settings: { formerInstances } })
    const { masterId, meetings } = await story.meetWeekly(host, 3)
    return { host, masterId, ...threeOf(meetings) }
  }

  everyWay(
    test,
    WAYS,
    `of a series set to repeat no more the meeting at the event's time stays, the others are told ${seen}`,
    {},
    async (story) => {
      const { host, masterId, first, second, third } = await weekly(story)
      await story.change(() => story.google.patch(host.calendarId, masterId, { recurrence: [] }))
      assert.equal(await story.feed(), [])
      assert.is(await story.told(first), undefined)
      assert.equal([await story.told(second), await story.told(third)], ['SERIES_CHANGED', 'SERIES_CHANGED'])
    },
  )

  everyWay(
    test,
    WAYS,
    `the meeting that is left of a series moves with its event, and the others do not ${seen}`,
    {},
    async (story) => {
      const { host, masterId, first, second } = await weekly(story)
      await story.change(() => story.google.patch(host.calendarId, masterId, { recurrence: [] }))
      const start = `${first.start.add({ hours: 2 })}`
      await story.change(() => story.google.drag(host.calendarId, masterId, { start }))
      assert.equal(await story.feed(), [moved(first, 120)])
      assert.is(await story.told(second), 'SERIES_CHANGED')
    },
  )

  everyWay(
    test,
    WAYS,
    `the meeting that is left of a series is cancelled with its event, and the others are not ${seen}`,
    {},
    async (story) => {
      const { host, masterId, first, third } = await weekly(story)
      await story.change(() => story.google.patch(host.calendarId, masterId, { recurrence: [] }))
      await story.change(() => story.google.delete(host.calendarId, masterId))
      assert.equal(await story.feed(), [cancelled(first)])
      assert.is(await story.told(third), 'SERIES_CHANGED')
    },
  )

  everyWay(
    test,
    WAYS,
    `a series that repeats again is followed as before: all are cancelled with it ${seen}`,
    {},
    async (story) => {
      const { host, masterId, first, second, third } = await weekly(story)
      await story.change(() => story.google.patch(host.calendarId, masterId, { recurrence: [] }))
      const recurrence = ['RRULE:FREQ=WEEKLY;COUNT=3']
      await story.change(() => story.google.patch(host.calendarId, masterId, { recurrence }))
      assert.equal(await story.feed(), [])
      for (const meeting of [first, second, third]) assert.is(await story.told(meeting), undefined)
      await story.change(() => story.google.delete(host.calendarId, masterId))
      assert.equal(await story.feedInAnyOrder(), [first, second, third].map((one) => cancelled(one)).sort())
    },
  )

  everyWay(
    test,
    ['after a full sync'],
    `days after a series was set to repeat no more its former meetings are told, and nothing else ${seen}`,
    LONG,
    async (story) => {
      const { host, masterId, first, second, third } = await weekly(story)
      await story.change(() => story.google.patch(host.calendarId, masterId, { recurrence: [] }))
      await story.change(() => story.google.delete(host.calendarId, masterId))
      await story.passHours(26)
      assert.equal(await story.feed(), [cancelled(first)])
      assert.equal([await story.told(second), await story.told(third)], ['SERIES_CHANGED', 'SERIES_CHANGED'])
    },
  )
}

test.run()
