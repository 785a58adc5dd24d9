import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ServicePorts } from '../../../services/running/service-ports.ts'
import { finish, kindOf } from '../../support/calcom-changes.ts'
import { inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('An append that is stored and answered as a conflict')

/** Every append to a booking's stream is stored, and the first time each event is told to be another writer's. */
function lying() {
  const lies = { on: false, told: 0 }
  const wrap = (ports: ServicePorts): ServicePorts => ({
    ...ports,
    events: {
      ...ports.events,
      async append(stream, expected, events) {
        const answer = await ports.events.append(stream, expected, events)
        if (!lies.on || !answer.ok || !stream.startsWith('booking-')) return answer
        lies.told += 1
        return { ok: false, error: 'WRONG_EXPECTED_REVISION', actual: answer.revision }
      },
    },
  })
  return { lies, wrap }
}
const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)

const decided = lying()
test(
  'finds itself when it is decided anew: a move and a deletion are published once',
  inSync({ wrap: decided.wrap }, async (sync) => {
    const booking = await sync.book(await sync.host())
    decided.lies.on = true
    sync.drag(booking, booking.start.add({ hours: 2 }))
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
    sync.google.delete(booking.host.calendarId, booking.eventId)
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled', 'BookingCancelled'])
    assert.ok(decided.lies.told >= 2)
    decided.lies.on = false
  }),
)

const delivered = lying()
test(
  'changes nothing twice where Cal.com’s deliveries lead to it',
  inSync({ wrap: delivered.wrap }, async (sync) => {
    const host = await sync.host()
    delivered.lies.on = true
    const booking = await sync.book(host)
    const next = await finish(
      sync,
      sync.calcom.reschedule(booking.uid, { start: booking.start.add({ hours: 3 }) }),
    )
    await finish(sync, sync.calcom.cancel(next))
    await sync.pass(90_000)
    assert.equal(
      [await kindOf(sync, booking.uid), await kindOf(sync, next)],
      [`RESCHEDULED to ${next}`, 'CANCELLED_IN_CALCOM'],
    )
    const types = (await sync.eventsOf('booking')).map(({ type }) => type)
    for (const once of ['BookingClosing', 'BookingClosed', 'BookingTracked'])
      assert.is(types.filter((type) => type === once).length, 2, once)
    delivered.lies.on = false
  }),
)

test.run()
