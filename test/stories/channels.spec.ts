import * as assert from 'uvu/assert'
import { RegisterSelectedCalendar } from '../../commands/register-selected-calendar.ts'
import { suite } from '../support/ahead.ts'
import { inStory } from '../support/story.ts'
import { HOUR, MINUTE, moved, type Story } from '../support/story-words.ts'
import type { Host } from '../support/sync-fixture.ts'

const test = suite('channels that behave as Google’s do')

const subscriptionOf = async (story: Story, { calendarId }: Host) => {
  const { items } = await story.answer('/subscriptions')
  return items.find((one: { externalCalendarId: string }) => one.externalCalendarId === calendarId)
}
const openChannels = (story: Story) =>
  story.google
    .channels()
    .filter(({ stoppedMs, expiration }) => stoppedMs === undefined && expiration > story.google.nowMs())

test(
  'pushes that go on after a calendar is followed no longer are harmless',
  inStory({}, async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    story.google.settings.push.stragglers = 5
    const { items } = await story.answer('/calendar-syncs')
    await story.operate('RemoveCalendarSync', { calendarSyncId: items[0].calendarSyncId })
    await story.pass(2 * MINUTE)
    assert.equal(openChannels(story), [])
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    await story.pass(MINUTE)
    assert.equal(await story.feed(), [])
    assert.equal(await story.needs(), [])
  }),
)

test(
  'pushes that go on after a channel was replaced lead to nothing twice',
  inStory({ channelTtlMs: HOUR }, async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    story.google.settings.push.stragglers = 20
    await story.pass(65 * MINUTE)
    assert.ok(story.google.channels().length > 1, 'the channel was not replaced')
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    await story.pass(2 * MINUTE)
    assert.equal(await story.feed(), [moved(meeting, 120)])
    assert.equal(await story.needs(), [])
  }),
)

test(
  'a calendar that two users look at, one of them for conflicts only, moves its meetings once',
  inStory({}, async (story) => {
    const host = await story.host()
    const other = await story.host(2)
    const meeting = await story.meet(host)
    story.google.changeCalendar(host.calendarId, { sharedWith: [other.calendarId] })
    await story.command(RegisterSelectedCalendar, {
      userId: other.userId,
      provider: 'google',
      externalCalendarId: host.calendarId,
      credentialId: other.credentialId,
    })
    await story.settle()
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    assert.equal(await story.feed(), [moved(meeting, 120)])
    assert.equal(await story.needs(), [])
  }),
)

test(
  'a push on a channel of somebody else’s, of the same calendar and so the same resource, is refused and changes nothing',
  inStory({}, async (story) => {
    const host = await story.host()
    await story.meet(host)
    const lists = story.asked('list').length
    const headers = {
      'x-goog-channel-id': 'channel-of-another-program',
      'x-goog-message-number': '4711',
      'x-goog-resource-id': openChannels(story)[0]?.resourceId ?? '',
      'x-goog-resource-state': 'exists',
      'x-goog-resource-uri': 'https://www.googleapis.com/calendar/v3/calendars/x/events?alt=json',
    }
    const { status } = await story.googlePush.receive(headers)
    await story.settle()
    assert.is(status, 404)
    assert.is(story.asked('list').length, lists)
    assert.equal(await story.needs(), [])
  }),
)

for (const uriAt of ['%40', '@'] as const)
  test(
    `pushes whose address is written with ${uriAt} are heard`,
    inStory({}, async (story) => {
      story.google.settings.push.uriAt = uriAt
      const host = await story.host()
      const meeting = await story.meet(host)
      await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
      assert.equal(await story.feed(), [moved(meeting, 120)])
      assert.equal(await story.needs(), [])
    }),
  )

test(
  'a calendar that cannot be watched any more is read by time, which is seen, and it is not suspended',
  inStory({ channelTtlMs: HOUR }, async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    story.google.faults.set({ calendarId: host.calendarId, methods: ['watch'], status: 404 })
    await story.passHours(1.5)
    assert.equal(openChannels(story), [])
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    await story.pass(16 * MINUTE)
    await story.settle()
    assert.equal(await story.feed(), [moved(meeting, 120)])
    const { status, lastError, polledOnly } = await subscriptionOf(story, host)
    assert.is.not(status, 'SUSPENDED')
    assert.ok(lastError !== null || polledOnly, 'nothing shows that it is polled')
  }),
)

test(
  'a calendar that could not be watched for a while is watched again',
  inStory({ channelTtlMs: HOUR }, async (story) => {
    const host = await story.host()
    await story.meet(host)
    const { id } = story.google.faults.set({ calendarId: host.calendarId, methods: ['watch'], status: 404 })
    await story.passHours(2)
    assert.equal(openChannels(story), [])
    story.google.faults.clear({ id })
    await story.passHours(3)
    assert.is(openChannels(story).length > 0, true)
    assert.is((await subscriptionOf(story, host)).status, 'ACTIVE')
  }),
)

test(
  'a calendar that could never be watched is followed by reading',
  inStory({}, async (story) => {
    story.google.faults.set({ methods: ['watch'], status: 404 })
    const host = await story.host()
    const meeting = await story.meet(host)
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    await story.pass(16 * MINUTE)
    await story.settle()
    assert.equal(await story.feed(), [moved(meeting, 120)])
  }),
)

test.run()
