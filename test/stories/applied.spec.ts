// The service carries what hosts do in their calendars out in Cal.com itself.

import * as assert from 'uvu/assert'
import { test } from '../support/ahead.ts'
import { APPLIED, callsMade, dragsBy, inCalcomAt, inCalendarAt, latest } from '../support/applied-acts.ts'
import { finish } from '../support/calcom-changes.ts'
import { inStory, type Story } from '../support/people.ts'
import { announced, bookType, guests, inCalcom, later, linkedTo, minutesPass } from '../support/story-acts.ts'
import type { Linked } from '../support/sync-fixture.ts'

const MINUTE = 60_000
const ways = [
  ['with one key', APPLIED],
  ['with a key per user', { ...APPLIED, keysOf: ['1'] }],
  ['asking for version 2026-02-25', { ...APPLIED, apiVersion: '2026-02-25' }],
] as const

/** Both sides agree, and nothing waits for a person. */
async function agrees(story: Story, { uid }: Linked): Promise<void> {
  assert.is((await story.people.booking(uid)).agreement, 'AGREED')
  await story.people.isUntold(uid)
}

for (const [way, options] of ways) {
  test(
    `a host drags a meeting: the booking has moved in Cal.com, by one call in the host's name (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await story.book(await story.host())
      const to = await dragsBy(story, booking, 2)
      const next = latest(story, booking)
      assert.is(inCalcomAt(story, next.uid), to)
      assert.equal(callsMade(story), [`reschedule of ${booking.uid}`])
      assert.is(inCalcom(story, next.uid).rescheduledBy, booking.host.calendarId)
      assert.equal(await people.feed(), [`${booking.uid} to ${next.start}`])
      await people.isOver(booking.uid)
      await people.isOpen(next.uid)
      await agrees(story, next)
      await minutesPass(story, 90)
      assert.is(callsMade(story).length, 1)
      assert.is(announced(story, 'BOOKING_RESCHEDULED'), 1)
      assert.is(inCalendarAt(story, next), to)
    }),
  )

  test(
    `a host deletes a meeting: the booking is cancelled in Cal.com, by one call (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await story.book(await story.host())
      story.google.delete(booking.host.calendarId, booking.eventId)
      await minutesPass(story, 2)
      assert.is(inCalcomAt(story, booking.uid), 'cancelled')
      assert.equal(callsMade(story), [`cancel of ${booking.uid}`])
      await minutesPass(story, 90)
      assert.is(announced(story, 'BOOKING_CANCELLED'), 1)
      assert.equal(await people.feed(), [`${booking.uid} cancelled`])
      await people.isOver(booking.uid)
      await people.isUntold(booking.uid)
    }),
  )
}

test(
  `the guest reads a reason that names nobody and tells nothing of the inside`,
  inStory(APPLIED, async (story) => {
    const host = await story.host()
    const [moved, deleted] = [await story.book(host), await story.book(host, { inHours: 72 })]
    await dragsBy(story, moved, 2)
    story.google.delete(host.calendarId, deleted.eventId)
    await minutesPass(story, 2)
    for (const { uid } of [moved, deleted]) {
      const { reason = '' } = inCalcom(story, uid)
      assert.match(reason, /^[A-Z].{10,}/, `"${reason}"`)
      assert.not.match(reason, /@|_|[{}]|\b[A-Z]{4,}\b|etag|webhook|sync/, `"${reason}"`)
    }
  }),
)

test(
  `the host drags a meeting, and again ten minutes later: each is carried out, and the second for the new booking`,
  inStory(APPLIED, async (story) => {
    const { people } = story
    const booking = await story.book(await story.host())
    await dragsBy(story, booking, 2)
    const second = latest(story, booking)
    await minutesPass(story, 10)
    const to = await dragsBy(story, second, 3)
    const third = latest(story, booking)
    assert.is(inCalcomAt(story, third.uid), to)
    assert.equal(callsMade(story), [`reschedule of ${booking.uid}`, `reschedule of ${second.uid}`])
    assert.equal(await people.feed(), [
      `${booking.uid} to ${second.start}`,
      `${second.uid} to ${third.start}`,
    ])
    await minutesPass(story, 90)
    await agrees(story, third)
    assert.is(callsMade(story).length, 2)
  }),
)

test(
  `the host drags a meeting and then deletes it: the booking that it was moved to is cancelled`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    await dragsBy(story, booking, 2)
    const next = latest(story, booking)
    story.google.delete(booking.host.calendarId, booking.eventId)
    await minutesPass(story, 2)
    assert.is(inCalcomAt(story, next.uid), 'cancelled')
    assert.equal(callsMade(story), [`reschedule of ${booking.uid}`, `cancel of ${next.uid}`])
  }),
)

