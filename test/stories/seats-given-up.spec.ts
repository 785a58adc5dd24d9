// A booking of several seats, and a guest who gives one up.

import * as assert from 'uvu/assert'
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
  eventAt,
  guests,
  inCalcom,
  linkedTo,
  minutesPass,
  takingPlace,
} from '../support/story-acts.ts'

const SEATS = { lengthMinutes: 30, seatsPerTimeSlot: 3 }
const classOf = async (story: Story, count = 3) =>
  bookType(story, await story.host(), SEATS, { guests: guests(count) })
const givesUp = (story: Story, uid: string, name: string) =>
  finish(story, story.calcom.cancel(uid, { seatUid: `seat-of-${name}` }))

for (const [way, options] of ways) {
  test(
    `one of three guests gives up a seat: the booking goes on, and the host can still move it (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await classOf(story)
      await givesUp(story, booking.uid, 'ada')
      await minutesPass(story)
      assert.equal(await people.feed(), [])
      await people.isOpen(booking.uid)
      await people.isUntold(booking.uid)
      const moved = await drags(story, booking, 3)
      assert.equal(await people.feed(), [moved])
      assert.equal(takingPlace(story), [`${booking.uid} at ${booking.start}`])
    }),
  )

  test(
    `one of three guests gives up a seat, the delivery comes again after a restart: a later deletion cancels once (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await classOf(story)
      story.calcom.faults.doubleWebhooks = 1
      await givesUp(story, booking.uid, 'ben')
      await story.restart()
      await deliveredAgain(story)
      await people.isOpen(booking.uid)
      const cancelled = await deletes(story, booking)
      await deliveredAgain(story)
      await minutesPass(story)
      assert.equal(await people.feed(), [cancelled])
    }),
  )

  test(
    `the host has moved a meeting of three, then a guest gives up a seat: the others keep it, and it can be moved again (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await classOf(story)
      const { consume } = eventConsumer(story)
      const first = await drags(story, booking, 2)
      await story.during(consume())
      await minutesPass(story, 1)
      await givesUp(story, booking.uid, 'cem')
      await minutesPass(story)
      assert.equal(await people.feed(), [first])
      await people.isOpen(booking.uid)
      const now = linkedTo(story, booking.host, booking.uid)
      assert.equal(takingPlace(story), [`${booking.uid} at ${booking.start.add({ hours: 2 })}`])
      assert.is(eventAt(story, booking.host, booking.eventId), String(booking.start.add({ hours: 2 })))
      const second = await drags(story, now, 4)
      assert.equal(await people.feed(), [first, second])
    }),
  )

  test(
    `a guest gives up a seat while the host deletes the event: the booking is cancelled, once (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await classOf(story)
      story.calcom.faults.holdWebhooks = true
      await givesUp(story, booking.uid, 'ada')
      const cancelled = await deletes(story, booking)
      await deliveriesArrive(story)
      await minutesPass(story)
      assert.equal(await people.feed(), [cancelled])
    }),
  )
}

for (const [way, options] of askedWays) {
  test(
    `the last guest gives up the last seat: the booking is over, and nobody is told by us (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await classOf(story, 2)
      await givesUp(story, booking.uid, 'ada')
      await people.isOpen(booking.uid)
      await givesUp(story, booking.uid, 'ben')
      await minutesPass(story)
      assert.equal(await people.feed(), [])
      await people.isOver(booking.uid)
      await people.isUntold(booking.uid)
    }),
  )

  test(
    `a guest gives up a seat and the webhook is lost: the booking goes on and can be moved (${way})`,
    inStory(options, async (story) => {
      const booking = await classOf(story)
      story.calcom.faults.dropWebhooks = 1
      await givesUp(story, booking.uid, 'ada')
      await minutesPass(story, 70)
      await story.people.isOpen(booking.uid)
      const moved = await drags(story, booking, 1)
      assert.equal(await story.people.feed(), [moved])
    }),
  )
}

test(
  'a guest gives up a seat while Cal.com cannot be asked: the booking is not closed, and goes on',
  inStory({}, async (story) => {
    const { people } = story
    const booking = await classOf(story)
    story.calcom.faults.apiDown = true
    await givesUp(story, booking.uid, 'ada')
    await minutesPass(story, 10)
    await people.isOpen(booking.uid)
    story.calcom.faults.apiDown = false
    await minutesPass(story, 30)
    await people.isOpen(booking.uid)
    const moved = await drags(story, booking, 1)
    assert.equal(await people.feed(), [moved])
  }),
)

test(
  'the last guest leaves and nobody can be asked: what is published later changes nothing for anybody',
  inStory({ view: false }, async (story) => {
    const booking = await classOf(story, 1)
    const { consume } = eventConsumer(story)
    await givesUp(story, booking.uid, 'ada')
    const sent = story.calcom.webhooks.log.length
    await minutesPass(story)
    await story.during(consume())
    await minutesPass(story)
    assert.is(story.calcom.webhooks.log.length, sent, 'Cal.com announced more')
    assert.is(inCalcom(story, booking.uid).status, 'cancelled')
  }),
)

test.run()
