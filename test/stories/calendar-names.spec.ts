// One calendar under two names: letter case, `primary`, an account that got another address.

import * as assert from 'uvu/assert'
import { RegisterCalendarSync } from '../../commands/register-calendar-sync.ts'
import { TrackBooking } from '../../commands/track-booking.ts'
import { test } from '../support/ahead.ts'
import { finish } from '../support/calcom-changes.ts'
import { inStory, type Story, ways } from '../support/people.ts'
import { bookType, deletes, drags, linkedTo, minutesPass, namedByHand } from '../support/story-acts.ts'
import type { Host } from '../support/sync-fixture.ts'

const SHOUTED = 'HOST-1@Example.COM'
const addresses = (items: readonly { externalCalendarId: string | null }[]) =>
  items.map(({ externalCalendarId }) => externalCalendarId?.toLowerCase())

/** One registration, one subscription, one open channel. */
async function isOneCalendar({ people, google, clock }: Story): Promise<void> {
  const now = clock.now().epochMilliseconds
  assert.equal(addresses(await people.syncs()), ['host-1@example.com'])
  assert.equal(addresses(await people.subscriptions()), ['host-1@example.com'])
  const open = google.channels().filter((one) => one.stoppedMs === undefined && one.expiration > now)
  assert.is(open.length, 1, `${open.length} channels are open`)
}

/** An event that is there already, two days from now. */
function eventOf(story: Story, host: Host, hours = 48) {
  const start = story.clock.now().add({ hours })
  const end = start.add({ minutes: 30 })
  const time = (at: Temporal.Instant) => ({ dateTime: at.toString() })
  const { id } = story.google.insert(host.calendarId, { start: time(start), end: time(end) })
  return { uid: `booking-in-${hours}-hours`, eventId: id, start, end, host }
}

const trackedAs = (story: Story, booking: ReturnType<typeof eventOf>, externalCalendarId: string) =>
  story.command(TrackBooking, {
    bookingUid: booking.uid,
    userId: booking.host.userId,
    start: booking.start.toString(),
    end: booking.end.toString(),
    references: [{ provider: 'google', externalCalendarId, externalEventId: booking.eventId }],
  })

test(
  'a calendar is registered in small letters and in capitals: it is one calendar with one channel',
  inStory({}, async (story) => {
    const host = await story.host()
    const again = { ...host, provider: 'google', externalCalendarId: SHOUTED }
    await story.command(RegisterCalendarSync, again)
    await minutesPass(story)
    await isOneCalendar(story)
    await story.restart()
    await story.command(RegisterCalendarSync, again)
    await minutesPass(story)
    await isOneCalendar(story)
  }),
)

