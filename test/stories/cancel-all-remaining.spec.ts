// A recurring booking, all of which is cancelled in Cal.com with one webhook for the first.

import * as assert from 'uvu/assert'
import { test } from '../support/ahead.ts'
import { finish } from '../support/calcom-changes.ts'
import { eventConsumer } from '../support/event-consumer.ts'
import { askedWays, inStory, type Story } from '../support/people.ts'
import {
  begins,
  bookType,
  deletes,
  deliveredAgain,
  deliveriesArrive,
  drags,
  linkedTo,
  minutesPass,
  namedByHand,
  takingPlace,
  there,
} from '../support/story-acts.ts'
import type { Linked } from '../support/sync-fixture.ts'

/** A meeting on so many days, each a booking. */
async function daily(story: Story, count: number): Promise<Linked[]> {
  const host = await story.host()
  const recurring = { frequency: 'DAILY' as const, interval: 1, count }
  const first = await bookType(story, host, { lengthMinutes: 30, recurring })
  const { recurringEventId = '' } = story.calcom.store.booking(first.uid) ?? {}
  const all = story.calcom.store.recurrences(recurringEventId).map(({ uid }) => linkedTo(story, host, uid))
  for (const one of all.slice(1)) await namedByHand(story, one)
  await minutesPass(story, 2)
  return all
}

/** Nothing was published nor held, and nobody waits for a person. */
async function isQuiet({ people }: Story): Promise<void> {
  assert.equal(await people.feed(), [])
  const { calendarFeeds, needsPerson } = await people.status()
  assert.is(calendarFeeds.withHeld, 0)
  assert.equal(needsPerson, [])
}

for (const [way, options] of askedWays) {
  for (const count of [5, 30])
    test(
      `all of ${count} meetings are cancelled with one webhook and the series is gone: nothing is published, nothing held (${way})`,
      inStory(options, async (story) => {
        const all = await daily(story, count)
        await finish(story, story.calcom.cancel(all[0]?.uid ?? '', { remaining: 'ALL' }))
        await minutesPass(story, 20)
        await isQuiet(story)
        for (const { uid } of all) await story.people.isOver(uid)
        assert.equal(takingPlace(story), [])
      }),
    )

  test(
    `the series is gone before the webhook comes: nothing is published, nothing held (${way})`,
    inStory(options, async (story) => {
      const all = await daily(story, 5)
      story.calcom.faults.holdWebhooks = true
      await finish(story, story.calcom.cancel(all[0]?.uid ?? '', { remaining: 'ALL' }))
      await minutesPass(story)
      await isQuiet(story)
      await deliveriesArrive(story)
      await minutesPass(story)
      await isQuiet(story)
    }),
  )

  test(
    `the webhook comes twice, Cal.com stores late, the service starts again: nothing is published, nothing held (${way})`,
    inStory(options, async (story) => {
      const all = await daily(story, 5)
      story.calcom.faults.doubleWebhooks = 1
      story.calcom.holds.hold(['BEFORE_CANCEL_STORED'])
      const { settled } = begins(story.calcom.cancel(all[0]?.uid ?? '', { remaining: 'ALL' }))
      await minutesPass(story, 2)
      await story.restart()
      story.calcom.holds.hold([])
      await story.during(settled)
      await minutesPass(story, 5)
      await deliveredAgain(story)
      await isQuiet(story)
      for (const { uid } of all) await story.people.isOver(uid)
    }),
  )

  test(
    `this meeting and those after it are cancelled: the earlier ones go on, what is left in the calendar tells nobody (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const all = await daily(story, 5)
      const [first, , third, fourth] = all
      if (!first || !third || !fourth) return assert.unreachable('five meetings')
      await finish(story, story.calcom.cancel(third.uid, { remaining: 'SUBSEQUENT' }))
      await minutesPass(story, 5)
      await isQuiet(story)
      await deletes(story, fourth)
      await minutesPass(story, 5)
      await isQuiet(story)
      await people.isOpen(first.uid)
      const moved = await drags(story, first, 1)
      const cancelled = await deletes(story, first)
      await minutesPass(story)
      assert.equal(await people.feed(), [moved, cancelled])
    }),
  )

  test(
    `the host has moved one meeting, then all are cancelled in Cal.com: guests hear of the move and of Cal.com's end, not of ours (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const all = await daily(story, 4)
      const [first, second] = all
      if (!first || !second) return assert.unreachable('four meetings')
      const { consume } = eventConsumer(story)
      const moved = await drags(story, second, 2)
      await story.during(consume())
      await minutesPass(story, 2)
      await finish(story, story.calcom.cancel(first.uid, { remaining: 'ALL' }))
      await minutesPass(story, 20)
      assert.equal(await people.feed(), [moved])
      assert.equal(takingPlace(story), [])
    }),
  )

  test(
    `the host deletes the whole series in the calendar: each meeting is cancelled, once (${way})`,
    inStory(options, async (story) => {
      const all = await daily(story, 4)
      const [first] = all
      const { calendarId } = there(first).host
      const { recurringEventId } = story.google.get(calendarId, there(first).eventId)
      story.google.delete(calendarId, there(recurringEventId))
      await story.settle()
      await minutesPass(story, 5)
      assert.equal((await story.people.feed()).sort(), all.map(({ uid }) => `${uid} cancelled`).sort())
    }),
  )
}

test(
  'all meetings are cancelled and nobody can be asked: what is published afterwards changes nothing for any guest',
  inStory({ view: false }, async (story) => {
    const all = await daily(story, 5)
    const { consume } = eventConsumer(story)
    await finish(story, story.calcom.cancel(all[0]?.uid ?? '', { remaining: 'ALL' }))
    const sent = story.calcom.webhooks.log.length
    await minutesPass(story, 20)
    await story.during(consume())
    await minutesPass(story, 5)
    assert.not.ok(
      (await story.people.feed()).includes(`${all[0]?.uid} cancelled`),
      'the one that was told of',
    )
    assert.is(story.calcom.webhooks.log.length, sent, 'Cal.com announced more')
    assert.equal(takingPlace(story), [])
  }),
)

test.run()
