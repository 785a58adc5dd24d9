// Cal.com names an event and not its calendar, and the host's destination is another one by now.

import * as assert from 'uvu/assert'
import { RegisterCalendarSync } from '../../commands/register-calendar-sync.ts'
import { test } from '../support/ahead.ts'
import { finish } from '../support/calcom-changes.ts'
import { askedWays, inStory, type Story } from '../support/people.ts'
import { deletes, drags, eventAt, minutesPass, takingPlace, writesEvent } from '../support/story-acts.ts'
import type { Host } from '../support/sync-fixture.ts'

/** A second calendar of the host's, followed too, which Cal.com writes into from now on. */
async function writesElsewhere(story: Story, host: Host): Promise<string> {
  const externalCalendarId = 'work@example.com'
  story.google.createCalendar({ id: externalCalendarId, timeZone: 'Europe/London' })
  const { userId, credentialId } = host
  await story.command(RegisterCalendarSync, { userId, provider: 'google', externalCalendarId, credentialId })
  const { name, email, timeZone, apiKey } = story.calcom.store.user(Number(userId)) ?? {}
  story.calcom.createUser({
    id: Number(userId),
    name,
    email,
    timeZone,
    apiKey,
    destination: { externalCalendarId, credentialId },
  })
  await story.settle()
  return externalCalendarId
}

/** A booking of an event that is in the first calendar; the delivery names the second, the reference none. */
async function namesNoCalendar(story: Story, externalEventId?: string) {
  const host = await story.host()
  await writesElsewhere(story, host)
  const start = story.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: 48 })
  const draft = { uid: '', eventId: '', start, end: start.add({ minutes: 30 }), host }
  const eventId = externalEventId ?? writesEvent(story, draft)
  const references = [{ externalEventId: eventId, externalCalendarId: null }]
  const uid = await finish(story, story.calcom.book({ userId: 1, start, references }))
  await minutesPass(story, 10)
  return { ...draft, uid, eventId }
}

for (const [way, options] of askedWays) {
  test(
    `Cal.com names no calendar, and writes into another one by now: the event is found where it is, and its move published (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await namesNoCalendar(story)
      assert.equal(await people.feed(), [])
      await people.isUntold(booking.uid)
      const [reference] = (await people.booking(booking.uid)).references
      assert.is(reference?.externalCalendarId, booking.host.calendarId, 'where it was found')
      const moved = await drags(story, booking, 2)
      assert.equal(await people.feed(), [moved])
      await story.restart()
      const cancelled = await deletes(story, booking)
      await minutesPass(story)
      assert.equal(await people.feed(), [moved, cancelled])
    }),
  )

  test(
    `Cal.com names no calendar and the event is in none of the host's: nothing is cancelled, a person is told (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const booking = await namesNoCalendar(story, 'nosuchevent')
      await minutesPass(story, 70)
      assert.equal(await people.feed(), [])
      await people.isOpen(booking.uid)
      await people.isTold(booking.uid)
      assert.equal(takingPlace(story), [`${booking.uid} at ${booking.start}`])
    }),
  )

  test(
    `the destination is changed after a booking whose reference names no calendar: the booking stays with its event (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      story.calcom.settings.referenceCalendarStored = false
      const host = await story.host()
      const booking = await story.book(host)
      await writesElsewhere(story, host)
      await minutesPass(story, 130)
      await story.restart()
      await minutesPass(story, 5)
      assert.equal(await people.feed(), [])
      await people.isOpen(booking.uid)
      await people.isUntold(booking.uid)
      assert.is(eventAt(story, host, booking.eventId), String(booking.start))
      const moved = await drags(story, booking, 1)
      assert.equal(await people.feed(), [moved])
      const cancelled = await deletes(story, booking)
      assert.equal(await people.feed(), [moved, cancelled])
    }),
  )
}

test.run()
