import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { allMoved, limit, several, shift } from '../support/many-meetings.ts'
import { BOTH_LISTS, everyWay, inStory, type WayName } from '../support/story.ts'
import { MINUTE, moved, type Story } from '../support/story-words.ts'
import type { Host } from '../support/sync-fixture.ts'

const test = suite('another program changes many events')
const WAYS: readonly WayName[] = [...BOTH_LISTS, "without Cal.com's API", 'with a restart in between']

/** One thing waits for the operator about the calendar: many moves. */
async function toldOfMassMove(story: Story, { calendarId }: Host): Promise<void> {
  const needs = (await story.needs()).filter((need) => need.externalCalendarId === calendarId)
  assert.is(needs.length, 1)
  assert.is(needs[0]?.code, 'MASS_MOVE')
  assert.match(
    needs[0]?.sentence ?? '',
    'held in this calendar: more bookings of this calendar were moved at once',
  )
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

test.run()
