import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { ALL_WAYS, BOTH_LISTS, everyWay, inStory } from '../support/story.ts'
import { cancelled, moved, occurrenceOf, threeOf } from '../support/story-words.ts'

const test = suite('moved to another calendar of the host')

everyWay(
  test,
  ALL_WAYS,
  'a meeting moved to another followed calendar of its host goes on there, unnoticed by the guest',
  {},
  async (story) => {
    const host = await story.host()
    const second = await story.secondCalendar(host)
    const meeting = await story.meet(host)
    await story.change(() => story.google.transfer(host.calendarId, meeting.eventId, second))
    assert.equal(await story.feed(), [])
    assert.is(await story.told(meeting), undefined)
    const { references } = await story.answer(`/bookings/${meeting.uid}`)
    assert.equal(
      references.map((one: { externalCalendarId: string }) => one.externalCalendarId),
      [second],
    )
    await story.change(() =>
      story.google.drag(second, meeting.eventId, { start: `${meeting.start.add({ hours: 2 })}` }),
    )
    assert.equal(await story.feed(), [moved(meeting, 120)])
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'a meeting moved to another calendar and to another time at once is moved once',
  {},
  async (story) => {
    const host = await story.host()
    const second = await story.secondCalendar(host)
    const meeting = await story.meet(host)
    await story.change(() => {
      story.google.transfer(host.calendarId, meeting.eventId, second)
      story.google.drag(second, meeting.eventId, { start: `${meeting.start.add({ hours: 2 })}` })
    })
    assert.equal(await story.feed(), [moved(meeting, 120)])
  },
)

everyWay(test, BOTH_LISTS, 'a meeting deleted in the other calendar is cancelled once', {}, async (story) => {
  const host = await story.host()
  const second = await story.secondCalendar(host)
  const meeting = await story.meet(host)
  await story.change(() => story.google.transfer(host.calendarId, meeting.eventId, second))
  await story.change(() => story.google.delete(second, meeting.eventId))
  assert.equal(await story.feed(), [cancelled(meeting)])
})

test(
  'it does not matter that the other calendar is read first',
  inStory({}, async (story) => {
    const host = await story.host()
    const second = await story.secondCalendar(host)
    const meeting = await story.meet(host)
    story.google.faults.set({ calendarId: host.calendarId, methods: ['list'], status: 503, times: 2 })
    await story.change(() => story.google.transfer(host.calendarId, meeting.eventId, second), 120_000)
    assert.equal(await story.feed(), [])
    await story.change(() =>
      story.google.drag(second, meeting.eventId, { start: `${meeting.start.add({ hours: 2 })}` }),
    )
    assert.equal(await story.feed(), [moved(meeting, 120)])
  }),
)

everyWay(
  test,
  ALL_WAYS,
  'a meeting moved to a calendar that nobody follows is cancelled',
  {},
  async (story) => {
    const host = await story.host()
    const elsewhere = await story.secondCalendar(host, { followed: false })
    const meeting = await story.meet(host)
    await story.change(() => story.google.transfer(host.calendarId, meeting.eventId, elsewhere))
    assert.equal(await story.feed(), [cancelled(meeting)])
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'a meeting that is back from such a calendar within the grace was never away',
  { settings: { cancelGraceMs: 60_000 } },
  async (story) => {
    const host = await story.host()
    const elsewhere = await story.secondCalendar(host, { followed: false })
    const meeting = await story.meet(host)
    await story.change(() => story.google.transfer(host.calendarId, meeting.eventId, elsewhere))
    await story.pass(20_000)
    await story.change(() => story.google.transfer(elsewhere, meeting.eventId, host.calendarId), 120_000)
    assert.equal(await story.feed(), [])
    assert.is(await story.told(meeting), undefined)
  },
)

everyWay(
  test,
  ['in the incremental list', 'after a full sync', "without Cal.com's API"],
  'a meeting that is back from the other followed calendar is followed in the first again',
  {},
  async (story) => {
    const host = await story.host()
    const second = await story.secondCalendar(host)
    const meeting = await story.meet(host)
    await story.change(() => story.google.transfer(host.calendarId, meeting.eventId, second))
    await story.change(() => story.google.transfer(second, meeting.eventId, host.calendarId))
    assert.equal(await story.feed(), [])
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    assert.equal(await story.feed(), [moved(meeting, 120)])
    assert.is(await story.told(meeting), undefined)
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'nothing is cancelled while the other calendar cannot be asked, and all is well once it can',
  {},
  async (story) => {
    const host = await story.host()
    const second = await story.secondCalendar(host)
    const meeting = await story.meet(host)
    story.google.faults.set({ calendarId: second, status: 503 })
    await story.change(() => story.google.transfer(host.calendarId, meeting.eventId, second))
    await story.passHours(0.5)
    assert.equal(await story.feed(), [])
    story.google.faults.clear()
    story.google.drag(second, meeting.eventId, { start: `${meeting.start.add({ hours: 2 })}` })
    await story.passHours(1)
    assert.equal(await story.feed(), [moved(meeting, 120)])
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'a whole series moved to another followed calendar goes on there',
  {},
  async (story) => {
    const host = await story.host()
    const second = await story.secondCalendar(host)
    const { masterId, meetings } = await story.meetWeekly(host, 3)
    const [, middle] = meetings
    if (middle === undefined) throw new Error('no meeting')
    await story.change(() => story.google.transfer(host.calendarId, masterId, second))
    assert.equal(await story.feed(), [])
    await story.change(() =>
      story.google.drag(second, middle.eventId, { start: `${middle.start.add({ hours: 2 })}` }),
    )
    assert.equal(await story.feed(), [moved(middle, 120)])
  },
)

everyWay(
  test,
  ALL_WAYS.filter((way) => way !== 'after it was moved once'),
  'a whole series moved to another followed calendar and to another time at once moves each of its meetings, and cancels none',
  {},
  async (story) => {
    const host = await story.host()
    const second = await story.secondCalendar(host)
    const { masterId, meetings } = await story.meetWeekly(host, 3)
    const { first, second: middle } = threeOf(meetings)
    await story.change(() => {
      story.google.transfer(host.calendarId, masterId, second)
      story.google.drag(second, masterId, { start: `${first.start.add({ hours: 2 })}` })
    })
    assert.equal(await story.feedInAnyOrder(), meetings.map((meeting) => moved(meeting, 120)).sort())
    const before = (await story.feed()).length
    const now = occurrenceOf(masterId, middle.start.add({ hours: 2 }))
    await story.change(() => story.google.delete(second, now))
    assert.equal((await story.feed()).slice(before), [cancelled(middle)])
    for (const meeting of meetings) assert.is(await story.told(meeting), undefined)
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'the rest of a series that is split off, moved to another followed calendar and to another time before anybody looks cancels nothing',
  {},
  async (story) => {
    const host = await story.host()
    const second = await story.secondCalendar(host)
    const { meetings } = await story.meetWeekly(host, 3)
    const { third } = threeOf(meetings)
    await story.change(() => {
      const rest = story.google.split(host.calendarId, third.eventId, { change: { summary: 'The rest' } })
      story.google.transfer(host.calendarId, rest.id, second)
      story.google.drag(second, rest.id, { start: `${third.start.add({ hours: 2 })}` })
    })
    assert.equal(await story.feed(), [moved(third, 120)])
  },
)

test.run()