test(
  `the host drags on while Cal.com is at the first move: one call at a time, and the last place counts`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    story.calcom.holds.hold(['BEFORE_REFERENCES'])
    await dragsBy(story, booking, 2)
    assert.equal(callsMade(story), [`reschedule of ${booking.uid}`])
    await dragsBy(story, booking, 5)
    const to = await dragsBy(story, booking, 7)
    assert.is(callsMade(story).length, 1, 'a second call while the first is not answered')
    story.calcom.holds.hold([])
    await minutesPass(story, 10)
    const next = latest(story, booking)
    assert.is(inCalcomAt(story, next.uid), to)
    assert.is(inCalendarAt(story, next), to)
    assert.ok(callsMade(story).length <= 3, callsMade(story).join(', '))
    await agrees(story, next)
  }),
)

test(
  `while Cal.com cannot be written to the host moves five times: the last place is carried out, by one move`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    story.calcom.faults.apiDown = true
    let to = ''
    for (const hours of [2, 3, 4, 5, 6]) to = await dragsBy(story, booking, hours)
    await minutesPass(story, 20)
    story.calcom.faults.apiDown = false
    await minutesPass(story, 30)
    const next = latest(story, booking)
    assert.is(inCalcomAt(story, next.uid), to)
    assert.is(announced(story, 'BOOKING_RESCHEDULED'), 1)
    await agrees(story, next)
  }),
)

test(
  `no webhook tells of the new booking: its event is followed at once, and the next move is carried out`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    story.calcom.faults.dropWebhooks = 2
    await dragsBy(story, booking, 2)
    const second = latest(story, booking)
    await story.people.isOpen(second.uid)
    await story.people.isOver(booking.uid)
    const to = await dragsBy(story, second, 3)
    const third = latest(story, booking)
    assert.is(inCalcomAt(story, third.uid), to)
    assert.equal(callsMade(story), [`reschedule of ${booking.uid}`, `reschedule of ${second.uid}`])
  }),
)

test(
  `Cal.com's webhooks come an hour late: nothing is carried out twice, nothing is undone`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    story.calcom.faults.delayWebhooksMs = 60 * MINUTE
    await dragsBy(story, booking, 2)
    const to = await dragsBy(story, latest(story, booking), 3)
    await minutesPass(story, 180)
    const next = latest(story, booking)
    assert.is(inCalcomAt(story, next.uid), to)
    assert.is(inCalendarAt(story, next), to)
    assert.is(callsMade(story).length, 2)
    await agrees(story, next)
  }),
)

test(
  `a type that has to be confirmed: a meeting that its host drags stays accepted`,
  inStory(APPLIED, async (story) => {
    const host = await story.host()
    const requested = await bookType(story, host, { lengthMinutes: 30, requiresConfirmation: true })
    await finish(story, story.calcom.confirm(requested.uid))
    const booking = linkedTo(story, host, requested.uid)
    await minutesPass(story, 2)
    const to = await dragsBy(story, booking, 2)
    const next = latest(story, booking)
    assert.is(inCalcomAt(story, next.uid), to)
    assert.is(inCalendarAt(story, next), to)
    await story.people.isOpen(next.uid)
    await minutesPass(story, 90)
    assert.is(callsMade(story).length, 1)
  }),
)

test(
  `guests share a meeting: dragged by the host it moves for all of them, and stays the same booking`,
  inStory(APPLIED, async (story) => {
    const seats = { lengthMinutes: 30, seatsPerTimeSlot: 3 }
    const booking = await bookType(story, await story.host(), seats, { guests: guests(3) })
    const to = await dragsBy(story, booking, 2)
    assert.is(inCalcomAt(story, booking.uid), to)
    assert.equal(callsMade(story), [`reschedule of ${booking.uid}`])
    await minutesPass(story, 90)
    await story.people.isOpen(booking.uid)
    await agrees(story, booking)
    const again = await dragsBy(story, linkedTo(story, booking.host, booking.uid), 1)
    assert.is(inCalcomAt(story, booking.uid), again)
  }),
)

test(
  `the operator only observes: nothing is called`,
  inStory({ ...APPLIED, mode: 'observe' }, async (story) => {
    const booking = await story.book(await story.host())
    await dragsBy(story, booking, 2)
    await minutesPass(story, 90)
    assert.equal(callsMade(story), [])
    assert.is(inCalcomAt(story, booking.uid), `${booking.start}–${booking.end}`)
  }),
)

test(
  `the service does not apply by itself: the move is published, and nothing is called`,
  inStory({ calcomApply: 'none' }, async (story) => {
    const booking = await story.book(await story.host())
    await dragsBy(story, booking, 2)
    await minutesPass(story, 90)
    assert.equal(await story.people.feed(), [`${booking.uid} to ${later(booking, 2)}`])
    assert.equal(callsMade(story), [])
  }),
)

test(
  `a move is in Cal.com half a second after the service has settled on it`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    story.drag(booking, later(booking, 2))
    // The settle window is two seconds here.
    for (let ms = 0; ms < 2_500; ms += 50) await story.pass(50)
    assert.is(inCalcomAt(story, latest(story, booking).uid).split('–')[0], String(later(booking, 2)))
  }),
)

test.run()
