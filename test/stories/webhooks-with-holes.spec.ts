// Deliveries that lack fields, are somebody's own template, or are of another time.

import * as assert from 'uvu/assert'
import { test } from '../support/ahead.ts'
import { finish } from '../support/calcom-changes.ts'
import { askedWays, inStory, type Story, ways } from '../support/people.ts'
import {
  announced,
  bookType,
  deletes,
  deliveredAgain,
  drags,
  inCalcom,
  later,
  linkedTo,
  minutesPass,
  namedByHand,
} from '../support/story-acts.ts'
import { toldOf, withWholeService } from '../support/whole-service.ts'

for (const [way, options] of askedWays) {
  test(
    `deliveries do not say who the host is: the booking is followed, the calendar registered, a move published in the host's name (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      story.calcom.settings.payloadOrganizerId = false
      const host = await story.host(1, { registered: false })
      const booking = await story.book(host)
      await minutesPass(story, 5)
      await people.isOpen(booking.uid)
      assert.is((await people.booking(booking.uid)).userId, '1')
      assert.equal(
        (await people.syncs()).map(({ userId, externalCalendarId }) => [userId, externalCalendarId]),
        [['1', host.calendarId]],
      )
      const moved = await drags(story, linkedTo(story, host, booking.uid), 3)
      await minutesPass(story, 20)
      assert.equal(await people.feed(), [moved])
      assert.is(await people.lastUser(), '1')
    }),
  )

  test(
    `deliveries do not say who the host is, come twice and again after a restart: one registration, one move (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      story.calcom.settings.payloadOrganizerId = false
      story.calcom.faults.doubleWebhooks = 1
      const host = await story.host(1, { registered: false })
      const booking = await story.book(host)
      await story.restart()
      await deliveredAgain(story)
      await minutesPass(story, 5)
      assert.is((await people.syncs()).length, 1)
      const moved = await drags(story, linkedTo(story, host, booking.uid), 3)
      await minutesPass(story, 20)
      assert.equal(await people.feed(), [moved])
    }),
  )

  test(
    `a meeting is accepted by its payment, and only that is told: it is followed, its move published (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const host = await story.host()
      const unpaid = await bookType(story, host, { lengthMinutes: 30, price: 1_000 })
      assert.is(announced(story, 'BOOKING_PAYMENT_INITIATED'), 1)
      await finish(story, story.calcom.pay(unpaid.uid))
      assert.is(announced(story, 'BOOKING_CREATED'), 0)
      await minutesPass(story, 70)
      await people.isOpen(unpaid.uid)
      const moved = await drags(story, linkedTo(story, host, unpaid.uid), 3)
      assert.equal(await people.feed(), [moved])
      const cancelled = await deletes(story, linkedTo(story, host, unpaid.uid))
      assert.equal(await people.feed(), [moved, cancelled])
    }),
  )

  for (const said of ['null', 'empty', 'object'] as const)
    test(
      `deliveries say ${said} for the destination calendar: the booking is followed, its move published (${way})`,
      inStory(options, async (story) => {
        story.calcom.settings.payloadDestinations = said
        const host = await story.host()
        const booking = await story.book(host)
        await minutesPass(story, 5)
        const moved = await drags(story, booking, 3)
        assert.equal(await story.people.feed(), [moved])
      }),
    )

  test(
    `deliveries have neither uid nor number for the one seat that moves: nothing is closed by it (${way})`,
    inStory(options, async (story) => {
      const { settings } = story.calcom
      const host = await story.host()
      const booking = await story.book(host)
      settings.payloadUid = false
      settings.payloadBookingId = false
      await finish(story, story.calcom.reschedule(booking.uid, { start: later(booking, 5) }))
      await minutesPass(story, 70)
      assert.equal(await story.people.feed(), [])
      await story.people.isOver(booking.uid)
      const next = linkedTo(story, host, story.calcom.store.replacementOf(booking.uid)?.uid ?? '')
      await story.people.isOpen(next.uid)
      const moved = await drags(story, next, 1)
      assert.equal(await story.people.feed(), [moved])
    }),
  )
}

for (const [way, options] of ways)
  test(
    `deliveries are of a webhook version of the future: what fits is read, the booking is followed (${way})`,
    inStory(options, async (story) => {
      const { webhooks } = story.calcom
      if (webhooks.target) webhooks.target.version = '2031-01-01'
      const booking = await bookType(story, await story.host(), { lengthMinutes: 30 })
      const moved = await drags(story, booking, 3)
      assert.equal(await story.people.feed(), [moved])
    }),
  )

test(
  'deliveries are of a webhook version of the future: operators see them counted',
  withWholeService(async (world, { url, token }) => {
    await world.calcom.put('/webhook', { version: '2031-01-01' })
    const start = Temporal.Now.instant().add({ hours: 48 }).round('hour').toString()
    await world.calcom.post('/bookings', { userId: 1, start })
    const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })
    assert.match(await answer.text(), /^calendar_sync_calcom_deliveries_total{.*version="unknown".*} 1$/m)
  }),
)

test(
  'the host is not in the first delivery and nobody can be asked: a later delivery tells, and from then on the booking is followed',
  inStory({ view: false }, async (story) => {
    const { people } = story
    story.calcom.settings.payloadOrganizerId = false
    const host = await story.host(1, { registered: false })
    const first = await story.book(host)
    await minutesPass(story, 5)
    story.calcom.settings.payloadOrganizerId = true
    const uid = await finish(story, story.calcom.reschedule(first.uid, { start: later(first, 24) }))
    const booking = linkedTo(story, host, uid)
    await namedByHand(story, booking)
    await minutesPass(story, 5)
    await people.isOpen(uid)
    await people.isOver(first.uid)
    assert.equal(
      (await people.syncs()).map(({ userId }) => userId),
      ['1'],
    )
    const moved = await drags(story, booking, 3)
    await minutesPass(story, 20)
    assert.equal(await people.feed(), [moved])
    assert.is(await people.lastUser(), '1')
  }),
)

/** A delivery as Cal.com made it, changed. */
async function bodyOf(story: Story, change: object): Promise<string> {
  await story.book(await story.host())
  const [sent] = story.calcom.webhooks.log
  const { payload, ...about } = JSON.parse(sent?.body ?? '{}')
  return JSON.stringify({ ...about, payload: { ...payload, ...change } })
}

for (const [field, change] of [
  ['uid', { uid: null }],
  ['startTime', { startTime: 'at noon' }],
  ['endTime', { endTime: undefined }],
] as const)
  test(
    `a signed delivery has no ${field} that can be read: it is refused with the name of the field`,
    inStory({}, async (story) => {
      const { status, text } = await story.during(story.people.deliver(await bodyOf(story, change)))
      assert.is(status, 400, text)
      assert.match(text, field)
    }),
  )

test(
  'a signed delivery has more fields than anybody knows: it is taken',
  inStory({}, async (story) => {
    const body = await bodyOf(story, { uid: 'another', hologram: { colour: 'blue' }, seats: 'three' })
    assert.is((await story.during(story.people.deliver(body))).status, 200)
    await story.settle()
    await story.people.isOpen('another')
  }),
)

const templates = [
  ['JSON', '{"text": "{{title}} of {{organizer.name}}"}'],
  ['JSON that is a list', '["{{triggerEvent}}", "{{uid}}"]'],
  ['a form', 'event={{triggerEvent}}&title={{title}}'],
] as const

for (const [kind, template] of templates) {
  test(
    `somebody has set a template for the webhook, ${kind}: the delivery is refused as unreadable, not as unsigned`,
    inStory({}, async (story) => {
      const { webhooks } = story.calcom
      if (webhooks.target) webhooks.target.payloadTemplate = template
      const booking = await story.book(await story.host())
      const { body = '', contentType } = webhooks.log.at(-1) ?? {}
      const { status, text } = await story.during(story.people.deliver(body, contentType))
      assert.is(status, 400, text)
      // Reading finds what the webhooks did not tell.
      await minutesPass(story, 65)
      await story.people.isOpen(booking.uid)
    }),
  )

  test(
    `somebody has set a template for the webhook, ${kind}: the operator is told that signed deliveries cannot be read, and of the template`,
    withWholeService(async (world) => {
      await world.calcom.put('/webhook', { payloadTemplate: template })
      const start = Temporal.Now.instant().add({ hours: 48 }).round('hour').toString()
      await world.calcom.post('/bookings', { userId: 1, start, wait: false })
      const { code } = await toldOf(world, /template/i)
      assert.ok(code)
    }),
  )
}

test(
  'a delivery is signed with another secret: it is refused as unsigned, and no template is blamed',
  inStory({}, async (story) => {
    const { webhooks } = story.calcom
    if (webhooks.target) webhooks.target.secret = 'another secret'
    const booking = await story.book(await story.host())
    assert.is(webhooks.log[0]?.status, 401)
    assert.is(inCalcom(story, booking.uid).status, 'accepted')
    assert.not.match(JSON.stringify((await story.people.status()).needsPerson), /template/i)
  }),
)

test.run()
