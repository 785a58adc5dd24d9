import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { RegisterCalendarSync } from '../../commands/register-calendar-sync.ts'
import {
  ALL_WAYS,
  BOTH_LISTS,
  cancelled,
  everyWay,
  inStory,
  MINUTE,
  type Story,
  type WayName,
} from '../support/story.ts'
import type { Linked } from '../support/sync-fixture.ts'

const test = suite('declines')
const grace = { settings: { cancelGraceMs: 60_000 } }
const GUEST = 'guest@example.com'
const some: readonly WayName[] = ['in the incremental list', 'after a full sync', "without Cal.com's API"]

type Answer = 'declined' | 'accepted' | 'tentative'
const responds = (story: Story, { host, eventId }: Linked, response: Answer, email?: string) =>
  story.google.respond(host.calendarId, eventId, { response, ...(email !== undefined && { email }) })

/** Adds guests in the calendar, who have accepted unless told otherwise. */
const invite = (story: Story, { host, eventId }: Linked, guests: { email: string; resource?: boolean }[]) =>
  story.change(() => {
    const attendees = story.google.get(host.calendarId, eventId).attendees ?? []
    const added = guests.map((guest) => ({ responseStatus: 'accepted' as const, ...guest }))
    story.google.patch(host.calendarId, eventId, { attendees: [...attendees, ...added] })
  })

everyWay(test, ALL_WAYS, 'a meeting that its host declines is cancelled', {}, async (story) => {
  const meeting = await story.meet(await story.host())
  await story.change(() => responds(story, meeting, 'declined'))
  assert.equal(await story.feed(), [cancelled(meeting, 'HOST_DECLINED')])
  const { status } = await story.answer(`/bookings/${meeting.uid}`)
  assert.is(status, 'CANCELLED')
})

everyWay(test, ALL_WAYS, 'a meeting that all its guests decline is cancelled', {}, async (story) => {
  const meeting = await story.meet(await story.host())
  await invite(story, meeting, [{ email: 'other@example.com' }])
  await story.change(() => responds(story, meeting, 'declined', GUEST))
  assert.equal(await story.feed(), [])
  await story.change(() => responds(story, meeting, 'declined', 'other@example.com'))
  assert.equal(await story.feed(), [cancelled(meeting, 'ALL_ATTENDEES_DECLINED')])
})

everyWay(
  test,
  ALL_WAYS,
  'a host who declines, and accepts within the grace, has done nothing',
  grace,
  async (story) => {
    const meeting = await story.meet(await story.host())
    await story.change(() => responds(story, meeting, 'declined'))
    await story.pass(20_000)
    assert.equal(await story.feed(), [])
    await story.change(() => responds(story, meeting, 'accepted'), 3 * MINUTE)
    assert.equal(await story.feed(), [])
    assert.is(await story.told(meeting), undefined)
  },
)

everyWay(
  test,
  ALL_WAYS,
  'a guest who declines, and accepts within the grace, has done nothing',
  grace,
  async (story) => {
    const meeting = await story.meet(await story.host())
    await story.change(() => responds(story, meeting, 'declined', GUEST))
    await story.pass(20_000)
    assert.equal(await story.feed(), [])
    await story.change(() => responds(story, meeting, 'accepted', GUEST), 3 * MINUTE)
    assert.equal(await story.feed(), [])
    assert.is(await story.told(meeting), undefined)
  },
)

everyWay(
  test,
  ALL_WAYS,
  'a decline that stands is carried out once the grace is over, and once only',
  grace,
  async (story) => {
    const meeting = await story.meet(await story.host())
    await story.change(() => responds(story, meeting, 'declined'))
    await story.pass(30_000)
    assert.equal(await story.feed(), [])
    await story.pass(2 * MINUTE)
    assert.equal(await story.feed(), [cancelled(meeting, 'HOST_DECLINED')])
    await story.change(() => story.google.notify(meeting.host.calendarId))
    assert.equal(await story.feed(), [cancelled(meeting, 'HOST_DECLINED')])
  },
)

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

everyWay(
  test,
  some,
  'of a series only the meeting that the host declines is cancelled',
  {},
  async (story) => {
    const host = await story.host()
    const { meetings } = await story.meetWeekly(host, 3)
    const [, middle] = meetings
    if (middle === undefined) throw new Error('no meeting')
    await story.change(() => responds(story, middle, 'declined'))
    assert.equal(await story.feed(), [cancelled(middle, 'HOST_DECLINED')])
  },
)

everyWay(test, BOTH_LISTS, 'a host who moves a meeting and declines it does not come', {}, async (story) => {
  const meeting = await story.meet(await story.host())
  await story.change(() => {
    story.drag(meeting, meeting.start.add({ hours: 2 }))
    responds(story, meeting, 'declined')
  })
  const feed = await story.feed()
  assert.equal(feed, [cancelled(meeting, 'HOST_DECLINED')])
})

everyWay(
  test,
  BOTH_LISTS,
  'more declines at once than the limit wait for the operator, who lets them',
  { settings: { massChangeLimit: 1 } },
  async (story) => {
    const host = await story.host()
    const meetings = [await story.meet(host), await story.meet(host), await story.meet(host)]
    await story.change(() => {
      for (const meeting of meetings) responds(story, meeting, 'declined')
    })
    assert.equal(await story.feed(), [])
    assert.ok((await story.needsOf(host)).length > 0)
    await story.release(host)
    assert.equal(
      await story.feedInAnyOrder(),
      meetings.map((meeting) => cancelled(meeting, 'HOST_DECLINED')).sort(),
    )
  },
)

test(
  'a decline from before the booking was followed waits for the operator',
  inStory({}, async (story) => {
    const host = await story.host()
    const { id } = story.google.insert(host.calendarId, {
      id: 'declinedbefore',
      start: { dateTime: `${story.clock.now().add({ hours: 48 })}` },
      end: { dateTime: `${story.clock.now().add({ hours: 49 })}` },
      attendees: [{ email: host.calendarId, responseStatus: 'declined' }, { email: GUEST }],
    })
    await story.settle()
    await story.pass(MINUTE)
    await story.track(host, 'late-followed', id)
    await story.settle()
    assert.equal(await story.feed(), [])
    assert.ok((await story.needs()).length > 0)
    await story.release(host)
    assert.equal(await story.feed(), ['late-followed cancelled: HOST_DECLINED'])
  }),
)

test.run()
