import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { everyWay, inStory, type WayName } from '../support/story.ts'
import { cancelled, MINUTE, moved } from '../support/story-words.ts'

const test = suite('lists that never end in a token')

const LISTS: readonly WayName[] = [
  'in the incremental list',
  "without Cal.com's API",
  'with a restart in between',
  'after it was moved once',
]

everyWay(
  test,
  LISTS,
  'what happens in a calendar whose lists never end in a token is carried out once, and it is told',
  {},
  async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    const other = await story.meet(host)
    story.google.changeCalendar(host.calendarId, { settings: { syncTokens: false } })
    story.google.expireSyncTokens(host.calendarId)
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    await story.change(() => story.google.delete(host.calendarId, other.eventId))
    await story.passHours(1)
    assert.equal(await story.feed(), [moved(meeting, 120), cancelled(other)])
    assert.is((await story.needsOf(host)).length, 1)
  },
)

test(
  'a calendar whose lists never end in a token is read by time, not over and over',
  inStory({}, async (story) => {
    const host = await story.host()
    await story.meet(host)
    story.google.changeCalendar(host.calendarId, { settings: { syncTokens: false } })
    story.google.expireSyncTokens(host.calendarId)
    await story.change(() => story.google.notify(host.calendarId))
    const before = story.asked('list').length
    await story.passHours(2)
    const lists = story.asked('list').length - before
    assert.ok(lists >= 2 && lists <= 12, `${lists} lists in two hours`)
  }),
)

test(
  'a calendar whose lists end in a token again is as before, and told no longer',
  inStory({}, async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    story.google.changeCalendar(host.calendarId, { settings: { syncTokens: false } })
    story.google.expireSyncTokens(host.calendarId)
    await story.change(() => story.google.notify(host.calendarId))
    await story.passHours(1)
    assert.is((await story.needsOf(host)).length, 1)
    story.google.changeCalendar(host.calendarId, { settings: { syncTokens: true } })
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    await story.pass(20 * MINUTE)
    assert.equal(await story.feed(), [moved(meeting, 120)])
    assert.equal(await story.needsOf(host), [])
  }),
)

test(
  'a new calendar whose lists never end in a token is followed all the same',
  inStory({}, async (story) => {
    const create = story.google.createCalendar
    story.google.createCalendar = (given) => create({ ...given, settings: { syncTokens: false } })
    const host = await story.host()
    const meeting = await story.meet(host)
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    assert.equal(await story.feed(), [moved(meeting, 120)])
  }),
)

test.run()
