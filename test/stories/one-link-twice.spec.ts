// A guest reschedules by an old link that was used already: two bookings are accepted, and name one event.

import * as assert from 'uvu/assert'
import { SetSyncPolicy } from '../../commands/set-sync-policy.ts'
import { test } from '../support/ahead.ts'
import { finish } from '../support/calcom-changes.ts'
import { eventConsumer } from '../support/event-consumer.ts'
import { askedWays, inStory, type Story, ways } from '../support/people.ts'
import {
  bookType,
  deletes,
  deliveredAgain,
  deliveriesArrive,
  drags,
  later,
  linkedTo,
  minutesPass,
  namedByHand,
  takingPlace,
  there,
} from '../support/story-acts.ts'

/** The first link is used for a day later, then for two days later, where the event is then. */
async function usedTwice(story: Story, between: () => Promise<void> = async () => {}) {
  story.calcom.settings.oldLinks = 'open'
  const host = await story.host()
  const first = await bookType(story, host, { lengthMinutes: 30 })
  const to = async (hours: number) => {
    const uid = await finish(story, story.calcom.reschedule(first.uid, { start: later(first, hours) }))
    const made = linkedTo(story, host, uid)
    await namedByHand(story, made)
    await minutesPass(story, 2)
    return made
  }
  const second = await to(24)
  await between()
  const third = await to(48)
  await minutesPass(story, 10)
  assert.is(second.eventId, third.eventId, 'the stand-in gives both the one event')
  return { first, second, third }
}

for (const [way, options] of ways) {
  test(
    `one link is used twice: nothing is published, the older booking is shown to a person, the newer one follows the event (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const { second, third } = await usedTwice(story)
      assert.equal(await people.feed(), [])
      await people.isOpen(second.uid)
      await people.isOpen(third.uid)
      await people.isTold(second.uid, 'EVENT_SHARED')
      await people.isUntold(third.uid)
    }),
  )

  test(
    `one link is used twice and the host deletes the event: only the newer booking is cancelled (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const { second, third } = await usedTwice(story)
      const cancelled = await deletes(story, third)
      await minutesPass(story, 10)
      assert.equal(await people.feed(), [cancelled])
      await people.isOpen(second.uid)
      await people.isTold(second.uid, 'EVENT_SHARED')
    }),
  )

  test(
    `one link is used twice and the host deletes the event: the older booking stays, whenever it is looked at after that (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const { second, third } = await usedTwice(story)
      const cancelled = await deletes(story, third)
      await story.during(eventConsumer(story).consume())
      await story.command(SetSyncPolicy, { mode: 'apply' })
      await minutesPass(story)
      assert.equal(await people.feed(), [cancelled])
      await people.isOpen(second.uid)
      await people.isTold(second.uid, 'EVENT_SHARED')
    }),
  )

  for (const [ended, left] of [
    ['older', 'newer'],
    ['newer', 'older'],
  ] as const)
    test(
      `one link is used twice and Cal.com cancels the ${ended} booking, and with it the event of both: the ${left} stays, and a person is told (${way})`,
      inStory(options, async (story) => {
        const { people } = story
        const { second, third } = await usedTwice(story)
        const [over, stays] = ended === 'older' ? [second, third] : [third, second]
        await finish(story, story.calcom.cancel(over.uid))
        await minutesPass(story, 10)
        await story.command(SetSyncPolicy, { mode: 'apply' })
        await minutesPass(story)
        assert.equal(await people.feed(), [])
        await people.isOpen(stays.uid)
        await people.isTold(stays.uid, 'EVENT_SHARED')
      }),
    )

  test(
    `one link is used twice and the host moves the event: only the newer booking moves (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const { second, third } = await usedTwice(story)
      const moved = await drags(story, third, 3)
      await minutesPass(story, 10)
      assert.equal(await people.feed(), [moved])
      await people.isOpen(second.uid)
      await people.isTold(second.uid, 'EVENT_SHARED')
    }),
  )

  test(
    `one link is used twice, the service starts again and all deliveries come again: nothing is published (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const { second, third } = await usedTwice(story, () => story.restart())
      await deliveredAgain(story)
      await story.restart()
      await minutesPass(story, 65)
      assert.equal(await people.feed(), [])
      await people.isTold(second.uid, 'EVENT_SHARED')
      const cancelled = await deletes(story, third)
      assert.equal(await people.feed(), [cancelled])
    }),
  )
}

for (const [way, options] of askedWays) {
  test(
    `one link is used twice and the deliveries come in the wrong order: the same is told, and nothing is published (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      story.calcom.settings.oldLinks = 'open'
      const host = await story.host()
      const first = await story.book(host)
      story.calcom.faults.holdWebhooks = true
      const uids: string[] = []
      for (const hours of [24, 48])
        uids.push(await finish(story, story.calcom.reschedule(first.uid, { start: later(first, hours) })))
      const [second = '', third = ''] = uids
      await deliveriesArrive(story, 'reversed')
      await minutesPass(story, 10)
      assert.equal(await people.feed(), [])
      await people.isTold(second, 'EVENT_SHARED')
      const cancelled = await deletes(story, linkedTo(story, host, third))
      await minutesPass(story)
      assert.equal(await people.feed(), [cancelled])
    }),
  )

  test(
    `the older of two bookings with one event is cancelled in Cal.com: the newer one is followed, and nobody waits for a person (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const { second, third } = await usedTwice(story)
      // Its end deletes the event that the newer one has too.
      story.calcom.store.replaceReferences(there(story.calcom.store.booking(second.uid)), [])
      await finish(story, story.calcom.cancel(second.uid))
      await minutesPass(story, 10)
      assert.equal(await people.feed(), [])
      await people.isOver(second.uid)
      await people.isUntold(second.uid)
      const moved = await drags(story, third, 2)
      assert.equal(await people.feed(), [moved])
    }),
  )

  test(
    `the host moved the first meeting before its link was used twice: the host's own move and no other is published (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      story.calcom.settings.oldLinks = 'open'
      const host = await story.host()
      const first = await story.book(host)
      const { consume } = eventConsumer(story)
      const moved = await drags(story, first, 2)
      await story.during(consume())
      await minutesPass(story, 2)
      // The guest's mail still has the first link.
      const uid = await finish(story, story.calcom.reschedule(first.uid, { start: later(first, 48) }))
      await minutesPass(story, 10)
      assert.equal(await people.feed(), [moved])
      const others = takingPlace(story).filter((line) => !line.startsWith(uid))
      const [older = ''] = others.map((line) => line.split(' ')[0])
      await people.isTold(older, 'EVENT_SHARED')
      const cancelled = await deletes(story, linkedTo(story, host, uid))
      assert.equal(await people.feed(), [moved, cancelled])
    }),
  )
}

test.run()
