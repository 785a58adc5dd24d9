// What became of a published change: told by whoever carried it out, or seen in Cal.com.

import * as assert from 'uvu/assert'
import { test } from '../support/ahead.ts'
import { APPLIED, callsFail, dragsBy, latest } from '../support/applied-acts.ts'
import { eventConsumer } from '../support/event-consumer.ts'
import { inStory, type Story } from '../support/people.ts'
import { minutesPass } from '../support/story-acts.ts'

/** How many published changes wait for an outcome, as the operator sees it. */
async function waiting(story: Story): Promise<{ backlog: number | null; oldestAgeMs: number | null }> {
  const { stages } = await story.people.status()
  const { backlog = null, oldestAgeMs = null } =
    stages.find(({ stage }) => stage === 'published→applied') ?? {}
  return { backlog, oldestAgeMs }
}
/** What was recorded of a booking's outcomes, oldest first, and by whom. */
async function recorded(story: Story, uid: string) {
  const { entries } = await story.people.timeline(uid)
  return entries.filter(({ type }) => type === 'BookingOutcomeReported')
}

test(
  `the service carries a move out: its outcome is recorded once, with the new booking, and nothing waits`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    await dragsBy(story, booking, 2)
    const next = latest(story, booking)
    const outcomes = await recorded(story, booking.uid)
    assert.is(outcomes.length, 1)
    assert.match(JSON.stringify(outcomes), 'APPLIED')
    assert.match(JSON.stringify(outcomes), next.uid)
    assert.equal(await waiting(story), { backlog: 0, oldestAgeMs: null })
    await minutesPass(story, 90)
    assert.is((await recorded(story, booking.uid)).length, 1)
  }),
)

test(
  `Cal.com cannot be written to: the operator sees that a change waits, and for how long`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    callsFail(story, 1_000)
    await dragsBy(story, booking, 2)
    await minutesPass(story, 30)
    const { backlog, oldestAgeMs } = await waiting(story)
    assert.is(backlog, 1)
    assert.ok((oldestAgeMs ?? 0) >= 30 * 60_000, `${oldestAgeMs} ms`)
    assert.is((await story.people.booking(booking.uid)).agreement, 'AWAITING')
    story.calcom.endFaults()
    await minutesPass(story, 60)
    assert.is((await waiting(story)).backlog, 0)
  }),
)

test(
  `a refusal is an outcome too: nothing waits any more`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    callsFail(story, 1_000, { apiStatus: 400 })
    await dragsBy(story, booking, 2)
    await minutesPass(story, 5)
    assert.match(JSON.stringify(await recorded(story, booking.uid)), 'REFUSED')
    assert.is((await waiting(story)).backlog, 0)
  }),
)

test(
  `the last of two moves is refused after an outage: the first does not wait for an outcome either`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    callsFail(story, 1_000)
    await dragsBy(story, booking, 2)
    await dragsBy(story, booking, 5)
    assert.is((await waiting(story)).backlog, 1)
    callsFail(story, 1_000, { apiStatus: 400 })
    await minutesPass(story, 60)
    assert.is((await waiting(story)).backlog, 0)
  }),
)

for (const [how, dropWebhooks, minutes] of [
  ['as the webhook shows', 0, 5],
  ['as Cal.com shows when it is read', 1, 70],
] as const) {
  test(
    `a consumer carries a move out and reports nothing: it counts as applied, ${how}`,
    inStory({}, async (story) => {
      const booking = await story.book(await story.host())
      const { consume } = eventConsumer(story, () => false)
      await dragsBy(story, booking, 2)
      assert.is((await waiting(story)).backlog, 1)
      story.calcom.faults.dropWebhooks = dropWebhooks
      await story.during(consume())
      await minutesPass(story, minutes)
      const next = latest(story, booking)
      assert.equal(await waiting(story), { backlog: 0, oldestAgeMs: null })
      assert.is((await story.people.booking(next.uid)).agreement, 'AGREED')
      await story.people.isUntold(next.uid)
    }),
  )

  test(
    `a consumer cancels and reports nothing: it counts as applied, ${how}`,
    inStory({}, async (story) => {
      const booking = await story.book(await story.host())
      const { consume } = eventConsumer(story, () => false)
      story.google.delete(booking.host.calendarId, booking.eventId)
      await minutesPass(story, 2)
      story.calcom.faults.dropWebhooks = dropWebhooks
      await story.during(consume())
      await minutesPass(story, minutes)
      assert.equal(await waiting(story), { backlog: 0, oldestAgeMs: null })
      await story.people.isOver(booking.uid)
      await story.people.isUntold(booking.uid)
    }),
  )
}

test(
  `nobody carries a move out: it goes on waiting, and a person is told before the meeting begins`,
  inStory({}, async (story) => {
    const booking = await story.book(await story.host(), { inHours: 6 })
    await dragsBy(story, booking, 2)
    await minutesPass(story, 5 * 60)
    assert.is((await waiting(story)).backlog, 1)
    const { needsPerson } = await story.people.status()
    assert.ok(needsPerson.length > 0, 'nobody is told that nothing is carried out')
  }),
)

test.run()
