import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CalcomCore, calcomCore } from '../../../stand-ins/calcom/calcom-core.ts'
import type { CalcomBooking } from '../../../stand-ins/calcom/calcom-state.ts'
import type { CalendarEventWrite } from '../../../stand-ins/calcom/google-side.ts'
import type { Outcome } from '../../../stand-ins/calcom/outcome.ts'
import { readDelivery, signatureOf } from '../../support/signed-delivery.ts'
import { type VirtualClock, virtualClock } from '../../support/virtual-clock.ts'

const start = Temporal.Instant.from('2026-03-10T09:00:00Z')
const later = start.add({ hours: 24 })

/** A core on a virtual clock, with a calendar and a receiver in memory that note in one list what reached them. */
function world(settings: Parameters<typeof calcomCore>[0]['settings'] = {}) {
  const clock = virtualClock('2026-03-02T08:00:00Z')
  const happened: string[] = []
  const bodies: Buffer[] = []
  const signatures: string[] = []
  const events = new Map<string, CalendarEventWrite>()
  const receiver = { status: 200, reachable: true }
  let id = 0
  const core = calcomCore({
    clock,
    newId: () => `uid${++id}`,
    settings: { beforeCalendarMs: 100, beforeReferencesMs: 200, beforeCancelStoredMs: 300, ...settings },
    google: {
      insert: async (event) => {
        const eventId = `event${events.size + 1}`
        events.set(eventId, event)
        happened.push(`inserted ${eventId}`)
        return { eventId }
      },
      update: async (eventId, event) => {
        if (!events.has(eventId)) throw new Error('Not Found')
        events.set(eventId, event)
        happened.push(`updated ${eventId}`)
      },
      delete: async ({ eventId }) => {
        if (!events.delete(eventId)) throw new Error('Gone')
        happened.push(`deleted ${eventId}`)
      },
    },
    fetch: async (request) => {
      if (!receiver.reachable) throw new TypeError('fetch failed')
      const body = Buffer.from(await request.arrayBuffer())
      bodies.push(body)
      signatures.push(request.headers.get('x-cal-signature-256') ?? '')
      const read = readDelivery(body)
      happened.push(read.ok ? read.delivery.trigger : read.problems.join())
      return new Response(null, { status: receiver.status })
    },
  })
  core.webhooks.target = { url: 'http://service.example/webhooks/calcom', secret: 's' }
  core.createUser({ id: 7, destination: { externalCalendarId: 'host@example.com', credentialId: '92' } })
  return { clock, core, happened, bodies, signatures, events, receiver }
}

function taken(outcome: Outcome): CalcomBooking {
  if (!outcome.ok) throw new Error(outcome.message)
  return outcome.booking
}

/** A booking whose races are over. */
async function settledBooking(core: CalcomCore, clock: VirtualClock): Promise<CalcomBooking> {
  const booking = taken(core.book({ userId: 7, start }))
  await clock.advance(1000)
  return booking
}

const races = suite('the stand-in of Cal.com')

races('announces a booking before its event is written, and stores the reference after that', async () => {
  const { core, clock, happened, events } = world()
  const booking = taken(core.book({ userId: 7, start }))
  await clock.advance(99)
  assert.equal(happened, ['BOOKING_CREATED'])
  await clock.advance(1)
  assert.equal(happened, ['BOOKING_CREATED', 'inserted event1'])
  assert.equal(booking.references, [])
  await clock.advance(200)
  assert.is(booking.references[0]?.uid, 'event1')
  assert.is(booking.references[0]?.externalCalendarId, 'host@example.com')
  assert.ok(events.get('event1')?.start.equals(start))
  assert.ok(events.get('event1')?.end.equals(start.add({ minutes: 30 })))
})

