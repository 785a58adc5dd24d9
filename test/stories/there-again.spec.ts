// A meeting that is in the calendar again after its booking was cancelled for its deletion.
import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { ALL_WAYS, everyWay } from '../support/story.ts'
import { cancelled, MINUTE } from '../support/story-words.ts'

const test = suite('there again')

everyWay(
  test,
  ALL_WAYS,
  'a meeting that is back after it was cancelled is told, and told no longer once it is deleted again',
  {},
  async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    const { google } = story
    await story.change(() => google.delete(host.calendarId, meeting.eventId), 2 * MINUTE)
    await story.carryOut()
    await story.change(() => google.restoreEvent(host.calendarId, meeting.eventId), 2 * MINUTE)
    assert.is(await story.told(meeting), 'EVENT_RESTORED')
    await story.change(() => google.delete(host.calendarId, meeting.eventId), 2 * MINUTE)
    assert.equal(await story.feed(), [cancelled(meeting)])
    assert.is(await story.told(meeting), undefined)
  },
)

test.run()
