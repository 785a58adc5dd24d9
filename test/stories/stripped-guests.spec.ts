import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { several } from '../support/many-meetings.ts'
import { BOTH_LISTS, everyWay, inStory, type WayName } from '../support/story.ts'
import { MINUTE, moved } from '../support/story-words.ts'

const test = suite('events that lose all their guests')
const WAYS: readonly WayName[] = [...BOTH_LISTS, "without Cal.com's API", 'with a restart in between']

everyWay(
  test,
  WAYS,
  'a meeting whose guests were all taken out is not cancelled, and the operator is told',
  {},
  async (story) => {
    const host = await story.host()
    const [one, other] = await several(story, host, 2)
    if (!one || !other) throw new Error('two meetings are needed')
    await story.change(() => story.google.habits.massEdit(host.calendarId, { kind: 'strip-guests' }))
    assert.equal(await story.feed(), [])
    assert.ok(await story.told(one))
    assert.ok(await story.told(other))
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'a meeting that never had guests in the calendar is nothing to tell',
  {},
  async (story) => {
    const host = await story.host()
    const start = story.clock.now().add({ hours: 30 })
    const { id } = story.google.insert(host.calendarId, {
      start: { dateTime: `${start}` },
      end: { dateTime: `${start.add({ minutes: 30 })}` },
    })
    await story.pass(MINUTE)
    const meeting = await story.track(host, 'without-guests', id)
    await story.change(() => story.google.patch(host.calendarId, id, { summary: 'Another title' }))
    assert.equal(await story.feed(), [])
    assert.is(await story.told(meeting), undefined)
  },
)

test(
  'a meeting whose guests were taken out moves on, and is told no longer once a guest is back',
  inStory({}, async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    const attendees = story.google.get(host.calendarId, meeting.eventId).attendees ?? []
    await story.change(() => story.google.habits.massEdit(host.calendarId, { kind: 'strip-guests' }))
    assert.ok(await story.told(meeting))
    await story.change(() => story.google.patch(host.calendarId, meeting.eventId, { attendees }))
    assert.is(await story.told(meeting), undefined)
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 1 })))
    assert.equal(await story.feed(), [moved(meeting, 60)])
  }),
)

test.run()
