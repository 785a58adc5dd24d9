// The host has moved an event, and Cal.com, which has not applied that yet, writes the whole event back.

import * as assert from 'uvu/assert'
import { ReportBookingEventOutcome } from '../../commands/report-booking-event-outcome.ts'
import { test } from '../support/ahead.ts'
import { finish } from '../support/calcom-changes.ts'
import { eventConsumer } from '../support/event-consumer.ts'
import { askedWays, inStory, type Story, ways } from '../support/people.ts'
import {
  announced,
  bookType,
  drags,
  eventAt,
  guests,
  inCalcom,
  later,
  linkedTo,
  minutesPass,
  takingPlace,
} from '../support/story-acts.ts'
import type { Linked } from '../support/sync-fixture.ts'

const SEATS = { lengthMinutes: 30, seatsPerTimeSlot: 3 }

/** What writes the whole event in Cal.com, times included. */
const edits = [
  ['the place is changed', (story: Story, { uid }: Linked) => story.calcom.edit(uid, { location: 'Room 2' })],
  [
    'a guest is added',
    (story: Story, { uid }: Linked) => story.calcom.edit(uid, { guests: guests(5).slice(4) }),
  ],
  [
    'a guest gives up a seat',
    (story: Story, { uid }: Linked) => story.calcom.cancel(uid, { seatUid: 'seat-of-ada' }),
  ],
] as const

for (const [way, options] of ways)
  for (const [edit, make] of edits)
    test(
      `the host moves a meeting, then ${edit} in Cal.com before it has moved it: the move stands, and no guest is told of a return (${way})`,
      inStory(options, async (story) => {
        const { people } = story
        const booking = await bookType(story, await story.host(), SEATS, { guests: guests(3) })
        const moved = await drags(story, booking, 3)
        await finish(story, make(story, booking))
        assert.is(eventAt(story, booking.host, booking.eventId), String(booking.start), 'written back')
        await story.pass(30_000)
        await story.settle()
        assert.equal(await people.feed(), [moved])
        const { consume } = eventConsumer(story)
        await story.during(consume())
        await minutesPass(story, 10)
        assert.equal(await people.feed(), [moved])
        assert.equal(takingPlace(story), [`${booking.uid} at ${later(booking, 3)}`])
        assert.is(eventAt(story, booking.host, booking.eventId), String(later(booking, 3)))
        await people.isUntold(booking.uid)
      }),
    )

for (const [way, options] of ways)
  test(
    `an event is written back, then the service starts again before Cal.com has applied the move: nothing more is published (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await bookType(story, await story.host(), { lengthMinutes: 30 })
      const moved = await drags(story, booking, 3)
      await finish(story, story.calcom.edit(booking.uid, { location: 'Room 2' }))
      await story.restart()
      await story.pass(20_000)
      await story.settle()
      assert.equal(await people.feed(), [moved])
      const { consume } = eventConsumer(story)
      await story.during(consume())
      await minutesPass(story)
      assert.equal(await people.feed(), [moved])
      assert.is(takingPlace(story).length, 1)
      assert.match(takingPlace(story)[0] ?? '', String(later(booking, 3)))
    }),
  )

for (const [way, options] of askedWays) {
  test(
    `the move is never applied and the event is back where Cal.com has it: both are alike, nothing more is published (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await story.book(await story.host())
      const moved = await drags(story, booking, 3)
      await finish(story, story.calcom.edit(booking.uid, { location: 'Room 2' }))
      await minutesPass(story, 10)
      assert.equal(await people.feed(), [moved])
      assert.is(eventAt(story, booking.host, booking.eventId), String(booking.start))
      assert.equal(takingPlace(story), [`${booking.uid} at ${booking.start}`])
    }),
  )

  test(
    `an event is written back before a second move: guests are told where the meeting really goes (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await story.book(await story.host())
      const first = await drags(story, booking, 3)
      await finish(story, story.calcom.edit(booking.uid, { location: 'Room 2' }))
      const second = await drags(story, booking, 5)
      await minutesPass(story, 3)
      assert.equal(await people.feed(), [first, second])
    }),
  )

  test(
    `the host moves a meeting twice before Cal.com has applied the first move: it ends where the host wanted it last, or a person is told (${way})`,
    inStory(options, async (story) => {
      const booking = await story.book(await story.host())
      await drags(story, booking, 3)
      await drags(story, booking, 5)
      const { consume } = eventConsumer(story)
      // Cal.com applies the first one, and writes the event over with that.
      for (let turn = 0; turn < 3; turn++) {
        await story.during(consume())
        await minutesPass(story, 5)
      }
      const places = takingPlace(story)
      assert.is(places.length, 1)
      const [uid = '', , start] = (places[0] ?? '').split(' ')
      const told = [...(await story.people.toldAbout(uid)), ...(await story.people.toldAbout(booking.uid))]
      const asWanted = start === String(later(booking, 5))
      assert.ok(asWanted || told.length > 0, `it is at ${start}, and nobody is told`)
    }),
  )

  test(
    `the host takes a move back himself after Cal.com has applied it in place: the way back is published (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await story.book(await story.host())
      const there = await drags(story, booking, 3)
      // Back at once, before Cal.com answers; and Cal.com's consumer writes no event.
      const back = await drags(story, booking, 0)
      assert.equal(await people.feed(), [there], 'it waits for the answer')
      const row = inCalcom(story, booking.uid)
      const [start, end] = [later(booking, 3).toString(), booking.end.add({ hours: 3 }).toString()]
      story.calcom.store.update(row, { start, end })
      const [published] = await story.published()
      await story.command(ReportBookingEventOutcome, {
        eventId: published?.id,
        outcome: 'APPLIED',
        start,
        end,
      })
      await minutesPass(story)
      assert.equal(await people.feed(), [there, back])
    }),
  )
}

test(
  'the host moves a meeting a second time after the first was applied, and then the place is changed: the second move stands',
  inStory({}, async (story) => {
    const { people } = story
    const host = await story.host()
    const booking = await story.book(host)
    const { consume } = eventConsumer(story)
    const first = await drags(story, booking, 3)
    await story.during(consume())
    await minutesPass(story, 1)
    const [uid = ''] = takingPlace(story).map((line) => line.split(' ')[0])
    const now = linkedTo(story, host, uid)
    const second = await drags(story, now, 2)
    await finish(story, story.calcom.edit(uid, { location: 'Room 2' }))
    await story.pass(30_000)
    await story.during(consume())
    await minutesPass(story, 10)
    assert.equal(await people.feed(), [first, second])
    assert.is(takingPlace(story).length, 1)
    assert.match(takingPlace(story)[0] ?? '', String(later(now, 2)))
    assert.is(announced(story, 'BOOKING_RESCHEDULED'), 2, 'guests hear of two moves')
  }),
)

test.run()
