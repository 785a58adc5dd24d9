import * as assert from 'uvu/assert'
import { RegisterCalendarSync } from '../../commands/register-calendar-sync.ts'
import { suite } from '../support/ahead.ts'
import { invite, responds } from '../support/guests-answers.ts'
import { BOTH_LISTS, everyWay, inStory, type WayName } from '../support/story.ts'
import { cancelled } from '../support/story-words.ts'

const test = suite('answers that cancel nothing')
const GUEST = 'guest@example.com'
const some: readonly WayName[] = ['in the incremental list', 'after a full sync', "without Cal.com's API"]

everyWay(test, some, 'a guest who may come is no decline', {}, async (story) => {
  const meeting = await story.meet(await story.host())
  await story.change(() => responds(story, meeting, 'tentative', GUEST))
  await story.change(() => responds(story, meeting, 'tentative'))
  assert.equal(await story.feed(), [])
  assert.is(await story.told(meeting), undefined)
})

everyWay(test, some, 'a room that has accepted does not keep a meeting without guests', {}, async (story) => {
  const meeting = await story.meet(await story.host())
  await invite(story, meeting, [{ email: 'room@resource.calendar.google.com', resource: true }])
  await story.change(() => responds(story, meeting, 'declined', GUEST))
  assert.equal(await story.feed(), [cancelled(meeting, 'ALL_ATTENDEES_DECLINED')])
})

everyWay(test, some, 'a room that declines cancels nothing', {}, async (story) => {
  const meeting = await story.meet(await story.host())
  const room = 'room@resource.calendar.google.com'
  await invite(story, meeting, [{ email: room, resource: true }])
  await story.change(() => responds(story, meeting, 'declined', room))
  assert.equal(await story.feed(), [])
})

everyWay(
  test,
  BOTH_LISTS,
  'a host who is alone with a room that declines keeps the meeting',
  {},
  async (story) => {
    const meeting = await story.meet(await story.host())
    const attendees = (list: object[]) =>
      story.google.habits.rewrite(meeting.host.calendarId, meeting.eventId, {
        attendees: list.map((one) => ({ email: '', ...one })),
      })
    const host = { email: meeting.host.calendarId, responseStatus: 'accepted' }
    const room = { email: 'room@resource.calendar.google.com', resource: true, responseStatus: 'declined' }
    await story.change(() => attendees([host, room]))
    assert.equal(await story.feed(), [])
  },
)

everyWay(
  test,
  some,
  'a guest with a seat who declines leaves the meeting to the others to come',
  {},
  async (story) => {
    const host = await story.host()
    const { id } = story.calcom.createEventType(1, { lengthMinutes: 30, seatsPerTimeSlot: 3 })
    const start = story.clock.now().add({ hours: 30 })
    const outcome = story.calcom.book({ userId: 1, eventTypeId: id, start })
    if (!outcome.ok) throw new Error(outcome.message)
    await story.during(outcome.settled)
    await story.settle()
    const { uid, references } = outcome.booking
    const eventId = references[0]?.uid ?? ''
    if (story.ports.calcom === undefined) await story.track(host, uid, eventId)
    const meeting = { uid, eventId, start, end: start.add({ minutes: 30 }), host }
    await story.change(() => responds(story, meeting, 'declined', GUEST))
    assert.equal(await story.feed(), [])
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'a meeting of which Google leaves guests out is not taken for declined by all',
  {},
  async (story) => {
    const meeting = await story.meet(await story.host())
    const { attendees = [] } = story.google.get(meeting.host.calendarId, meeting.eventId)
    const declined = attendees.map((one) =>
      one.email === GUEST ? { ...one, responseStatus: 'declined' } : one,
    )
    await story.change(() =>
      story.google.habits.rewrite(meeting.host.calendarId, meeting.eventId, {
        attendees: JSON.parse(JSON.stringify(declined)),
        attendeesOmitted: true,
      }),
    )
    assert.equal(await story.feed(), [])
  },
)

test(
  'in a calendar of a group nobody is the host whose decline would count',
  inStory({}, async (story) => {
    const group = 'team@group.calendar.google.com'
    const host = { ...(await story.host()), calendarId: group }
    const owner = 'host-1@example.com'
    story.google.createCalendar({ id: group, owner, timeZone: 'Europe/London' })
    const { userId, credentialId } = host
    const destination = { externalCalendarId: group, credentialId }
    story.calcom.createUser({ id: 1, name: 'Host', email: owner, timeZone: 'Europe/London', destination })
    const body = { userId, provider: 'google', externalCalendarId: group, credentialId }
    await story.command(RegisterCalendarSync, body)
    await story.settle()
    const meeting = await story.meet(host)
    await story.change(() => responds(story, meeting, 'declined', owner))
    assert.equal(await story.feed(), [])
  }),
)

test.run()
