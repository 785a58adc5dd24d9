// Somebody has acted in Cal.com before what the host did in the calendar could be carried out there.

import * as assert from 'uvu/assert'
import { SetSyncPolicy } from '../../commands/set-sync-policy.ts'
import { test } from '../support/ahead.ts'
import {
  APPLIED,
  callsFail,
  callsMade,
  dragsBy,
  inCalcomAt,
  inCalendarAt,
  latest,
} from '../support/applied-acts.ts'
import { finish } from '../support/calcom-changes.ts'
import { inStory, type Story } from '../support/people.ts'
import { announced, inCalcom, later, minutesPass } from '../support/story-acts.ts'
import type { Linked } from '../support/sync-fixture.ts'

/** A host's move that cannot be carried out yet: Cal.com answers what it is asked and refuses to be written to. */
async function waitingMove(story: Story): Promise<Linked> {
  const booking = await story.book(await story.host())
  callsFail(story, 1_000)
  await dragsBy(story, booking, 2)
  return booking
}
async function calcomIsBack(story: Story): Promise<number> {
  const before = callsMade(story).length
  story.calcom.endFaults()
  await minutesPass(story, 120)
  return callsMade(story).length - before
}

test(
  `the guest has cancelled meanwhile: the booking stays cancelled, and nothing is called`,
  inStory(APPLIED, async (story) => {
    const booking = await waitingMove(story)
    await finish(story, story.calcom.cancel(booking.uid))
    assert.is(await calcomIsBack(story), 0)
    assert.is(inCalcomAt(story, booking.uid), 'cancelled')
    await story.people.isOver(booking.uid)
    await story.people.isUntold(booking.uid)
  }),
)

test(
  `the guest has cancelled and no webhook told of it: Cal.com is read before it is written to`,
  inStory(APPLIED, async (story) => {
    const booking = await waitingMove(story)
    story.calcom.faults.dropWebhooks = 1
    await finish(story, story.calcom.cancel(booking.uid))
    assert.is(await calcomIsBack(story), 0)
    await story.people.isOver(booking.uid)
    assert.is(inCalcomAt(story, booking.uid), 'cancelled')
  }),
)

for (const [how, dropWebhooks] of [
  ['', 0],
  [' and no webhook told of it', 1],
] as const) {
  test(
    `the guest has moved the meeting meanwhile${how}: the guest's time stands on both sides, and the host is told`,
    inStory(APPLIED, async (story) => {
      const booking = await waitingMove(story)
      story.calcom.faults.dropWebhooks = dropWebhooks
      await finish(story, story.calcom.reschedule(booking.uid, { start: later(booking, 24) }))
      assert.is(await calcomIsBack(story), 0)
      const next = latest(story, booking)
      assert.ok(next.start.equals(later(booking, 24)), String(next.start))
      assert.is(inCalendarAt(story, next), inCalcomAt(story, next.uid))
      await story.people.isOpen(next.uid)
      // The host's own change was not carried out, which the host has to hear.
      await story.people.isTold(next.uid)
    }),
  )
}

test(
  `the guest has moved the meeting, and then the host moves it again: the host's last place is carried out`,
  inStory(APPLIED, async (story) => {
    const booking = await waitingMove(story)
    await finish(story, story.calcom.reschedule(booking.uid, { start: later(booking, 24) }))
    const next = latest(story, booking)
    const to = await dragsBy(story, next, 3)
    await calcomIsBack(story)
    const last = latest(story, booking)
    assert.is(inCalcomAt(story, last.uid), to)
    assert.is(inCalendarAt(story, last), to)
    await story.people.isUntold(last.uid)
  }),
)

test(
  `the host moved the meeting to the same time in Cal.com meanwhile: it counts as done, nothing is called`,
  inStory(APPLIED, async (story) => {
    const booking = await waitingMove(story)
    await finish(story, story.calcom.reschedule(booking.uid, { start: later(booking, 2) }))
    assert.is(await calcomIsBack(story), 0)
    const next = latest(story, booking)
    assert.is(announced(story, 'BOOKING_RESCHEDULED'), 1)
    assert.is((await story.people.booking(next.uid)).agreement, 'AGREED')
    await story.people.isUntold(next.uid)
  }),
)

test(
  `the host has dragged the meeting back meanwhile: nobody hears of anything, nothing is called`,
  inStory(APPLIED, async (story) => {
    const booking = await waitingMove(story)
    await dragsBy(story, booking, 0)
    assert.is(await calcomIsBack(story), 0)
    assert.is(inCalcomAt(story, booking.uid), `${booking.start}–${booking.end}`)
    assert.is(inCalendarAt(story, booking), `${booking.start}–${booking.end}`)
    await story.people.isUntold(booking.uid)
  }),
)

test(
  `the host has taken the deleted event out of the bin meanwhile: the meeting is not cancelled`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    callsFail(story, 1_000)
    story.google.delete(booking.host.calendarId, booking.eventId)
    await minutesPass(story, 2)
    story.google.restoreEvent(booking.host.calendarId, booking.eventId)
    await minutesPass(story, 2)
    assert.is(await calcomIsBack(story), 0)
    assert.is(inCalcomAt(story, booking.uid), `${booking.start}–${booking.end}`)
  }),
)

test(
  `the booking is gone from Cal.com for good: a person is told, and it is not asked for without end`,
  inStory(APPLIED, async (story) => {
    const booking = await waitingMove(story)
    story.calcom.store.forget(inCalcom(story, booking.uid))
    story.calcom.endFaults()
    await minutesPass(story, 240)
    await story.people.isTold(booking.uid)
    const asked = story.askedOfCalcom.filter((path) => path.includes(booking.uid)).length
    assert.ok(asked < 60, `asked ${asked} times`)
  }),
)

test(
  `the operator switches it off meanwhile: nothing is called until it is on again`,
  inStory(APPLIED, async (story) => {
    const booking = await waitingMove(story)
    await story.command(SetSyncPolicy, { mode: 'off' })
    assert.is(await calcomIsBack(story), 0)
    assert.is(inCalcomAt(story, booking.uid), `${booking.start}–${booking.end}`)
    await story.command(SetSyncPolicy, { mode: 'apply' })
    await minutesPass(story, 120)
    assert.ok(callsMade(story).length >= 1)
    const carriedOut = latest(story, booking).start.equals(later(booking, 2))
    assert.ok(carriedOut || (await story.people.toldAbout(booking.uid)).length > 0, 'lost in silence')
  }),
)

test(
  `an edit in Cal.com writes the event back meanwhile: the host's move is not lost in silence`,
  inStory(APPLIED, async (story) => {
    const booking = await waitingMove(story)
    await finish(story, story.calcom.edit(booking.uid, { location: 'Room 2' }))
    await calcomIsBack(story)
    const next = latest(story, booking)
    assert.is(inCalendarAt(story, next), inCalcomAt(story, next.uid))
    const moved = next.start.equals(later(booking, 2))
    assert.ok(moved || (await story.people.toldAbout(next.uid)).length > 0, 'lost in silence')
  }),
)

test.run()
