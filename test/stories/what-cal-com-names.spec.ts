// The events that a booking names: withdrawn ones beside the present one, or none yet.

import * as assert from 'uvu/assert'
import { TrackBooking } from '../../commands/track-booking.ts'
import { test } from '../support/ahead.ts'
import { askedWays, inStory, type Story } from '../support/people.ts'
import { deletes, drags, inCalcom, later, linkedTo, minutesPass, writesEvent } from '../support/story-acts.ts'
import type { Linked } from '../support/sync-fixture.ts'

/** Hours go by: what runs every minute runs more rarely, for the sake of the test's own time. */
const rarely = { cronMs: 600_000 }

/** Cal.com names a second event, and the first one only as withdrawn. */
async function renewed(story: Story, booking: Linked): Promise<Linked> {
  const { calendarId: externalCalendarId } = booking.host
  const eventId = writesEvent(story, booking)
  story.calcom.store.replaceReferences(inCalcom(story, booking.uid), [
    { externalEventId: booking.eventId, externalCalendarId, deleted: true },
    { externalEventId: eventId, externalCalendarId },
  ])
  await deletes(story, booking)
  await minutesPass(story)
  return { ...booking, eventId }
}

for (const [way, options] of askedWays) {
  for (const listed of ['listed', 'left-out'] as const)
    test(
      `Cal.com makes a new event and withdraws the old one, which its answer has ${listed}: nothing is cancelled, the new event is followed (${way})`,
      inStory(options, async (story) => {
        const { people } = story
        story.calcom.settings.deletedReferences = listed
        const booking = await story.book(await story.host())
        const now = await renewed(story, booking)
        assert.equal(await people.feed(), [])
        await people.isOpen(booking.uid)
        await people.isUntold(booking.uid)
        const moved = await drags(story, now, 2)
        assert.equal(await people.feed(), [moved])
        const cancelled = await deletes(story, now)
        await minutesPass(story)
        assert.equal(await people.feed(), [moved, cancelled])
      }),
    )

  test(
    `a withdrawn event was left alive beside the present one: its deletion later tells nobody (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const host = await story.host()
      const booking = await story.book(host)
      const eventId = writesEvent(story, booking)
      const externalCalendarId = host.calendarId
      story.calcom.store.replaceReferences(inCalcom(story, booking.uid), [
        { externalEventId: booking.eventId, externalCalendarId, deleted: true },
        { externalEventId: eventId, externalCalendarId },
      ])
      await minutesPass(story, 65)
      await story.restart()
      await deletes(story, booking)
      await minutesPass(story)
      assert.equal(await people.feed(), [])
      await people.isOpen(booking.uid)
      const cancelled = await deletes(story, { ...booking, eventId })
      assert.equal(await people.feed(), [cancelled])
    }),
  )

  test(
    `the name of the event is filled in after three hours: from then on the host's move is published (${way})`,
    inStory({ ...options, settings: rarely }, async (story) => {
      const { people } = story
      story.calcom.settings.referenceUid = 'empty'
      const host = await story.host()
      const { uid } = await story.book(host, { inHours: 30 })
      await minutesPass(story, 180)
      await people.isOpen(uid)
      story.calcom.store.fillReferences(inCalcom(story, uid))
      await minutesPass(story, 180)
      const moved = await drags(story, linkedTo(story, host, uid), 2)
      assert.equal(await people.feed(), [moved])
    }),
  )

  test(
    `the host moves an event whose name is not filled in yet: the move is published later, or a person is told (${way})`,
    inStory({ ...options, settings: rarely }, async (story) => {
      const { people } = story
      story.calcom.settings.referenceUid = 'empty'
      const host = await story.host()
      const { uid } = await story.book(host, { inHours: 30 })
      const withheld = inCalcom(story, uid).references[0]?.withheldUid ?? ''
      const moved = await drags(story, { ...linkedTo(story, host, uid), eventId: withheld }, 2)
      await minutesPass(story, 120)
      assert.equal(await people.feed(), [])
      story.calcom.store.fillReferences(inCalcom(story, uid))
      await minutesPass(story, 180)
      const feed = await people.feed()
      assert.ok(feed.includes(moved) || (await people.toldAbout(uid)).length > 0, 'lost in silence')
    }),
  )

  test(
    `the name of the event is never filled in: Cal.com is asked more and more rarely, and not after the start (${way})`,
    inStory({ ...options, settings: rarely }, async (story) => {
      story.calcom.settings.referenceUid = 'empty'
      const { uid } = await story.book(await story.host(), { inHours: 12 })
      const asksIn = async (minutes: number) => {
        const before = story.askedOfCalcom.length
        await minutesPass(story, minutes)
        const paths = story.askedOfCalcom.slice(before)
        return paths.filter((path) => path.includes(`${uid}/references`)).length
      }
      const [first, second] = [await asksIn(180), await asksIn(180)]
      assert.ok(second >= 1, 'it is asked again after three hours')
      assert.ok(second < first, `asked ${first} times, then ${second} times`)
      assert.ok(first < 60, `asked ${first} times in three hours`)
      await minutesPass(story, 420)
      assert.is(await asksIn(180), 0, 'after the start')
    }),
  )

  test(
    `a moved booking is never given its event's name, and the host deletes the event: a person is told after an hour, nobody is cancelled (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const host = await story.host()
      const first = await story.book(host)
      const to = { start: later(first, 5) }
      story.calcom.holds.hold(['BEFORE_REFERENCES'])
      const outcome = story.calcom.reschedule(first.uid, to)
      await minutesPass(story, 1)
      const uid = outcome.ok ? outcome.booking.uid : ''
      story.calcom.store.replaceReferences(inCalcom(story, uid), [{ externalEventId: '' }])
      await deletes(story, { ...first, uid })
      await minutesPass(story, 130)
      assert.equal(await people.feed(), [])
      await people.isOpen(uid)
      await people.isTold(uid)
    }),
  )
}

test(
  'an operator names two events for one booking, twice: it is cancelled when the second of them is gone, and not before',
  inStory({ view: false }, async (story) => {
    const { people } = story
    const host = await story.host()
    const start = story.clock.now().add({ hours: 48 })
    const booking = { uid: 'by-hand', eventId: '', start, end: start.add({ minutes: 30 }), host }
    const eventIds = [writesEvent(story, booking), writesEvent(story, booking)]
    const { calendarId: externalCalendarId, userId } = host
    const tracked = {
      bookingUid: 'by-hand',
      userId,
      start: booking.start.toString(),
      end: booking.end.toString(),
      references: eventIds.map((externalEventId) => ({
        provider: 'google',
        externalCalendarId,
        externalEventId,
      })),
    }
    await story.command(TrackBooking, tracked)
    await story.settle()
    await deletes(story, { ...booking, eventId: eventIds[0] ?? '' })
    await story.command(TrackBooking, tracked)
    await minutesPass(story)
    assert.equal(await people.feed(), [])
    const cancelled = await deletes(story, { ...booking, eventId: eventIds[1] ?? '' })
    await minutesPass(story)
    assert.equal(await people.feed(), [cancelled])
  }),
)

test.run()
