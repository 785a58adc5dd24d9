// Round robin: an admin gives a booking to another host. Cal.com sends no webhook for it.

import * as assert from 'uvu/assert'
import { test } from '../support/ahead.ts'
import { finish } from '../support/calcom-changes.ts'
import { eventConsumer } from '../support/event-consumer.ts'
import { inStory, type Story } from '../support/people.ts'
import {
  begins,
  bookType,
  deletes,
  drags,
  eventAt,
  linkedTo,
  minutesPass,
  takingPlace,
} from '../support/story-acts.ts'
import type { Linked } from '../support/sync-fixture.ts'

const keys = [
  ['with one key', {}],
  ['with a key per user', { keysOf: ['1', '2'] }],
] as const

/** A meeting with the first of two hosts, both of whose calendars are followed. */
async function roundRobin(story: Story) {
  const [first, second] = [await story.host(1), await story.host(2)]
  const booking = await bookType(story, first, { lengthMinutes: 30, hosts: [1, 2] })
  return { first, second, booking }
}

async function reassigned(story: Story, { uid }: Linked, to: Linked['host']): Promise<Linked> {
  await finish(story, story.calcom.reassign(uid, { userId: Number(to.userId) }))
  await minutesPass(story)
  return linkedTo(story, to, uid)
}

for (const [way, options] of keys) {
  test(
    `a booking is given to another host: nothing is cancelled, the new host's move is published in their name (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const { second, booking } = await roundRobin(story)
      const now = await reassigned(story, booking, second)
      assert.equal(await people.feed(), [])
      await people.isOpen(booking.uid)
      await people.isUntold(booking.uid)
      assert.is((await people.booking(booking.uid)).userId, '2')
      assert.match(JSON.stringify(await people.timeline(booking.uid)), 'BookingReassigned')
      const moved = await drags(story, now, 3)
      assert.equal(await people.feed(), [moved])
      assert.is(await people.lastUser(), '2')
    }),
  )

  test(
    `a booking is given to another host who deletes the event: it is cancelled, once, in the new host's name (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const { second, booking } = await roundRobin(story)
      const now = await reassigned(story, booking, second)
      const cancelled = await deletes(story, now)
      await minutesPass(story)
      assert.equal(await people.feed(), [cancelled])
      assert.is(await people.lastUser(), '2')
    }),
  )

  test(
    `the former event is gone, the new one not named for ten minutes: the booking waits and is not cancelled (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const { second, booking } = await roundRobin(story)
      story.calcom.holds.hold(['BETWEEN_REFERENCES'])
      const { settled } = begins(story.calcom.reassign(booking.uid, { userId: 2 }))
      await minutesPass(story, 10)
      assert.equal(await people.feed(), [])
      await people.isOpen(booking.uid)
      await story.restart()
      await minutesPass(story, 1)
      story.calcom.holds.hold([])
      await story.during(settled)
      await minutesPass(story, 65)
      assert.equal(await people.feed(), [])
      const moved = await drags(story, linkedTo(story, second, booking.uid), 2)
      assert.equal(await people.feed(), [moved])
    }),
  )

  test(
    `the host is another already and the former event still stands, then goes: nothing is cancelled (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const { second, booking } = await roundRobin(story)
      story.calcom.holds.hold(['BEFORE_EVENT'])
      const { settled } = begins(story.calcom.reassign(booking.uid, { userId: 2 }))
      await minutesPass(story, 65)
      story.calcom.holds.hold([])
      await story.during(settled)
      await minutesPass(story, 5)
      assert.equal(await people.feed(), [])
      const moved = await drags(story, linkedTo(story, second, booking.uid), 2)
      assert.equal(await people.feed(), [moved])
      assert.is(await people.lastUser(), '2')
    }),
  )

  test(
    `the host moved the meeting, then it is given to another, who moves it too: guests are told of both moves (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const { first, second, booking } = await roundRobin(story)
      const { consume } = eventConsumer(story)
      const one = await drags(story, booking, 2)
      await story.during(consume())
      await minutesPass(story, 1)
      const [uid = ''] = takingPlace(story).map((line) => line.split(' ')[0])
      const next = linkedTo(story, first, uid)
      const now = await reassigned(story, next, second)
      assert.equal(await people.feed(), [one])
      const two = await drags(story, now, 4)
      assert.equal(await people.feed(), [one, two])
      assert.is(await people.lastUser(), '2')
      await story.during(consume())
      await minutesPass(story)
      assert.is(takingPlace(story).length, 1)
      assert.match(takingPlace(story)[0] ?? '', String(now.start.add({ hours: 4 })))
    }),
  )

  test(
    `a booking goes to another host and back: the first one's new event counts (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const { first, second, booking } = await roundRobin(story)
      await reassigned(story, booking, second)
      const back = await reassigned(story, booking, first)
      assert.is.not(back.eventId, booking.eventId)
      assert.equal(await people.feed(), [])
      assert.is((await people.booking(booking.uid)).userId, '1')
      const cancelled = await deletes(story, back)
      await minutesPass(story)
      assert.equal(await people.feed(), [cancelled])
      assert.is(await people.lastUser(), '1')
    }),
  )
}

test(
  'only the former host has a key, and no link is in the event: a person is told that the booking was given to another, and nothing is cancelled',
  inStory({ keysOf: ['1'] }, async (story) => {
    const { people } = story
    story.calcom.settings.eventLink = 'none'
    const { second, booking } = await roundRobin(story)
    const now = await reassigned(story, booking, second)
    await minutesPass(story, 70)
    assert.equal(await people.feed(), [])
    await people.isTold(booking.uid, 'REASSIGNED')
    assert.is(eventAt(story, second, now.eventId), String(booking.start))
  }),
)

for (const shown of ['hidden', 'forbidden'] as const)
  test(
    `only the former host has a key and Cal.com's answer to it is that the booking is ${shown}: nothing is cancelled, a person is told`,
    inStory({ keysOf: ['1'] }, async (story) => {
      const { people } = story
      story.calcom.settings.bookingOfOthers = shown
      const { second, booking } = await roundRobin(story)
      await reassigned(story, booking, second)
      await minutesPass(story, 70)
      assert.equal(await people.feed(), [])
      await people.isTold(booking.uid)
    }),
  )

test.run()
