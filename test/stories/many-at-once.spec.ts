import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { allMoved, limit, several, shift } from '../support/many-meetings.ts'
import { BOTH_LISTS, everyWay, inStory, type WayName } from '../support/story.ts'
import { cancelled, MINUTE, moved } from '../support/story-words.ts'

const test = suite('many changes that nobody has to hold')
const WAYS: readonly WayName[] = [...BOTH_LISTS, "without Cal.com's API", 'with a restart in between']

everyWay(test, WAYS, 'as many events shifted as the limit move at once', limit(3), async (story) => {
  const host = await story.host()
  const meetings = await several(story, host, 3)
  await story.change(() => shift(story, host, 60))
  assert.equal(await story.feedInAnyOrder(), allMoved(meetings, 60))
  assert.equal(await story.needs(), [])
})

everyWay(test, BOTH_LISTS, 'events shifted one by one over some hours all move', limit(3), async (story) => {
  const host = await story.host()
  const meetings = await several(story, host, 4)
  for (const { eventId } of meetings) {
    await story.change(() => shift(story, host, 60, { events: [eventId] }))
    await story.pass(25 * MINUTE)
  }
  assert.equal(await story.feedInAnyOrder(), allMoved(meetings, 60))
  assert.equal(await story.needs(), [])
})

everyWay(
  test,
  BOTH_LISTS,
  'meetings that Cal.com moved or ended itself, however many, are nothing to hold or to publish',
  limit(1),
  async (story) => {
    const host = await story.host()
    const meetings = await several(story, host, 6)
    await story.change(async () => {
      for (const [at, { uid, start }] of meetings.entries()) {
        if (at % 2 === 0) story.calcom.cancel(uid)
        else story.calcom.reschedule(uid, { start: start.add({ hours: 24 }) })
      }
      await story.during(story.calcom.idle())
    })
    assert.equal(await story.feed(), [])
    assert.equal(await story.needs(), [])
  },
)

test(
  'meetings that Cal.com ended while its webhooks were lost are nothing to hold or to publish',
  inStory(limit(1), async (story) => {
    const host = await story.host()
    const meetings = await several(story, host, 4)
    story.calcom.faults.dropWebhooks = meetings.length
    await story.change(async () => {
      for (const { uid } of meetings) story.calcom.cancel(uid)
      await story.during(story.calcom.idle())
    })
    assert.equal(await story.feed(), [])
    assert.equal(await story.needs(), [])
  }),
)

everyWay(
  test,
  BOTH_LISTS,
  'deletions and moves of one hour are held together only where each are too many',
  limit(2),
  async (story) => {
    const host = await story.host()
    const [one, other, third] = await several(story, host, 3)
    if (!one || !other || !third) throw new Error('three meetings are needed')
    await story.change(() => {
      story.google.delete(host.calendarId, one.eventId)
      story.drag(other, other.start.add({ hours: 1 }))
    })
    assert.equal(await story.feedInAnyOrder(), [cancelled(one), moved(other, 60)].sort())
    await story.change(() => story.drag(third, third.start.add({ hours: 1 })))
    assert.equal((await story.feed()).length, 3)
  },
)

test.run()
