import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { inStory } from '../support/story.ts'
import { cancelled, MINUTE, moved, type Story } from '../support/story-words.ts'
import type { Linked } from '../support/sync-fixture.ts'

const test = suite('Cal.com’s own calendar sync is on too')

const ownSyncRuns = async (story: Story) => {
  const changed = await story.during(story.calcom.ownSync.run())
  await story.settle()
  return changed
}
/** Bookings that take place as far as Cal.com knows. */
const accepted = (story: Story) => story.calcom.store.bookings().filter(({ status }) => status === 'accepted')
const startsOf = (story: Story) => accepted(story).map(({ start }) => Temporal.Instant.from(start).toString())
const two = { hours: 2 }

/** Cal.com's own sync moves the meeting before anybody else has seen that its event moved. */
async function movedByCalcom(story: Story): Promise<Linked> {
  const meeting = await story.meet(await story.host())
  story.drag(meeting, meeting.start.add(two))
  const [uid] = await ownSyncRuns(story)
  if (uid === undefined) throw new Error("Cal.com's own sync saw nothing")
  return { ...meeting, uid, start: meeting.start.add(two), end: meeting.end.add(two) }
}

for (const newReferences of [false, true]) {
  const naming = newReferences ? 'with its event named' : 'without an event'

  test(
    `a move that Cal.com was first to carry out is not published, and leaves one booking (${naming})`,
    inStory({}, async (story) => {
      story.calcom.ownSync.set({ newReferences })
      const { start } = await movedByCalcom(story)
      await story.pass(MINUTE)
      assert.equal(await story.feed(), [])
      await story.carryOut()
      assert.equal(startsOf(story), [`${start}`])
    }),
  )

  test(
    `the next move of a meeting that Cal.com has moved is not lost (${naming})`,
    inStory({}, async (story) => {
      story.calcom.ownSync.set({ newReferences })
      const meeting = await movedByCalcom(story)
      await story.change(() => story.drag(meeting, meeting.start.add(two)))
      await story.passHours(1.5)
      const feed = await story.feed()
      if (feed.length > 0) assert.equal(feed, [moved(meeting, 120)])
      else assert.ok(await story.told(meeting), 'neither published nor told')
    }),
  )

  test(
    `a move that was published and carried out first is none for Cal.com any more (${naming})`,
    inStory({}, async (story) => {
      story.calcom.ownSync.set({ newReferences })
      const meeting = await story.meet(await story.host())
      await story.change(() => story.drag(meeting, meeting.start.add(two)))
      await story.carryOut()
      assert.equal(await ownSyncRuns(story), [])
      assert.equal(await story.feed(), [moved(meeting, 120)])
      assert.equal(startsOf(story), [`${meeting.start.add(two)}`])
    }),
  )

  test(
    `both at once leave one booking, where the event is (${naming})`,
    inStory({}, async (story) => {
      story.calcom.ownSync.set({ on: true, everyMs: 7_000, newReferences })
      const meeting = await story.meet(await story.host())
      for (const hours of [2, 3, 5]) {
        story.drag(meeting, meeting.start.add({ hours }))
        for (let seconds = 0; seconds < 30; seconds++) {
          await story.pass(1_000)
          if (seconds % 5 === 0) await story.carryOut()
        }
      }
      story.calcom.ownSync.set({ on: false })
      await story.passHours(1.5)
      await story.carryOut()
      assert.equal(startsOf(story), [`${meeting.start.add({ hours: 5 })}`])
      const feed = await story.feed()
      assert.is(new Set(feed).size, feed.length)
    }),
  )
}

test(
  'a move whose end is pulled too is carried out with the length that the host has set',
  inStory({}, async (story) => {
    const meeting = await story.meet(await story.host())
    const [start, end] = [meeting.start.add(two), meeting.end.add({ hours: 3 })]
    story.drag(meeting, start, end)
    const [uid] = await ownSyncRuns(story)
    await story.passHours(1.5)
    const atTheEvent = { uid: uid ?? '', eventId: meeting.eventId, start, end, host: meeting.host }
    const feed = await story.feed()
    if (feed.length > 0) assert.equal(feed, [moved(atTheEvent, 0)])
    else assert.ok(await story.told(atTheEvent), 'neither published nor told')
  }),
)

test(
  'a deletion that Cal.com was first to carry out is not published',
  inStory({}, async (story) => {
    const meeting = await story.meet(await story.host())
    story.google.delete(meeting.host.calendarId, meeting.eventId)
    assert.equal(await ownSyncRuns(story), [meeting.uid])
    await story.pass(MINUTE)
    assert.equal(await story.feed(), [])
    assert.equal(accepted(story), [])
  }),
)

test(
  'a deletion that was published and carried out first is none for Cal.com any more',
  inStory({}, async (story) => {
    const meeting = await story.meet(await story.host())
    await story.change(() => story.google.delete(meeting.host.calendarId, meeting.eventId))
    await story.carryOut()
    assert.equal(await ownSyncRuns(story), [])
    assert.equal(await story.feed(), [cancelled(meeting)])
  }),
)

for (const view of [true, false])
  test(
    `the operator is told that two seem to write${view ? '' : ", without Cal.com's API"}`,
    inStory({ view }, async (story) => {
      const host = await story.host()
      story.calcom.ownSync.set({ newReferences: true })
      for (const hours of [1, 2, 3]) {
        const meeting = await story.meet(host)
        story.drag(meeting, meeting.start.add({ hours }))
        await ownSyncRuns(story)
        await story.pass(MINUTE)
      }
      const needs = (await story.needs()).filter(({ bookingUid }) => bookingUid === undefined)
      assert.is(needs.length, 1)
    }),
  )

test(
  'where only one writes nobody is told of two',
  inStory({}, async (story) => {
    const host = await story.host()
    for (const hours of [1, 2, 3]) {
      const meeting = await story.meet(host)
      await story.change(() => story.drag(meeting, meeting.start.add({ hours })))
      await story.carryOut()
    }
    assert.equal(await story.needs(), [])
  }),
)

test.run()