races(
  'moves a booking to a new uid along a chain, with one event and one iCalUID, and cancels none',
  async () => {
    const { core, clock, happened, bodies, events } = world()
    const first = await settledBooking(core, clock)
    const second = taken(core.reschedule(first.uid, { start: later, reason: 'r' }))
    assert.is(first.status, 'cancelled')
    assert.ok(first.rescheduled)
    await clock.advance(100)
    assert.ok(events.get('event1')?.start.equals(later))
    assert.equal(second.references, [])
    await clock.advance(1000)
    const third = taken(core.reschedule(second.uid, { start }))
    await clock.advance(1000)
    taken(core.cancel(third.uid))
    await clock.advance(1000)
    assert.equal(happened, [
      'BOOKING_CREATED',
      'inserted event1',
      'BOOKING_RESCHEDULED',
      'updated event1',
      'BOOKING_RESCHEDULED',
      'updated event1',
      'BOOKING_CANCELLED',
      'deleted event1',
    ])
    assert.is(new Set([first.uid, second.uid, third.uid]).size, 3)
    assert.equal([second.fromReschedule, third.fromReschedule], [first.uid, second.uid])
    assert.equal([second.iCalUID, third.iCalUID], [first.iCalUID, first.iCalUID])
    assert.equal([first.iCalSequence, second.iCalSequence, third.iCalSequence], [0, 1, 3])
    const read = readDelivery(bodies[1] ?? Buffer.of())
    assert.ok(read.ok && read.delivery.trigger === 'BOOKING_RESCHEDULED')
    assert.is(read.delivery.rescheduledFromUid, first.uid)
    assert.equal(read.delivery.booking.destinations, [
      { provider: 'google', externalCalendarId: 'host@example.com', credentialId: '92' },
    ])
  },
)

races('announces a cancellation before its own database knows of it', async () => {
  const { core, clock, happened, events } = world()
  const booking = await settledBooking(core, clock)
  taken(core.cancel(booking.uid, { reason: 'Ill' }))
  await clock.advance(299)
  assert.is(happened.at(-1), 'BOOKING_CANCELLED')
  assert.is(booking.status, 'accepted')
  await clock.advance(1)
  assert.is(core.store.booking(booking.uid)?.status, 'cancelled')
  assert.is(events.size, 0)
  assert.not.ok(core.cancel(booking.uid).ok)
})

races('leaves the event alone where the booking was moved while its cancellation was under way', async () => {
  const { core, clock, events } = world()
  const booking = await settledBooking(core, clock)
  taken(core.cancel(booking.uid))
  await clock.advance(10)
  const moved = taken(core.reschedule(booking.uid, { start: later }))
  await clock.advance(2000)
  assert.is(moved.status, 'accepted')
  assert.ok(events.get('event1')?.start.equals(later))
})

races('keeps one event where a booking is moved before its reference was stored', async () => {
  const { core, clock, events } = world()
  const first = taken(core.book({ userId: 7, start }))
  await clock.advance(150)
  const second = taken(core.reschedule(first.uid, { start: later }))
  await clock.advance(2000)
  assert.is(events.size, 1)
  assert.equal(
    second.references.map(({ uid }) => uid),
    ['event1'],
  )
  assert.ok(events.get('event1')?.start.equals(later))
})

races('asks for another time by a cancellation that says so, with the sequence unchanged', async () => {
  const { core, clock, bodies, events } = world()
  const booking = await settledBooking(core, clock)
  taken(core.requestReschedule(booking.uid, { reason: 'I am away' }))
  await clock.advance(1000)
  const sent = JSON.parse(String(bodies.at(-1)))
  assert.is(sent.triggerEvent, 'BOOKING_CANCELLED')
  assert.is(sent.payload.requestReschedule, true)
  assert.is(sent.payload.cancellationReason, 'Please reschedule. I am away')
  assert.is(sent.payload.iCalSequence, 0)
  assert.is(booking.status, 'cancelled')
  assert.is(events.size, 0)
})

races('writes the event of a booking that awaits confirmation only when it is confirmed', async () => {
  const { core, clock, happened, bodies } = world()
  const booking = taken(core.book({ userId: 7, start, requiresConfirmation: true }))
  await clock.advance(1000)
  const read = readDelivery(bodies[0] ?? Buffer.of())
  assert.is(read.ok && read.delivery.trigger === 'BOOKING_CREATED' && read.delivery.booking.status, 'PENDING')
  taken(core.confirm(booking.uid))
  await clock.advance(1000)
  assert.equal(happened, ['BOOKING_CREATED', 'BOOKING_CREATED', 'inserted event1'])
  assert.not.ok(core.reject(booking.uid).ok)
})

