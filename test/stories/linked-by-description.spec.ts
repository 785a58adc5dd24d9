// Nobody gave a key of Cal.com's API: which event is a booking's is found by the link in the event's description.

import * as assert from 'uvu/assert'
import { test } from '../support/ahead.ts'
import { finish } from '../support/calcom-changes.ts'
import { inStory, type Story } from '../support/people.ts'
import { begins, deletes, drags, guests, later, linkedTo, minutesPass } from '../support/story-acts.ts'
import type { Host, Linked } from '../support/sync-fixture.ts'

const NO_KEY = { view: false }
const MINUTE = 60_000

/** A booking whose event is there before anybody is told of the booking; `before` happens in between. */
async function bookedAndThen(story: Story, before: (booking: Linked) => void = () => {}): Promise<Linked> {
  const host = await story.host()
  story.calcom.faults.holdWebhooks = true
  const start = story.clock.now().round('hour').add({ hours: 48 })
  const { uid, settled } = begins(story.calcom.book({ userId: Number(host.userId), start }))
  await story.pass(MINUTE)
  const booking = linkedTo(story, host, uid)
  before(booking)
  story.calcom.faults.holdWebhooks = false
  await story.during(story.calcom.webhooks.release())
  await story.during(settled)
  await story.settle()
  return booking
}

/** Another event of the host's, with the booking's link in its description. */
function anotherWithTheLink(
  story: Story,
  { host, uid, start, end }: Linked,
  given: { organizer?: { email: string } } = {},
): string {
  const time = (at: Temporal.Instant) => ({ dateTime: `${at}`, timeZone: 'Europe/London' })
  const description = `Moved from https://cal.example/booking/${uid}?changes=true`
  const event = { summary: 'Notes', description, start: time(start), end: time(end), ...given }
  return story.google.insert(host.calendarId, event, { asGiven: true }).id
}

/** The booking waits for a person, and neither a move nor a deletion of the event is published for it. */
async function isToldAndNotGuessed(story: Story, booking: Linked): Promise<void> {
  await minutesPass(story, 5)
  await story.people.isTold(booking.uid)
  await drags(story, booking, 3)
  await minutesPass(story)
  await deletes(story, booking)
  await minutesPass(story, 5)
  assert.equal(await story.people.feed(), [])
  await story.people.isOpen(booking.uid)
}

const ofBooking = (story: Story, { uid }: Linked) =>
  story.searched.filter(({ query }) => query.get('q')?.includes(uid) === true)

for (const eventLink of ['text', 'html'] as const) {
  test(
    `the link is there as ${eventLink}: a move and a deletion of the event are published`,
    inStory(NO_KEY, async (story) => {
      story.calcom.settings.eventLink = eventLink
      const booking = await story.book(await story.host())
      await minutesPass(story)
      const moved = await drags(story, booking, 2)
      await minutesPass(story)
      const cancelled = await deletes(story, booking)
      await minutesPass(story)
      assert.equal(await story.people.feed(), [moved, cancelled])
    }),
  )
}

test(
  `Google is asked once for a booking, in its calendar, around its day, and for no title and no description`,
  inStory(NO_KEY, async (story) => {
    const booking = await bookedAndThen(story)
    await minutesPass(story, 90)
    const searches = ofBooking(story, booking)
    assert.is(searches.length, 1)
    for (const { query, calendarId } of searches) {
      assert.is(calendarId, booking.host.calendarId)
      const from = Temporal.Instant.from(query.get('timeMin') ?? '')
      const to = Temporal.Instant.from(query.get('timeMax') ?? '')
      assert.ok(Temporal.Instant.compare(from, booking.start) <= 0, `from ${from}`)
      assert.ok(Temporal.Instant.compare(to, booking.end) >= 0, `to ${to}`)
      assert.ok(to.since(from).total('hours') <= 72, `${from} to ${to}`)
      const fields = query.get('fields') ?? '*'
      assert.not.match(fields, /summary|description|location|attendees\/email|displayName|\*/)
      assert.match(fields, /items/)
    }
    await story.people.isUntold(booking.uid)
  }),
)

test(
  `the same delivery comes again and the service starts again: nobody is asked twice`,
  inStory(NO_KEY, async (story) => {
    const booking = await bookedAndThen(story)
    await minutesPass(story)
    for (const { number } of [...story.calcom.webhooks.log])
      await story.during(story.calcom.webhooks.replay(number))
    await story.restart()
    await minutesPass(story, 90)
    assert.is(ofBooking(story, booking).length, 1)
  }),
)

test(
  `Cal.com's API answers: Google is asked for no words`,
  inStory({}, async (story) => {
    const booking = await story.book(await story.host())
    await minutesPass(story, 90)
    assert.equal(ofBooking(story, booking), [])
  }),
)

