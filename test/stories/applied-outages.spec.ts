// Cal.com is slow, away, or does what it was asked and nobody hears of it.

import * as assert from 'uvu/assert'
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
import { inStory } from '../support/people.ts'
import { inStory as inLongStory, LONG } from '../support/story.ts'
import { announced, minutesPass } from '../support/story-acts.ts'
import type { Linked, SyncFixture } from '../support/sync-fixture.ts'

const MINUTE = 60_000

/** So many meetings of one host's, an hour each from two weeks on. */
async function meetings(sync: SyncFixture, count: number): Promise<Linked[]> {
  const host = await sync.host()
  const made: Linked[] = []
  for (let at = 0; at < count; at++) made.push(await sync.book(host, { inHours: 14 * 24 + at }))
  return made
}
/** How often the outcome of what was published was recorded. */
const outcomes = async (sync: SyncFixture) =>
  (await sync.eventsOf('booking')).filter(({ type }) => type === 'BookingOutcomeReported').length

test(
  `Cal.com says to come back in three minutes: it is left alone so long, then the move is carried out`,
  inStory(APPLIED, async (story) => {
    const booking = await story.book(await story.host())
    callsFail(story, 1, { apiStatus: 429, apiRetryAfterSeconds: 180 })
    const to = await dragsBy(story, booking, 2)
    await minutesPass(story, 0)
    assert.is(callsMade(story).length, 1, 'called again too soon')
    await minutesPass(story, 4)
    const next = latest(story, booking)
    assert.is(inCalcomAt(story, next.uid), to)
    assert.is(callsMade(story).length, 2)
    await story.people.isUntold(next.uid)
  }),
)

test(
  `twelve moves at once under a limit of twenty requests a minute: all are carried out, and each once`,
  inStory(APPLIED, async (story) => {
    const all = await meetings(story, 12)
    story.calcom.settings.rateLimitPerMinute = 20
    for (const booking of all) story.drag(booking, booking.start.add({ hours: 48 }))
    await minutesPass(story, 60)
    for (const booking of all) {
      const { start, end } = latest(story, booking)
      assert.is(`${start}–${end}`, `${booking.start.add({ hours: 48 })}–${booking.end.add({ hours: 48 })}`)
    }
    assert.is(announced(story, 'BOOKING_RESCHEDULED'), 12)
    assert.ok(story.askedOfCalcom.length < 400, `${story.askedOfCalcom.length} requests`)
  }),
)

for (const [what, fail] of [
  ['takes no connection', (sync: SyncFixture) => Object.assign(sync.calcom.faults, { apiDown: true })],
  ['answers every call with 503', (sync: SyncFixture) => callsFail(sync, 1_000_000)],
  [
    'answers every call with a web page',
    (sync: SyncFixture) => callsFail(sync, 1_000_000, { apiFailure: 'HTML' }),
  ],
] as const) {
  test(
    `Cal.com ${what} for a week: nothing is lost, nothing is done twice, and it is not flooded afterwards`,
    inLongStory({ ...LONG, ...APPLIED, askedAtMost: 20_000 }, async (story) => {
      const all = await meetings(story, 6)
      fail(story)
      const [deleted, ...dragged] = all
      for (const booking of dragged) story.drag(booking, booking.start.add({ hours: 48 }))
      if (deleted !== undefined) story.google.delete(deleted.host.calendarId, deleted.eventId)
      const before = story.askedOfCalcom.length
      await story.passHours(7 * 24)
      const asked = story.askedOfCalcom.length - before
      assert.ok(asked > 0 && asked < 8_000, `${asked} requests while it was away`)
      story.calcom.endFaults()
      const back = story.askedOfCalcom.length
      await story.pass(MINUTE)
      assert.ok(story.askedOfCalcom.length - back < 60, `${story.askedOfCalcom.length - back} in a minute`)
      await story.passHours(6)
      for (const booking of dragged) {
        const next = latest(story, booking)
        assert.ok(next.start.equals(booking.start.add({ hours: 48 })), `${booking.uid} is at ${next.start}`)
      }
      assert.is(inCalcomAt(story, deleted?.uid ?? ''), 'cancelled')
      assert.is(announced(story, 'BOOKING_RESCHEDULED'), 5)
      assert.is(announced(story, 'BOOKING_CANCELLED'), 1)
      assert.is(await outcomes(story), 6)
    }),
  )
}

for (const [what, apiFailure] of [
  ['its answer is lost', 'LOST'],
  ['its answer breaks off', 'TRUNCATED'],
] as const) {
  test(
    `Cal.com has moved a booking and ${what}: it is found done, and recorded once`,
    inStory(APPLIED, async (story) => {
      const booking = await story.book(await story.host())
      callsFail(story, 1, { apiFailure })
      const to = await dragsBy(story, booking, 2)
      await minutesPass(story, 60)
      const next = latest(story, booking)
      assert.is(inCalcomAt(story, next.uid), to)
      assert.equal(callsMade(story), [`reschedule of ${booking.uid}`])
      assert.is(announced(story, 'BOOKING_RESCHEDULED'), 1)
      assert.is(await outcomes(story), 1)
      await story.people.isUntold(next.uid)
    }),
  )

  test(
    `Cal.com has cancelled a booking and ${what}: it is found done, and recorded once`,
    inStory(APPLIED, async (story) => {
      const booking = await story.book(await story.host())
      callsFail(story, 1, { apiFailure })
      story.google.delete(booking.host.calendarId, booking.eventId)
      await minutesPass(story, 60)
      assert.equal(callsMade(story), [`cancel of ${booking.uid}`])
      assert.is(announced(story, 'BOOKING_CANCELLED'), 1)
      assert.is(await outcomes(story), 1)
      await story.people.isUntold(booking.uid)
    }),
  )
}

for (const restart of ['restart', 'restartWithoutReadModels'] as const) {
  test(
    `the service ends between its call and its record (${restart}): the move is done once, and recorded once`,
    inStory(APPLIED, async (story) => {
      const booking = await story.book(await story.host())
      story.calcom.faults.holdWebhooks = true
      callsFail(story, 1, { apiFailure: 'LOST' })
      story.drag(booking, booking.start.add({ hours: 2 }))
      for (let steps = 0; callsMade(story).length === 0 && steps < 200; steps++) await story.pass(50)
      await story[restart]()
      await minutesPass(story, 30)
      story.calcom.faults.holdWebhooks = false
      await story.during(story.calcom.webhooks.release())
      await minutesPass(story, 60)
      const next = latest(story, booking)
      assert.is(String(next.start), String(booking.start.add({ hours: 2 })))
      assert.equal(callsMade(story), [`reschedule of ${booking.uid}`])
      assert.is(inCalendarAt(story, next), inCalcomAt(story, next.uid))
      assert.is(await outcomes(story), 1)
      await story.people.isOpen(next.uid)
      await story.people.isUntold(next.uid)
    }),
  )
}

test(
  `the service is started again after everything was carried out: nothing is called again`,
  inStory(APPLIED, async (story) => {
    const [first, second] = await meetings(story, 2)
    if (first === undefined || second === undefined) throw new Error('two meetings are needed')
    await dragsBy(story, first, 48)
    story.google.delete(second.host.calendarId, second.eventId)
    await minutesPass(story, 5)
    assert.is(callsMade(story).length, 2)
    await story.restart()
    await minutesPass(story, 90)
    await story.restartWithoutReadModels()
    await minutesPass(story, 90)
    assert.is(callsMade(story).length, 2)
  }),
)

test.run()
