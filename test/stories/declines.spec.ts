import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { invite, responds } from '../support/guests-answers.ts'
import { ALL_WAYS, BOTH_LISTS, everyWay, inStory, type WayName } from '../support/story.ts'
import { cancelled, MINUTE } from '../support/story-words.ts'

const test = suite('declines')
const grace = { settings: { cancelGraceMs: 60_000 } }
const GUEST = 'guest@example.com'
const some: readonly WayName[] = ['in the incremental list', 'after a full sync', "without Cal.com's API"]

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