test(
  `the event comes ten minutes after the booking: it is looked for more and more rarely, and then followed`,
  inStory(NO_KEY, async (story) => {
    const host = await story.host()
    story.calcom.holds.hold(['BEFORE_EVENT'])
    const start = story.clock.now().round('hour').add({ hours: 48 })
    const { uid, settled } = begins(story.calcom.book({ userId: 1, start }))
    await minutesPass(story, 10)
    const asked = story.searched.length
    assert.ok(asked > 1 && asked <= 15, `${asked} searches in ten minutes`)
    await story.people.isUntold(uid)
    story.calcom.holds.hold([])
    await story.during(settled)
    await minutesPass(story, 30)
    const booking = linkedTo(story, host, uid)
    const moved = await drags(story, booking, 2)
    await minutesPass(story)
    assert.equal(await story.people.feed(), [moved])
    await story.people.isUntold(uid)
  }),
)

test(
  `no event has the link: the operator is told after hours, and Google is not asked without end`,
  inStory(NO_KEY, async (story) => {
    story.calcom.settings.eventLink = 'none'
    const booking = await story.book(await story.host())
    await minutesPass(story, 180)
    const asked = ofBooking(story, booking).length
    assert.ok(asked > 0 && asked < 40, `${asked} searches in three hours`)
    await story.people.isTold(booking.uid)
    await drags(story, booking, 2)
    assert.equal(await story.people.feed(), [])
  }),
)

test(
  `guests share the event, so that no link is in it: the operator is told, nothing is guessed`,
  inStory(NO_KEY, async (story) => {
    const seats = { lengthMinutes: 30, seatsPerTimeSlot: 3 }
    const host = await story.host()
    const { id } = story.calcom.createEventType(1, seats)
    const start = story.clock.now().round('hour').add({ hours: 48 })
    const attendees = guests(2)
    const uid = await finish(story, story.calcom.book({ userId: 1, eventTypeId: id, start, attendees }))
    const booking = linkedTo(story, host, uid)
    await minutesPass(story, 180)
    await story.people.isTold(uid)
    await drags(story, booking, 2)
    await minutesPass(story)
    assert.equal(await story.people.feed(), [])
  }),
)

test(
  `two events at the booking's times have the link: the operator is told, neither is taken`,
  inStory(NO_KEY, async (story) => {
    let copy = ''
    const booking = await bookedAndThen(story, (made) => {
      copy = anotherWithTheLink(story, made)
    })
    await isToldAndNotGuessed(story, booking)
    story.google.delete(booking.host.calendarId, copy)
    await minutesPass(story, 5)
    assert.equal(await story.people.feed(), [])
  }),
)

test(
  `the event was moved before anybody heard of the booking: the operator is told, the booking is not moved`,
  inStory(NO_KEY, async (story) => {
    const booking = await bookedAndThen(story, (made) => story.drag(made, later(made, 4)))
    await minutesPass(story, 5)
    await story.people.isTold(booking.uid)
    assert.equal(await story.people.feed(), [])
    await story.people.isOpen(booking.uid)
  }),
)

test(
  `somebody else's invitation has the link: it is not taken for the host's event, and the operator is told`,
  inStory(NO_KEY, async (story) => {
    let invitation = ''
    const booking = await bookedAndThen(story, (made) => {
      invitation = anotherWithTheLink(story, made, { organizer: { email: 'someone@else.example' } })
      story.google.patch(made.host.calendarId, made.eventId, { description: 'Rewritten by the host' })
    })
    await isToldAndNotGuessed(story, { ...booking, eventId: invitation })
  }),
)

test(
  `the guest moves the meeting: the event is found by the new link, and its changes count for the new booking only`,
  inStory(NO_KEY, async (story) => {
    const host: Host = await story.host()
    const booking = await story.book(host)
    await minutesPass(story)
    const uid = await finish(story, story.calcom.reschedule(booking.uid, { start: later(booking, 24) }))
    await minutesPass(story, 5)
    const next = linkedTo(story, host, uid)
    const moved = await drags(story, next, 2)
    await minutesPass(story)
    const cancelled = await deletes(story, next)
    await minutesPass(story)
    assert.equal(await story.people.feed(), [moved, cancelled])
    await story.people.isOver(booking.uid)
    assert.ok(ofBooking(story, next).length > 0, 'nobody looked for the new link')
  }),
)

test(
  `Google refuses the search twice: it is tried again, and the event is followed`,
  inStory(NO_KEY, async (story) => {
    const booking = await bookedAndThen(story, ({ host }) =>
      story.google.faults.set({
        calendarId: host.calendarId,
        methods: ['list'],
        reason: 'rateLimitExceeded',
        times: 2,
      }),
    )
    await minutesPass(story, 20)
    const moved = await drags(story, booking, 2)
    await minutesPass(story)
    assert.equal(await story.people.feed(), [moved])
  }),
)

test(
  `a type that has to be confirmed: the event that comes with the acceptance is found`,
  inStory(NO_KEY, async (story) => {
    const host = await story.host()
    const { id } = story.calcom.createEventType(1, { lengthMinutes: 30, requiresConfirmation: true })
    const start = story.clock.now().round('hour').add({ hours: 48 })
    const uid = await finish(story, story.calcom.book({ userId: 1, eventTypeId: id, start }))
    await minutesPass(story, 30)
    await finish(story, story.calcom.confirm(uid))
    await minutesPass(story, 5)
    const moved = await drags(story, linkedTo(story, host, uid), 2)
    await minutesPass(story)
    assert.equal(await story.people.feed(), [moved])
  }),
)

test.run()
