import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { ALL_WAYS, BOTH_LISTS, everyWay, inStory, LONG } from '../support/story.ts'
import { cancelled, MINUTE, moved } from '../support/story-words.ts'

const test = suite('another organiser')
const gone = { email: 'stranger@elsewhere.example', formerStaysGuest: false }
const guest = { email: 'stranger@elsewhere.example', formerStaysGuest: true }

everyWay(
  test,
  ALL_WAYS,
  'a meeting given away by a host who is no guest of it is not cancelled, and the operator is told',
  {},
  async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    await story.change(
      () => story.google.habits.changeOrganiser(host.calendarId, meeting.eventId, gone),
      2 * MINUTE,
    )
    assert.equal(await story.feed(), [])
    assert.ok(await story.told(meeting))
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'a meeting given away is cancelled once the operator has let it',
  {},
  async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    await story.change(
      () => story.google.habits.changeOrganiser(host.calendarId, meeting.eventId, gone),
      2 * MINUTE,
    )
    assert.equal(await story.feed(), [])
    await story.release(host)
    assert.equal(await story.feed(), [cancelled(meeting)])
    assert.is(await story.told(meeting), undefined)
  },
)

test(
  'a meeting given away stays as it is once the operator has dropped it, whatever is read again',
  inStory({}, async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    await story.change(
      () => story.google.habits.changeOrganiser(host.calendarId, meeting.eventId, gone),
      2 * MINUTE,
    )
    assert.ok(await story.told(meeting))
    await story.discard(host)
    story.google.expireSyncTokens(host.calendarId)
    await story.change(() => story.google.notify(host.calendarId))
    assert.equal(await story.feed(), [])
  }),
)

everyWay(
  test,
  ALL_WAYS,
  'a meeting given to another followed calendar of the host goes on there, unnoticed by the guest',
  {},
  async (story) => {
    const host = await story.host()
    const second = await story.secondCalendar(host)
    const meeting = await story.meet(host)
    await story.change(() =>
      story.google.habits.changeOrganiser(host.calendarId, meeting.eventId, { ...gone, email: second }),
    )
    assert.equal(await story.feed(), [])
    assert.is(await story.told(meeting), undefined)
    await story.change(() =>
      story.google.drag(second, meeting.eventId, { start: `${meeting.start.add({ hours: 2 })}` }),
    )
    assert.equal(await story.feed(), [moved(meeting, 120)])
  },
)

test(
  'a meeting given to a colleague whose calendar is followed is not cancelled',
  inStory({}, async (story) => {
    const host = await story.host()
    const colleague = await story.host(2)
    const meeting = await story.meet(host)
    await story.change(
      () =>
        story.google.habits.changeOrganiser(host.calendarId, meeting.eventId, {
          ...gone,
          email: colleague.calendarId,
        }),
      2 * MINUTE,
    )
    assert.equal(await story.feed(), [])
  }),
)

everyWay(
  test,
  BOTH_LISTS,
  'a series given away cancels none of its bookings, and the operator is told of each',
  {},
  async (story) => {
    const host = await story.host()
    const { masterId, meetings } = await story.meetWeekly(host, 3)
    await story.change(() => story.google.habits.changeOrganiser(host.calendarId, masterId, gone), 2 * MINUTE)
    assert.equal(await story.feed(), [])
    for (const meeting of meetings) assert.ok(await story.told(meeting), meeting.eventId)
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'the bookings of a series given away are cancelled once the operator has let them',
  {},
  async (story) => {
    const host = await story.host()
    const { masterId, meetings } = await story.meetWeekly(host, 3)
    await story.change(() => story.google.habits.changeOrganiser(host.calendarId, masterId, gone), 2 * MINUTE)
    assert.equal(await story.feed(), [])
    await story.release(host)
    assert.equal(await story.feedInAnyOrder(), meetings.map((meeting) => cancelled(meeting)).sort())
  },
)

test(
  'the bookings of a series given away stay once the operator has dropped them, and nobody is told again',
  inStory(LONG, async (story) => {
    const host = await story.host()
    const { masterId, meetings } = await story.meetWeekly(host, 3)
    await story.change(() => story.google.habits.changeOrganiser(host.calendarId, masterId, gone), 2 * MINUTE)
    await story.discard(host)
    story.google.expireSyncTokens(host.calendarId)
    await story.change(() => story.google.notify(host.calendarId))
    await story.passHours(26)
    assert.equal(await story.feed(), [])
    for (const meeting of meetings) assert.is(await story.told(meeting), undefined)
  }),
)

everyWay(
  test,
  ALL_WAYS,
  'a host who stays a guest of a meeting given away is not the one who decides, and the operator is told',
  {},
  async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    await story.change(() => story.google.habits.changeOrganiser(host.calendarId, meeting.eventId, guest))
    assert.equal(await story.feed(), [])
    assert.ok(await story.told(meeting))
  },
)

test(
  'what the new organiser does with a meeting is not published, and the operator stays told',
  inStory({}, async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    await story.change(() => story.google.habits.changeOrganiser(host.calendarId, meeting.eventId, guest))
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    assert.equal(await story.feed(), [])
    assert.ok(await story.told(meeting))
  }),
)

test(
  'a host who has got a meeting back decides again, and nobody is told of it any longer',
  inStory({}, async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    const { habits } = story.google
    await story.change(() => habits.changeOrganiser(host.calendarId, meeting.eventId, guest))
    const back = { email: host.calendarId, formerStaysGuest: true }
    await story.change(() => habits.changeOrganiser(host.calendarId, meeting.eventId, back))
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    assert.equal(await story.feed(), [moved(meeting, 120)])
    assert.is(await story.told(meeting), undefined)
  }),
)

test.run()
