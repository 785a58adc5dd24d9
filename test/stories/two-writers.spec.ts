// Cal.com's own calendar sync is on beside this service: it moves and cancels bookings by itself.

import * as assert from 'uvu/assert'
import { test } from '../support/ahead.ts'
import { eventConsumer } from '../support/event-consumer.ts'
import { askedWays, inStory, type Story, ways } from '../support/people.ts'
import {
  announced,
  bookType,
  drags,
  eventAt,
  later,
  linkedTo,
  minutesPass,
  takingPlace,
} from '../support/story-acts.ts'

/** Its own sync looks once. */
async function ownSyncLooks(story: Story): Promise<void> {
  await story.during(story.calcom.ownSync.run())
  await story.settle()
}

const begun = async (story: Story) => bookType(story, await story.host(), { lengthMinutes: 30 })

/** The one booking that takes place. */
function theOne(story: Story): { uid: string; start: string } {
  const all = takingPlace(story)
  assert.is(all.length, 1, `takes place: ${all.join(', ')}`)
  const [uid = '', , start = ''] = (all[0] ?? '').split(' ')
  return { uid, start }
}

for (const [way, options] of ways) {
  test(
    `Cal.com's own sync moves a booking before this service does: guests are told once, and it is where the host put it (${way})`,
    inStory(options, async (story) => {
      const booking = await begun(story)
      const { consume } = eventConsumer(story)
      story.drag(booking, later(booking, 3))
      await ownSyncLooks(story)
      await story.during(consume())
      await minutesPass(story, 10)
      await story.during(consume())
      assert.is(theOne(story).start, String(later(booking, 3)))
      assert.is(announced(story, 'BOOKING_RESCHEDULED'), 1)
      assert.is(announced(story, 'BOOKING_CANCELLED'), 0)
    }),
  )

  test(
    `this service publishes a move, and Cal.com's own sync applies it before the consumer: guests are told once (${way})`,
    inStory(options, async (story) => {
      const booking = await begun(story)
      const { consume } = eventConsumer(story)
      const moved = await drags(story, booking, 3)
      await ownSyncLooks(story)
      await story.restart()
      await story.during(consume())
      await minutesPass(story, 10)
      await story.during(consume())
      assert.equal(await story.people.feed(), [moved])
      assert.is(theOne(story).start, String(later(booking, 3)))
      assert.is(announced(story, 'BOOKING_RESCHEDULED'), 1)
    }),
  )

  test(
    `the consumer applies a move first and Cal.com's own sync looks after that: guests are told once (${way})`,
    inStory(options, async (story) => {
      const booking = await begun(story)
      const { consume } = eventConsumer(story)
      const moved = await drags(story, booking, 3)
      await story.during(consume())
      await minutesPass(story, 1)
      await ownSyncLooks(story)
      await minutesPass(story, 10)
      assert.equal(await story.people.feed(), [moved])
      assert.is(theOne(story).start, String(later(booking, 3)))
      assert.is(announced(story, 'BOOKING_RESCHEDULED'), 1)
    }),
  )

  for (const first of ['Cal.com’s own sync', 'this service'] as const)
    test(
      `the host deletes the event and ${first} is first: guests are told once of the end (${way})`,
      inStory(options, async (story) => {
        const booking = await begun(story)
        const { consume } = eventConsumer(story)
        story.google.delete(booking.host.calendarId, booking.eventId)
        if (first === 'this service') await story.settle()
        await ownSyncLooks(story)
        await story.during(consume())
        await minutesPass(story, 10)
        await story.during(consume())
        assert.equal(takingPlace(story), [])
        assert.is(announced(story, 'BOOKING_CANCELLED'), 1)
        assert.ok((await story.people.feed()).length <= 1)
      }),
    )

  test(
    `the new booking of Cal.com's own sync names no event: the host's next move still goes out, or a person is told (${way})`,
    inStory(options, async (story) => {
      const booking = await begun(story)
      story.drag(booking, later(booking, 3))
      await ownSyncLooks(story)
      await minutesPass(story, 70)
      const { uid } = theOne(story)
      story.drag(booking, later(booking, 6))
      await minutesPass(story, 70)
      const feed = await story.people.feed()
      const told = await story.people.toldAbout(uid)
      assert.ok(feed.at(-1) === `${uid} to ${later(booking, 6)}` || told.length > 0, `lost: ${feed.join()}`)
      assert.not.ok(feed.some((line) => line.endsWith('cancelled')))
    }),
  )

  test(
    `the host makes a meeting longer while it is moved: Cal.com's own sync keeps the length, this service puts that right (${way})`,
    inStory(options, async (story) => {
      const booking = await begun(story)
      story.calcom.ownSync.set({ newReferences: true })
      const { consume } = eventConsumer(story)
      story.drag(booking, later(booking, 3), later(booking, 4))
      await ownSyncLooks(story)
      for (let turn = 0; turn < 3; turn++) {
        await minutesPass(story, 5)
        await story.during(consume())
        await ownSyncLooks(story)
      }
      const { uid, start } = theOne(story)
      assert.is(start, String(later(booking, 3)))
      const { end } = story.calcom.store.booking(uid) ?? {}
      assert.is(String(Temporal.Instant.from(end ?? '')), String(later(booking, 4)))
      assert.is(eventAt(story, booking.host, booking.eventId), start)
      assert.ok(announced(story, 'BOOKING_RESCHEDULED') <= 2, 'no game of two writers')
    }),
  )
}

for (const [way, options] of askedWays)
  test(
    `Cal.com's own sync has moved and cancelled bookings: the operator is told that two writers seem to be on (${way})`,
    inStory(options, async (story) => {
      const host = await story.host()
      story.calcom.ownSync.set({ newReferences: true })
      for (const inHours of [48, 72, 96]) {
        const booking = await bookType(story, host, { lengthMinutes: 30 }, { inHours })
        story.drag(booking, later(booking, 2))
        await ownSyncLooks(story)
        await minutesPass(story, 2)
        const now = linkedTo(story, host, story.calcom.store.replacementOf(booking.uid)?.uid ?? '')
        story.google.delete(host.calendarId, now.eventId)
        await ownSyncLooks(story)
        await minutesPass(story, 2)
      }
      const { needsPerson } = await story.people.status()
      const told = needsPerson.filter(({ sentence }) => /cal\.com/i.test(sentence))
      assert.ok(
        told.some(({ sentence, next }) => /sync|two|both|itself/i.test(`${sentence} ${next}`)),
        `nobody is told: ${JSON.stringify(needsPerson)}`,
      )
    }),
  )

test(
  'one booking is moved in Cal.com by its guest just as the host moves the event there: nobody is told of two writers',
  inStory({}, async (story) => {
    const booking = await begun(story)
    const { consume } = eventConsumer(story)
    await drags(story, booking, 3)
    await story.during(consume())
    await minutesPass(story, 10)
    assert.equal((await story.people.status()).needsPerson, [])
  }),
)

test.run()
