// Meetings that the host has to confirm, first and again when a guest moves them.

import * as assert from 'uvu/assert'
import { test } from '../support/ahead.ts'
import { finish } from '../support/calcom-changes.ts'
import { eventConsumer } from '../support/event-consumer.ts'
import { askedWays, inStory, type Story, ways } from '../support/people.ts'
import {
  announced,
  begins,
  bookType,
  deletes,
  deliveredAgain,
  deliveriesArrive,
  drags,
  eventAt,
  later,
  linkedTo,
  minutesPass,
  namedByHand,
  takingPlace,
  there,
} from '../support/story-acts.ts'

/** A meeting that was requested, and confirmed by its host. */
async function confirmed(story: Story) {
  story.calcom.settings.pendingTrigger = 'BOOKING_REQUESTED'
  const host = await story.host()
  const requested = await bookType(story, host, { lengthMinutes: 30, requiresConfirmation: true })
  return accepts(story, requested)
}

/** The host confirms. */
async function accepts(
  story: Story,
  { uid, host }: { uid: string; host: ReturnType<typeof linkedTo>['host'] },
) {
  await finish(story, story.calcom.confirm(uid))
  const booking = linkedTo(story, host, uid)
  await namedByHand(story, booking)
  await minutesPass(story, 2)
  return booking
}

/** The guest moves it, which the host has to confirm again. */
async function asksForAnother(story: Story, booking: Awaited<ReturnType<typeof confirmed>>) {
  const uid = await finish(story, story.calcom.reschedule(booking.uid, { start: later(booking, 24) }))
  await minutesPass(story)
  return { uid, host: booking.host }
}

for (const [way, options] of ways) {
  test(
    `a guest moves a meeting that has to be confirmed, and its event goes at once: nothing is published, the old booking is over, the new one waits (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await confirmed(story)
      const next = await asksForAnother(story, booking)
      assert.is(eventAt(story, booking.host, booking.eventId), 'cancelled')
      assert.equal(await people.feed(), [])
      await people.isOver(booking.uid)
      await people.isUntold(booking.uid)
      assert.is((await people.booking(next.uid)).status, 'PENDING')
    }),
  )

  test(
    `the host confirms the new time: the new event is followed, a move and a deletion are published for the new booking only (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await confirmed(story)
      const next = await accepts(story, await asksForAnother(story, booking))
      assert.equal(await people.feed(), [])
      await people.isOpen(next.uid)
      await people.isUntold(next.uid)
      assert.is(announced(story, 'BOOKING_RESCHEDULED'), 0)
      const moved = await drags(story, next, 2)
      const cancelled = await deletes(story, next)
      await minutesPass(story)
      assert.equal(await people.feed(), [moved, cancelled])
    }),
  )

  test(
    `the acceptance tells which booking was moved: the same, and nothing twice (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      story.calcom.settings.acceptedTellsReschedule = true
      const booking = await confirmed(story)
      const next = await accepts(story, await asksForAnother(story, booking))
      await deliveredAgain(story)
      await minutesPass(story)
      assert.equal(await people.feed(), [])
      await people.isOver(booking.uid)
      await people.isOpen(next.uid)
      const moved = await drags(story, next, 2)
      assert.equal(await people.feed(), [moved])
    }),
  )

  test(
    `the request comes twice, and again after a restart and the acceptance: the booking is never put back to waiting (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await confirmed(story)
      story.calcom.faults.doubleWebhooks = 1
      const requested = await asksForAnother(story, booking)
      await story.restart()
      const next = await accepts(story, requested)
      await deliveredAgain(story)
      await minutesPass(story)
      assert.equal(await people.feed(), [])
      await people.isOpen(next.uid)
      await people.isOver(booking.uid)
      const moved = await drags(story, next, 1)
      assert.equal(await people.feed(), [moved])
    }),
  )

  test(
    `the host rejects the new time: nothing is published, neither booking is followed (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await confirmed(story)
      const { uid } = await asksForAnother(story, booking)
      await finish(story, story.calcom.reject(uid))
      await minutesPass(story)
      assert.equal(await people.feed(), [])
      await people.isOver(booking.uid)
      await people.isOver(uid)
      assert.equal(takingPlace(story), [])
    }),
  )

  test(
    `the host has moved a confirmed meeting, then the guest asks for another time: only the host's move was published (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await confirmed(story)
      const { consume } = eventConsumer(story)
      const moved = await drags(story, booking, 2)
      // The consumer acts for the guest's side here: the new booking waits for the host again.
      await story.during(consume())
      await minutesPass(story)
      assert.equal(await people.feed(), [moved])
    }),
  )
}

