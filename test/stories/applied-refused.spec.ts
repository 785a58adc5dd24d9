// Cal.com refuses what a host did in the calendar: a person reads why, and it is not asked for again and again.

import * as assert from 'uvu/assert'
import { test } from '../support/ahead.ts'
import { APPLIED, callsFail, callsMade, dragsBy, inCalcomAt, latest } from '../support/applied-acts.ts'
import { inStory, type Story } from '../support/people.ts'
import { bookType, guests, later, minutesPass } from '../support/story-acts.ts'
import type { Linked } from '../support/sync-fixture.ts'

type Refusal = { words: RegExp; prepare(story: Story): Promise<Linked> }

const ofType = async (story: Story, type: object) =>
  bookType(story, await story.host(), { lengthMinutes: 30, ...type })

/** Another meeting of the host's takes the time so many hours after this one's start. */
const takes = (story: Story, booking: Linked, hours: number) =>
  bookType(story, booking.host, { lengthMinutes: 30 }, { start: later(booking, hours) })

/** All are made so that three hours later is refused. */
const refusals: readonly (readonly [string, Refusal])[] = [
  [
    'too soon for the event type',
    {
      words: /minimum booking notice/,
      prepare: (story) => ofType(story, { minimumNoticeMinutes: 7 * 24 * 60 }),
    },
  ],
  [
    'too far ahead for the event type',
    { words: /too far in the future/, prepare: (story) => ofType(story, { bookableDays: 2 }) },
  ],
  [
    'where the host has another booking',
    {
      words: /already has booking/,
      async prepare(story) {
        const booking = await story.book(await story.host())
        await takes(story, booking, 3)
        return booking
      },
    },
  ],
  [
    'where there are not seats enough for all guests',
    {
      words: /not_enough_available_seats/,
      async prepare(story) {
        const seats = { lengthMinutes: 30, seatsPerTimeSlot: 3 }
        const booking = await bookType(story, await story.host(), seats, { guests: guests(2) })
        const there = { start: later(booking, 3), guests: guests(4).slice(2) }
        await bookType(story, booking.host, booking.eventTypeId, there)
        return booking
      },
    },
  ],
]

/** A person reads Cal.com's own words, in the status or in the booking's timeline. */
async function readsWhy(story: Story, { uid }: Linked, words: RegExp): Promise<void> {
  await story.people.isTold(uid)
  const seen = JSON.stringify([await story.people.toldAbout(uid), await story.people.timeline(uid)])
  assert.match(seen, words)
}

for (const [what, { words, prepare }] of refusals) {
  test(
    `a host drags a meeting to a time that is ${what}: Cal.com's words are told, and it is asked once`,
    inStory(APPLIED, async (story) => {
      const booking = await prepare(story)
      await dragsBy(story, booking, 3)
      await readsWhy(story, booking, words)
      assert.is((await story.people.booking(booking.uid)).agreement, 'DIVERGED')
      assert.equal(callsMade(story), [`reschedule of ${booking.uid}`])
      await minutesPass(story, 240)
      assert.is(callsMade(story).length, 1, 'asked again without a reason')
      assert.is(inCalcomAt(story, booking.uid), `${booking.start}–${booking.end}`)
      await story.people.isTold(booking.uid)
      await story.people.isOpen(booking.uid)
    }),
  )

  test(
    `a host takes back what was ${what}: nobody has to do anything any more`,
    inStory(APPLIED, async (story) => {
      const booking = await prepare(story)
      await dragsBy(story, booking, 3)
      await story.people.isTold(booking.uid)
      await dragsBy(story, booking, 0)
      await minutesPass(story, 10)
      await story.people.isUntold(booking.uid)
      assert.is((await story.people.booking(booking.uid)).agreement, 'AGREED')
      assert.is(callsMade(story).length, 1)
    }),
  )
}

test(
  `a host drags a refused meeting on to a time that Cal.com takes: that is carried out`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    await takes(story, booking, 3)
    await dragsBy(story, booking, 3)
    const to = await dragsBy(story, booking, 5)
    const next = latest(story, booking)
    assert.is(inCalcomAt(story, next.uid), to)
    await story.people.isUntold(next.uid)
    assert.equal(callsMade(story), [`reschedule of ${booking.uid}`, `reschedule of ${booking.uid}`])
  }),
)

test(
  `a host deletes a meeting whose move was refused: it is cancelled`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    await takes(story, booking, 3)
    await dragsBy(story, booking, 3)
    story.google.delete(booking.host.calendarId, booking.eventId)
    await minutesPass(story, 5)
    assert.is(inCalcomAt(story, booking.uid), 'cancelled')
  }),
)

test(
  `the refusal of one meeting holds up no other`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    const other = await takes(story, booking, 3)
    await dragsBy(story, booking, 3)
    const to = await dragsBy(story, other, 20)
    assert.is(inCalcomAt(story, latest(story, other).uid), to)
  }),
)

for (const [what, apiStatus] of [
  ['revoked', 401],
  ['refused for this booking', 403],
] as const) {
  test(
    `the key is ${what} between the look and the call: a person is told, nothing is applied`,
    inStory(APPLIED, async (story) => {
      const booking = await story.book(await story.host())
      callsFail(story, 1_000, { apiStatus })
      await dragsBy(story, booking, 2)
      await minutesPass(story, 120)
      assert.is(inCalcomAt(story, booking.uid), `${booking.start}–${booking.end}`)
      const { needsPerson } = await story.people.status()
      assert.match(JSON.stringify(needsPerson), /\bkeys?\b|Cal\.com/i)
      assert.ok(callsMade(story).length < 20, `${callsMade(story).length} calls in two hours`)
    }),
  )
}

test(
  `the key was revoked, and another one works: the move is carried out, once`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    callsFail(story, 1_000, { apiStatus: 401 })
    const to = await dragsBy(story, booking, 2)
    await minutesPass(story, 120)
    story.calcom.endFaults()
    await minutesPass(story, 120)
    const next = latest(story, booking)
    assert.is(inCalcomAt(story, next.uid), to)
    await story.people.isUntold(next.uid)
  }),
)

test.run()
