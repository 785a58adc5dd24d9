import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calcomBookingDirectory } from '../../../infrastructure/calcom/calcom-booking-directory.ts'
import { calcomWebhook, signatureHeader } from '../../../infrastructure/calcom/webhook.ts'
import { systemClock } from '../../../infrastructure/clock/system-clock.ts'
import { calcomApiV2 } from '../../../stand-ins/calcom/api-v2.ts'
import { calcomCore } from '../../../stand-ins/calcom/calcom-core.ts'
import { startCalcomStandIn } from '../../../stand-ins/calcom/calcom-stand-in.ts'
import { scriptedServer } from '../../support/http-server.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const at = (days: number): string =>
  systemClock
    .now()
    .add({ hours: 24 * days })
    .toString()

/** The stand-in and a receiver of its webhooks, both over HTTP. */
async function withStandIn(
  work: (world: {
    call: (method: string, path: string, body?: unknown) => Promise<{ status: number; body: Answer }>
    triggers: () => string[]
    standIn: Awaited<ReturnType<typeof startCalcomStandIn>>
  }) => Promise<void>,
): Promise<void> {
  const receiver = await scriptedServer(() => ({ status: 200 }))
  const standIn = await startCalcomStandIn({
    clock: systemClock,
    webhookUrl: `${receiver.url}/webhooks/calcom`,
    webhookSecret: 's',
    apiKey: 'cal_team',
    settings: { beforeReferencesMs: 1, beforeCancelStoredMs: 1 },
  })
  const read = calcomWebhook({ secrets: ['s'] })
  try {
    await work({
      standIn,
      call: async (method, path, body) => {
        const response = await fetch(`${standIn.url}${path}`, {
          method,
          headers: { authorization: 'Bearer cal_team', 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        // What the stand-in answers is looked at field by field below.
        return { status: response.status, body: (await response.json()) as Answer }
      },
      triggers: () =>
        receiver.received.map(({ body, headers }) => {
          const delivery = read(body, String(headers[signatureHeader]))
          return delivery.ok ? delivery.delivery.trigger : delivery.code
        }),
    })
  } finally {
    await standIn.close()
    await receiver.close()
  }
}

type Answer = {
  id: number
  uid: string
  url: string
  status: string
  end: string
  message: string
  statusCode: number
  rescheduledToUid: string
  references: { uid: string }[]
  items: Answer[]
  data: Answer
  error: Answer
  code: string
  dropWebhooks: number
  beforeReferencesMs: number
}

const standIn = suite('the stand-in of Cal.com over HTTP')

standIn('is worked by a person: user, booking, reschedule, cancellation, each announced and signed', () =>
  withStandIn(async ({ call, triggers }) => {
    const user = await call('POST', '/stand-in/users', {
      name: 'Host',
      timeZone: 'Europe/Berlin',
      destination: { externalCalendarId: 'host@example.com', credentialId: 'c1' },
      eventTypes: [{ lengthMinutes: 45 }],
    })
    assert.is(user.status, 201)
    const booked = await call('POST', '/stand-in/bookings', { userId: user.body.id, start: at(1) })
    assert.is(booked.body.references.length, 1)
    const moved = await call('POST', `/stand-in/bookings/${booked.body.uid}/reschedule`, { start: at(2) })
    assert.is(moved.body.references[0]?.uid, booked.body.references[0]?.uid)
    const old = await call('GET', `/stand-in/bookings/${booked.body.uid}`)
    assert.is(old.body.rescheduledToUid, moved.body.uid)
    assert.is((await call('POST', `/stand-in/bookings/${moved.body.uid}/cancel`)).body.status, 'cancelled')
    assert.is((await call('GET', `/stand-in/bookings?userId=${user.body.id}`)).body.items.length, 2)
    await call('POST', '/stand-in/ping')
    assert.equal(triggers(), ['BOOKING_CREATED', 'BOOKING_RESCHEDULED', 'BOOKING_CANCELLED', 'PING'])
  }),
)

standIn('is rescheduled by API to the event type’s length, under a new uid, and refuses to do it twice', () =>
  withStandIn(async ({ call, standIn, triggers }) => {
    standIn.core.createUser({ id: 7, destination: { externalCalendarId: 'c' } })
    const { body: booked } = await call('POST', '/stand-in/bookings', {
      userId: 7,
      start: at(1),
      end: at(1.5),
    })
    const start = at(2)
    const path = `/v2/bookings/${booked.uid}/reschedule`
    const moved = await call('POST', path, { start, reschedulingReason: 'moved in the calendar' })
    assert.is(moved.status, 201)
    assert.is.not(moved.body.data.uid, booked.uid)
    const expectedEnd = Temporal.Instant.from(start).add({ minutes: 30 }).round('millisecond')
    assert.ok(expectedEnd.equals(moved.body.data.end))
    assert.is(
      (await call('GET', `/v2/bookings/${booked.uid}`)).body.data.rescheduledToUid,
      moved.body.data.uid,
    )
    const twice = await call('POST', path, { start: at(3) })
    assert.is(twice.status, 400)
    assert.match(twice.body.error.message, moved.body.data.uid)
    assert.equal(triggers(), ['BOOKING_CREATED', 'BOOKING_RESCHEDULED'])
  }),
)

standIn('refuses by API the past, a conflict and what is not a time', () =>
  withStandIn(async ({ call, standIn }) => {
    standIn.core.createUser({ id: 7 })
    const { body: one } = await call('POST', '/stand-in/bookings', { userId: 7, start: at(1) })
    const { body: other } = await call('POST', '/stand-in/bookings', { userId: 7, start: at(2) })
    const path = `/v2/bookings/${one.uid}/reschedule`
    for (const start of [at(-1), other.uid, undefined]) {
      assert.is((await call('POST', path, { start })).status, 400)
    }
    const { start } = standIn.core.store.booking(other.uid) ?? { start: '' }
    assert.match((await call('POST', path, { start })).body.error.message, /already has booking/)
  }),
)

standIn('is cancelled by API once, and knows no booking that it does not have', () =>
  withStandIn(async ({ call, standIn, triggers }) => {
    standIn.core.createUser({ id: 7 })
    const { body: booked } = await call('POST', '/stand-in/bookings', { userId: 7, start: at(1) })
    const path = `/v2/bookings/${booked.uid}/cancel`
    const cancelled = await call('POST', path, { cancellationReason: 'gone from the calendar' })
    assert.is(cancelled.body.data.status, 'cancelled')
    assert.is((await call('POST', path, {})).status, 400)
    assert.is((await call('POST', '/v2/bookings/none/cancel', {})).body.error.code, 'NotFoundException')
    assert.is((await call('GET', '/v2/nothing')).body.statusCode, 404)
    assert.equal(triggers(), ['BOOKING_CREATED', 'BOOKING_CANCELLED'])
  }),
)

standIn('takes settings, faults and references by its own interface, and names what it cannot read', () =>
  withStandIn(async ({ call, standIn }) => {
    standIn.core.createUser({ id: 7 })
    assert.is((await call('PUT', '/stand-in/settings', { beforeReferencesMs: 5 })).body.beforeReferencesMs, 5)
    assert.is((await call('PUT', '/stand-in/faults', { dropWebhooks: 2 })).body.dropWebhooks, 2)
    assert.is((await call('DELETE', '/stand-in/faults')).body.dropWebhooks, 0)
    const references = [{ externalEventId: 'e_20260310T090000Z', recurringEventId: 'e' }]
    const { body } = await call('POST', '/stand-in/bookings', { userId: 7, start: at(1), references })
    assert.is(body.references[0]?.uid, 'e_20260310T090000Z')
    const bad = await call('POST', '/stand-in/bookings', { userId: 7, start: 'tomorrow' })
    assert.is(bad.status, 400)
    assert.match(bad.body.message, /start: Expected a time/)
    assert.is((await call('POST', '/stand-in/bookings', { userId: 99, start: at(1) })).status, 404)
    assert.is((await call('GET', '/stand-in/deliveries')).body.items.length, 1)
    assert.is((await call('POST', '/stand-in/deliveries/1/replay')).status, 200)
  }),
)

standIn('starts again with the state it gave, and refuses one that is not its own', async () => {
  const first = await startCalcomStandIn({ clock: systemClock })
  first.core.createUser({ id: 7 })
  const booked = first.core.book({ userId: 7, start: Temporal.Instant.from(at(1)) })
  assert.ok(booked.ok)
  await booked.settled
  const state = JSON.parse(JSON.stringify(first.snapshot()))
  await first.close()
  const second = await startCalcomStandIn({ clock: systemClock, state })
  assert.equal(second.snapshot(), state)
  await second.close()
  try {
    await startCalcomStandIn({ clock: systemClock, state: { version: 2 } })
    assert.unreachable()
  } catch (error) {
    assert.instance(error, Error)
  }
})

standIn('serves a directory without a network, for a simulation in one thread', async () => {
  const clock = virtualClock('2026-03-02T08:00:00Z')
  let id = 0
  const core = calcomCore({ clock, newId: () => `uid${++id}` })
  core.createUser({ id: 7 })
  const booked = core.book({ userId: 7, start: clock.now().add({ hours: 1 }) })
  assert.ok(booked.ok)
  const bookings = calcomBookingDirectory({
    apiUrl: 'http://calcom.simulation',
    apiKey: 'any',
    fetch: calcomApiV2(core, {}),
  })
  const answer = await bookings.booking(booked.booking.uid, '7')
  assert.is(answer.ok && answer.value.status, 'ACCEPTED')
  core.faults.apiDown = true
  assert.equal(await bookings.booking(booked.booking.uid, '7'), { ok: false, code: 'UNAVAILABLE' })
  await core.close()
})

standIn.run()