for (const [way, options] of askedWays) {
  test(
    `the event is gone before the request is told of: Cal.com is asked, and nothing is published (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await confirmed(story)
      story.calcom.faults.holdWebhooks = true
      const { uid } = await asksForAnother(story, booking)
      assert.equal(await people.feed(), [])
      await deliveriesArrive(story)
      await minutesPass(story)
      assert.equal(await people.feed(), [])
      await people.isOver(booking.uid)
      assert.is((await people.booking(uid)).status, 'PENDING')
    }),
  )

  test(
    `the request is never told of: the new booking is found by reading, and nothing is published (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await confirmed(story)
      story.calcom.faults.dropWebhooks = 1
      const requested = await asksForAnother(story, booking)
      await minutesPass(story, 65)
      assert.equal(await people.feed(), [])
      await people.isOver(booking.uid)
      const next = await accepts(story, requested)
      await minutesPass(story, 65)
      const moved = await drags(story, next, 1)
      assert.equal(await people.feed(), [moved])
    }),
  )

  test(
    `the waiting booking goes on naming the deleted event: it is not cancelled by that (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      story.calcom.settings.pendingKeepsReferences = true
      const booking = await confirmed(story)
      const requested = await asksForAnother(story, booking)
      assert.equal(await people.feed(), [])
      assert.is((await people.booking(requested.uid)).status, 'PENDING')
      const next = await accepts(story, requested)
      await minutesPass(story)
      assert.equal(await people.feed(), [])
      await people.isOpen(next.uid)
    }),
  )

  test(
    `the request is told of, the old event goes only minutes later: nothing is published (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await confirmed(story)
      story.calcom.holds.hold(['BEFORE_EVENT'])
      const { settled } = begins(story.calcom.reschedule(booking.uid, { start: later(booking, 24) }))
      await minutesPass(story, 5)
      story.calcom.holds.hold([])
      await story.during(settled)
      await minutesPass(story, 5)
      assert.equal(await people.feed(), [])
      await people.isOver(booking.uid)
    }),
  )
}

for (const [way, options] of ways)
  test(
    `the host confirms at once, no new event can be made, and the old one goes seconds later: nothing is published, and a person is told (${way})`,
    inStory(options, async (story) => {
      const { people, calcom } = story
      const booking = await confirmed(story)
      Object.assign(calcom.settings, { pendingKeepsReferences: true, beforeCalendarMs: 3_000 })
      const { destination: _, ...user } = there(calcom.store.user(1))
      calcom.createUser(user)
      const moved = begins(calcom.reschedule(booking.uid, { start: later(booking, 24) }))
      await story.pass(100)
      const accepted = begins(calcom.confirm(moved.uid))
      await story.pass(100)
      const next = linkedTo(story, booking.host, moved.uid)
      await namedByHand(story, next)
      await story.during(Promise.all([moved.settled, accepted.settled]))
      assert.is(eventAt(story, booking.host, booking.eventId), 'cancelled')
      await minutesPass(story, 70)
      assert.equal(await people.feed(), [])
      await people.isOpen(moved.uid)
      await people.isTold(moved.uid, 'REFERENCE_UNCONFIRMED')
    }),
  )

test.run()
