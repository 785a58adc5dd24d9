import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  BOTH_LISTS,
  cancelled,
  everyWay,
  inStory,
  MINUTE,
  moved,
  type Story,
  type WayName,
} from '../support/story.ts'
import type { Host, Linked } from '../support/sync-fixture.ts'

const test = suite('another program changes many events')
const WAYS: readonly WayName[] = [...BOTH_LISTS, "without Cal.com's API", 'with a restart in between']
const limit = (massChangeLimit: number) => ({ settings: { massChangeLimit } })

async function several(story: Story, host: Host, count: number): Promise<Linked[]> {
  const meetings: Linked[] = []
  for (let n = 0; n < count; n++) meetings.push(await story.meet(host, { inHours: 48 + n }))
  return meetings
}
const shift = (
  story: Story,
  host: Host,
  minutes: number,
  given: { events?: string[]; oneEtag?: boolean } = {},
) => story.google.habits.massEdit(host.calendarId, { kind: 'shift', minutes, ...given })
const allMoved = (meetings: readonly Linked[], minutes: number) =>
  meetings.map((meeting) => moved(meeting, minutes)).sort()

/** One thing waits for the operator about the calendar: many moves. */
async function toldOfMassMove(story: Story, { calendarId }: Host): Promise<void> {
  const needs = (await story.needs()).filter((need) => need.externalCalendarId === calendarId)
  assert.is(needs.length, 1)
  assert.match(`${needs[0]?.code} ${needs[0]?.sentence}`, 'MASS_MOVE')
}

for (const oneEtag of [false, true]) {
  const how = oneEtag ? 'in one step' : 'one after another'
  everyWay(
    test,
    WAYS,
    `more events shifted ${how} than the limit move nobody, and the operator is told`,
    limit(3),
    async (story) => {
      const host = await story.host()
      await several(story, host, 4)
      await story.change(() => shift(story, host, 60, { oneEtag }))
      assert.equal(await story.feed(), [])
      await toldOfMassMove(story, host)
    },
  )
}

test(
  'a held move is told in the timeline of its booking',
  inStory(limit(1), async (story) => {
    const host = await story.host()
    const meetings = await several(story, host, 2)
    await story.change(() => shift(story, host, 60))
    for (const { uid } of meetings) {
      const timeline = JSON.stringify(await story.answer(`/bookings/${uid}/timeline`))
      assert.ok(timeline.includes('MASS_MOVE'), timeline)
    }
  }),
)

everyWay(test, BOTH_LISTS, 'held moves go out once the operator lets them', limit(3), async (story) => {
  const host = await story.host()
  const meetings = await several(story, host, 4)
  await story.change(() => shift(story, host, 60))
  assert.equal(await story.feed(), [])
  await story.release(host)
  assert.equal(await story.feedInAnyOrder(), allMoved(meetings, 60))
  assert.equal(await story.needs(), [])
})

everyWay(
  test,
  BOTH_LISTS,
  'held moves that the operator drops are never made, and a later one is',
  limit(3),
  async (story) => {
    const host = await story.host()
    const meetings = await several(story, host, 4)
    await story.change(() => shift(story, host, 60))
    assert.equal(await story.feed(), [])
    await story.discard(host)
    story.google.expireSyncTokens(host.calendarId)
    await story.change(() => story.google.notify(host.calendarId))
    assert.equal(await story.feed(), [])
    const [first] = meetings
    if (first === undefined) throw new Error('no meeting')
    await story.change(() => story.drag(first, first.start.add({ hours: 5 })))
    assert.equal(await story.feed(), [moved(first, 300)])
  },
)

everyWay(
  test,
  WAYS,
  'held moves that the other program takes back are forgotten when they are let go',
  limit(3),
  async (story) => {
    const host = await story.host()
    await several(story, host, 4)
    await story.change(() => shift(story, host, 60))
    assert.equal(await story.feed(), [])
    await story.change(() => shift(story, host, -60))
    await story.release(host)
    assert.equal(await story.feed(), [])
    assert.equal(await story.needs(), [])
  },
)

everyWay(test, WAYS, 'as many events shifted as the limit move at once', limit(3), async (story) => {
  const host = await story.host()
  const meetings = await several(story, host, 3)
  await story.change(() => shift(story, host, 60))
  assert.equal(await story.feedInAnyOrder(), allMoved(meetings, 60))
  assert.equal(await story.needs(), [])
})

everyWay(
  test,
  BOTH_LISTS,
  'events shifted one by one within an hour are held from the limit on',
  limit(3),
  async (story) => {
    const host = await story.host()
    const meetings = await several(story, host, 4)
    for (const { eventId } of meetings) {
      await story.change(() => shift(story, host, 60, { events: [eventId] }))
      await story.pass(10 * MINUTE)
    }
    assert.equal(await story.feedInAnyOrder(), allMoved(meetings.slice(0, 3), 60))
    await toldOfMassMove(story, host)
  },
)

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
  'a long series moved as a whole is a change of many meetings, and waits',
  limit(3),
  async (story) => {
    const host = await story.host()
    const { masterId, meetings } = await story.meetWeekly(host, 4)
    const [first] = meetings
    if (first === undefined) throw new Error('no meeting')
    const start = `${first.start.add({ hours: 1 })}`
    await story.change(() => story.google.drag(host.calendarId, masterId, { start }))
    assert.equal(await story.feed(), [])
    await story.release(host)
    assert.equal(await story.feedInAnyOrder(), allMoved(meetings, 60))
  },
)

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
