// Lengths that Cal.com's API cannot express: it takes a new start, and the length stays the event type's.

import * as assert from 'uvu/assert'
import { test } from '../support/ahead.ts'
import { APPLIED, callsMade, dragsBy, inCalcomAt, inCalendarAt, latest } from '../support/applied-acts.ts'
import { inStory, type Story } from '../support/people.ts'
import { minutesPass } from '../support/story-acts.ts'
import type { Linked } from '../support/sync-fixture.ts'

/** The operator is told, the two differ on record, and hours later the host's event is as the host made it. */
async function staysAsTheHostMadeIt(story: Story, booking: Linked, to: string): Promise<void> {
  const { people } = story
  await people.isTold(booking.uid, 'CANNOT_RESIZE')
  assert.is((await people.booking(booking.uid)).agreement, 'DIVERGED')
  await minutesPass(story, 180)
  assert.is(inCalendarAt(story, booking), to)
  assert.equal(callsMade(story), [])
  assert.is(inCalcomAt(story, booking.uid), `${booking.start}–${booking.end}`)
  assert.ok((await people.feed()).length <= 1, 'the same change is published more than once')
  await people.isTold(booking.uid, 'CANNOT_RESIZE')
}

for (const [what, minutes] of [
  ['longer', 60],
  ['shorter', 15],
] as const) {
  test(
    `the host makes a meeting ${what}: the operator is told, and the host's event stays`,
    inStory(APPLIED, async (story) => {
      const booking = await story.book(await story.host())
      const to = await dragsBy(story, booking, 0, minutes)
      await staysAsTheHostMadeIt(story, booking, to)
    }),
  )

  test(
    `the host makes a meeting ${what} and moves it: the operator is told, and the host's event stays`,
    inStory(APPLIED, async (story) => {
      const booking = await story.book(await story.host())
      const to = await dragsBy(story, booking, 3, minutes)
      await staysAsTheHostMadeIt(story, booking, to)
    }),
  )
}

test(
  `a meeting that was booked longer than its type is dragged: no guest is told of another length`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host(), { minutes: 45 })
    const to = await dragsBy(story, booking, 2)
    await staysAsTheHostMadeIt(story, booking, to)
  }),
)

test(
  `the host gives a meeting its length back: nothing is told any more, and nothing was called`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    await dragsBy(story, booking, 0, 60)
    await story.people.isTold(booking.uid, 'CANNOT_RESIZE')
    await dragsBy(story, booking, 0, 30)
    await minutesPass(story, 10)
    await story.people.isUntold(booking.uid)
    assert.equal(callsMade(story), [])
    assert.is((await story.people.booking(booking.uid)).agreement, 'AGREED')
  }),
)

test(
  `the host gives a meeting its length back at another time: that move is carried out`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    await dragsBy(story, booking, 0, 60)
    const to = await dragsBy(story, booking, 4, 30)
    await minutesPass(story, 10)
    const next = latest(story, booking)
    assert.is(inCalcomAt(story, next.uid), to)
    assert.equal(callsMade(story), [`reschedule of ${booking.uid}`])
    await story.people.isUntold(next.uid)
  }),
)

test(
  `a meeting whose length Cal.com cannot express is deleted: it is cancelled`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    await dragsBy(story, booking, 0, 60)
    story.google.delete(booking.host.calendarId, booking.eventId)
    await minutesPass(story, 5)
    assert.is(inCalcomAt(story, booking.uid), 'cancelled')
    assert.equal(callsMade(story), [`cancel of ${booking.uid}`])
  }),
)

test.run()