races('rejects what awaits confirmation, without an event', async () => {
  const { core, clock, happened } = world({ pendingTrigger: 'BOOKING_REQUESTED' })
  const booking = taken(core.book({ userId: 7, start, requiresConfirmation: true }))
  await clock.advance(1000)
  taken(core.reject(booking.uid))
  await clock.advance(1000)
  assert.equal(happened, ['BOOKING_CREATED', 'BOOKING_REJECTED'])
  assert.is(booking.status, 'rejected')
})

races('signs the compact body, and says so where it has no secret', async () => {
  const { core, clock, bodies, signatures } = world()
  await settledBooking(core, clock)
  const body = bodies[0] ?? Buffer.of()
  assert.is(signatures[0], signatureOf(body, 's'))
  assert.is(String(body), JSON.stringify(JSON.parse(String(body))))
  core.webhooks.target = { url: 'http://service.example/' }
  await core.ping()
  assert.is(signatures.at(-1), 'no-secret-provided')
})

races('loses, doubles and delays deliveries on demand, and replays their very bytes', async () => {
  const { core, clock, happened, bodies, signatures } = world()
  core.faults.dropWebhooks = 1
  await settledBooking(core, clock)
  assert.equal(happened, ['inserted event1'])
  core.faults.doubleWebhooks = 1
  await core.ping()
  assert.equal(happened.slice(1), ['PING', 'PING'])
  assert.equal(bodies[0], bodies[1])
  core.faults.delayWebhooksMs = 5000
  await core.ping()
  core.endFaults()
  assert.is(bodies.length, 2)
  await clock.advance(5000)
  assert.is(bodies.length, 3)
  assert.ok(await core.webhooks.replay(1))
  assert.is(happened.at(-1), 'BOOKING_CREATED')
  assert.is(signatures.at(-1), signatureOf(bodies.at(-1) ?? '', 's'))
  assert.not.ok(await core.webhooks.replay(99))
})

races('tries once as Cal.com does, whatever the answer, and again only where that is set', async () => {
  const once = world()
  once.receiver.status = 503
  await once.core.ping()
  await once.clock.advance(600_000)
  assert.is(once.core.webhooks.log[0]?.attempts, 1)

  const more = world({ webhookAttempts: 3, webhookRetryMs: 60_000 })
  more.receiver.reachable = false
  await more.core.ping()
  await more.clock.advance(60_000)
  more.receiver.reachable = true
  await more.clock.advance(60_000)
  assert.equal(more.happened, ['PING'])
  assert.is(more.core.webhooks.log[0]?.attempts, 3)
  await more.core.idle()
})

races('stands by its booking where the calendar refuses the event', async () => {
  const { core, clock, events } = world()
  const booking = await settledBooking(core, clock)
  events.clear()
  const moved = taken(core.reschedule(booking.uid, { start: later }))
  await clock.advance(1000)
  assert.is(moved.status, 'accepted')
  assert.is(moved.calendarError, 'Not Found')
})

races('goes on after a restart from what it wrote down', async () => {
  const { core, clock } = world()
  const booking = await settledBooking(core, clock)
  const state = JSON.parse(JSON.stringify(core.snapshot()))
  let changes = 0
  const again = calcomCore({ clock, newId: () => 'uidAfter', state, onChange: () => (changes += 1) })
  const moved = taken(again.reschedule(booking.uid, { start: later }))
  assert.ok(moved.id > booking.id)
  assert.is(moved.fromReschedule, booking.uid)
  assert.is(core.store.booking('uidAfter'), undefined)
  assert.ok(changes > 0)
})

races('ends its waiting at once when it is closed, with everything stored', async () => {
  const { core } = world()
  const booking = taken(core.book({ userId: 7, start }))
  await core.close()
  assert.is(booking.references.length, 1)
})

races.run()
