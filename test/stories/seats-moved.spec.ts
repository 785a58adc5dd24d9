// A booking of several seats, and a guest, or the host, who moves.

import * as assert from 'uvu/assert'
import { test } from '../support/ahead.ts'
import { finish } from '../support/calcom-changes.ts'
import { askedWays, inStory, type Story, ways } from '../support/people.ts'
import {
  bookType,
  deletes,
  deliveredAgain,
  deliveriesArrive,
  drags,
  eventAt,
  guests,
  later,
  linkedTo,
  minutesPass,
  namedByHand,
  takingPlace,
} from '../support/story-acts.ts'

type Booking = Awaited<ReturnType<typeof bookType>>
const SEATS = { lengthMinutes: 30, seatsPerTimeSlot: 3 }

const classOf = async (story: Story, count = 3) =>
  bookType(story, await story.host(), SEATS, { guests: guests(count) })

/** One guest takes a seat so many hours later. Resolves with the booking where the seat is. */
async function moves(story: Story, booking: Booking, name: string, hours: number) {
  const to = { start: later(booking, hours), seatUid: `seat-of-${name}` }
  const uid = await finish(story, story.calcom.reschedule(booking.uid, to))
  const target = linkedTo(story, booking.host, uid)
  await namedByHand(story, target)
  await minutesPass(story)
  return target
}

/** Another booking of the same type that is there already, with its own event. */
const another = (story: Story, booking: Booking, hours: number) =>
  bookType(story, booking.host, booking.eventTypeId, {
    start: later(booking, hours),
    guests: guests(4).slice(3),
  })

for (const [way, options] of ways) {
  test(
    `one of three guests moves to a time of their own: the booking goes on, a deletion of its event cancels it and nothing else (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await classOf(story)
      const alone = await moves(story, booking, 'ada', 24)
      assert.equal(await people.feed(), [])
      await people.isOpen(booking.uid)
      await people.isOpen(alone.uid)
      const cancelled = await deletes(story, booking)
      await minutesPass(story)
      assert.equal(await people.feed(), [cancelled])
      await people.isOpen(alone.uid)
      assert.is(eventAt(story, booking.host, alone.eventId), String(alone.start))
    }),
  )

  test(
    `a guest moves into a meeting that is there already: each event goes on deciding for its own booking (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await classOf(story)
      const there = await another(story, booking, 24)
      const target = await moves(story, booking, 'ada', 24)
      assert.is(target.uid, there.uid)
      assert.equal(await people.feed(), [])
      const movedThere = await drags(story, there, 2)
      assert.equal(await people.feed(), [movedThere])
      const cancelled = await deletes(story, booking)
      await minutesPass(story)
      assert.equal(await people.feed(), [movedThere, cancelled])
      await people.isOpen(there.uid)
    }),
  )

  test(
    `a guest moves away from a meeting that the host has moved just before: the meeting keeps its event and nobody is cancelled (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await classOf(story)
      await drags(story, booking, 3)
      await moves(story, booking, 'ben', 24)
      await people.isOpen(booking.uid)
      assert.is((await people.feed()).filter((line) => line.endsWith('cancelled')).length, 0)
    }),
  )

  test(
    `a guest moves and the delivery comes twice, and again after a restart: both bookings are open, each with its event (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await classOf(story)
      story.calcom.faults.doubleWebhooks = 1
      const alone = await moves(story, booking, 'cem', 24)
      await story.restart()
      await deliveredAgain(story)
      await people.isOpen(booking.uid)
      await people.isOpen(alone.uid)
      const moved = await drags(story, alone, 1)
      const cancelled = await deletes(story, booking)
      assert.equal(await people.feed(), [moved, cancelled])
    }),
  )

  test(
    `the move of a guest names the seat that was left, which is no booking: no booking of that name is recorded (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      story.calcom.settings.seatMoveRescheduleUid = 'seat'
      const booking = await classOf(story)
      await moves(story, booking, 'ada', 24)
      assert.is((await people.ask('GET', '/bookings/seat-of-ada')).status, 404)
      await people.isOpen(booking.uid)
      const moved = await drags(story, booking, 1)
      assert.equal(await people.feed(), [moved])
    }),
  )

  test(
    `the host moves all guests at once in Cal.com: nothing is published, and the same booking can be moved in the calendar (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await classOf(story)
      await finish(story, story.calcom.reschedule(booking.uid, { start: later(booking, 5) }))
      await minutesPass(story)
      assert.equal(await people.feed(), [])
      await people.isOpen(booking.uid)
      assert.is(
        String(Temporal.Instant.from((await people.booking(booking.uid)).start ?? '')),
        String(later(booking, 5)),
      )
      const moved = await drags(story, booking, 8)
      assert.equal(await people.feed(), [moved])
      const cancelled = await deletes(story, booking)
      assert.equal(await people.feed(), [moved, cancelled])
    }),
  )
}

for (const [way, options] of askedWays) {
  test(
    `one guest moves and the delivery names no booking: the old one goes on, the new one is found by reading (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      story.calcom.settings.seatMoveUid = 'null'
      const booking = await classOf(story)
      const alone = await moves(story, booking, 'ada', 24)
      await people.isOpen(booking.uid)
      await minutesPass(story, 130)
      await people.isOpen(alone.uid)
      const moved = await drags(story, alone, 2)
      const cancelled = await deletes(story, booking)
      assert.equal(await people.feed(), [moved, cancelled])
    }),
  )

  test(
    `the last guest of one meeting moves into another: the first is over without a word of ours, the other goes on (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await classOf(story, 1)
      const there = await another(story, booking, 24)
      await moves(story, booking, 'ada', 24)
      assert.equal(await people.feed(), [])
      await people.isOver(booking.uid)
      await people.isOpen(there.uid)
      const moved = await drags(story, there, 1)
      assert.equal(await people.feed(), [moved])
      assert.equal(takingPlace(story), [`${there.uid} at ${there.start}`])
    }),
  )

  test(
    `a guest moves, another gives up, and the news come in the wrong order: both bookings are open (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await classOf(story)
      story.calcom.faults.holdWebhooks = true
      const alone = await moves(story, booking, 'ada', 24)
      await finish(story, story.calcom.cancel(booking.uid, { seatUid: 'seat-of-ben' }))
      await deliveriesArrive(story, 'reversed')
      await minutesPass(story)
      assert.equal(await people.feed(), [])
      await people.isOpen(booking.uid)
      await people.isOpen(alone.uid)
    }),
  )

  test(
    `the host moves all guests into another meeting of the same type: the first is over, and its event's end tells nobody (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await classOf(story, 2)
      const there = await another(story, booking, 24)
      await finish(story, story.calcom.reschedule(booking.uid, { start: there.start }))
      await minutesPass(story)
      assert.equal(await people.feed(), [])
      await people.isOver(booking.uid)
      await people.isOpen(there.uid)
      const moved = await drags(story, there, 2)
      assert.equal(await people.feed(), [moved])
    }),
  )
}

test.run()