for (const [way, options] of ways)
  test(
    `Cal.com writes the calendar's name in capitals: nothing is registered twice, a move and a deletion are published once (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const host = await story.host()
      const destination = { externalCalendarId: SHOUTED, credentialId: host.credentialId }
      const { name, email, timeZone, apiKey } = story.calcom.store.user(1) ?? {}
      story.calcom.createUser({ id: 1, name, email, timeZone, apiKey, destination })
      const booking = await bookType(story, host, { lengthMinutes: 30 })
      await minutesPass(story)
      await isOneCalendar(story)
      const moved = await drags(story, booking, 2)
      const cancelled = await deletes(story, booking)
      await minutesPass(story)
      assert.equal(await people.feed(), [moved, cancelled])
    }),
  )

test(
  'an operator names the event in a calendar written in capitals: its deletion cancels the booking, once',
  inStory({ view: false }, async (story) => {
    const booking = eventOf(story, await story.host())
    await trackedAs(story, booking, SHOUTED)
    await trackedAs(story, booking, 'host-1@example.com')
    await story.settle()
    assert.is((await story.people.booking(booking.uid)).references.length, 1, 'one event, named once')
    const cancelled = await deletes(story, booking)
    await minutesPass(story)
    assert.equal(await story.people.feed(), [cancelled])
    await isOneCalendar(story)
  }),
)

test(
  'a calendar under two names is emptied: all its deletions are held together, none is published',
  inStory({ view: false, settings: { massChangeLimit: 3 } }, async (story) => {
    const { people } = story
    const host = await story.host()
    for (const [n, name] of [SHOUTED, host.calendarId, SHOUTED, host.calendarId].entries())
      await trackedAs(story, eventOf(story, host, 48 + n), name)
    await story.settle()
    story.google.clear(host.calendarId)
    await minutesPass(story, 20)
    assert.equal(await people.feed(), [])
    // Each booking is told by itself as well.
    const told = (await people.status()).needsPerson.filter(({ code }) => code === 'MASS_CHANGE')
    const held = told.filter(({ bookingUid }) => bookingUid === undefined)
    assert.is(held.length, 1, JSON.stringify(told))
    assert.match(held[0]?.sentence ?? '', '4 changes')
  }),
)

for (const name of ['primary', 'Primary'])
  test(
    `a command names the calendar ${name}: it is refused with what to write instead, and nothing is registered`,
    inStory({}, async ({ people }) => {
      const calendar = { provider: 'google', externalCalendarId: name }
      const owner = { userId: '1', credentialId: 'credential-1' }
      const [start, end] = ['2026-03-04T10:00:00Z', '2026-03-04T10:30:00Z']
      const references = [{ ...calendar, externalEventId: 'anevent' }]
      const change = { id: 'anevent', status: 'cancelled' }
      for (const [command, body] of [
        ['RegisterCalendarSync', { ...calendar, ...owner }],
        ['RegisterSelectedCalendar', { ...calendar, ...owner }],
        ['TrackBooking', { bookingUid: 'b', userId: '1', start, end, references }],
        ['ApplyExternalEventChange', { ...calendar, observedAt: '2026-03-02T08:00:00Z', change }],
      ] as const) {
        const answer = await people.ask('POST', `/commands/${command}`, body)
        const said = `${command}: ${JSON.stringify(answer.body)}`
        assert.is(answer.status, 400, said)
        assert.match(said, 'externalCalendarId')
        assert.match(said, /address|e-mail|email/i, 'what to write instead')
      }
      assert.equal(await people.syncs(), [])
    }),
  )

for (const [way, options] of ways)
  test(
    `Cal.com's delivery says primary: the calendar of the host's own address is followed, and no other (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const host = await story.host(1, { registered: false })
      const destination = { externalCalendarId: 'primary', credentialId: host.credentialId }
      const { name, email, timeZone, apiKey } = story.calcom.store.user(1) ?? {}
      story.calcom.createUser({ id: 1, name, email, timeZone, apiKey, destination })
      const { eventId, start } = eventOf(story, host)
      const references = [{ externalEventId: eventId, externalCalendarId: null }]
      const uid = await finish(story, story.calcom.book({ userId: 1, start, references }))
      const booking = linkedTo(story, host, uid)
      await namedByHand(story, booking)
      await minutesPass(story)
      await isOneCalendar(story)
      const moved = await drags(story, booking, 2)
      await minutesPass(story, 20)
      assert.equal(await people.feed(), [moved])
    }),
  )

for (const [way, options] of ways)
  test(
    `the host's account gets another address: old and new bookings are followed as of one calendar, nothing is cancelled (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const host = await story.host()
      const before = await bookType(story, host, { lengthMinutes: 30 })
      story.google.habits.rename(host.calendarId, 'new-name@example.com')
      const renamed = { ...host, calendarId: 'new-name@example.com' }
      const destination = { externalCalendarId: renamed.calendarId, credentialId: host.credentialId }
      const { apiKey, timeZone } = story.calcom.store.user(1) ?? {}
      story.calcom.createUser({ id: 1, email: renamed.calendarId, timeZone, apiKey, destination })
      const after = await bookType(story, renamed, { lengthMinutes: 30 }, { inHours: 72 })
      await minutesPass(story, 20)
      assert.equal(await people.feed(), [])
      const movedBefore = await drags(story, { ...before, host: renamed }, 1)
      const movedAfter = await drags(story, after, 1)
      await minutesPass(story, 20)
      assert.equal((await people.feed()).sort(), [movedBefore, movedAfter].sort())
      assert.is((await people.subscriptions()).filter(({ status }) => status === 'ACTIVE').length, 1)
    }),
  )

test.run()
