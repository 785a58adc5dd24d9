import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { bookings } from '../../../projections/bookings.ts'
import { publications } from '../../../projections/publications.ts'
import { checkpointWait } from '../../../services/read-models/checkpoint-wait.ts'
import { rebuild } from '../../../services/read-models/rebuild.ts'
import { eventsOfBooking } from '../../support/booking-events.ts'
import { append, openStores } from '../../support/projected-events.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const test = suite('waiting for the read models of another process')
const projections = [bookings, publications]

test('ends once the checkpoint of the read model has reached the end of the store', async () => {
  const stores = openStores()
  const clock = virtualClock()
  const caughtUp = checkpointWait({ ...stores, projections, clock })
  await append(stores.events, 'booking', 'a', eventsOfBooking('a').tracked())
  let reached = false
  const waiting = caughtUp('bookings').then(() => {
    reached = true
  })
  await clock.advance(1_000)
  assert.is(reached, false)
  await rebuild({ ...stores, projection: bookings })
  await clock.advance(1_000)
  assert.is(reached, true)
  await waiting
  await stores.close()
})

test('ends with StoreUnavailable when it takes too long', async () => {
  const stores = openStores()
  const clock = virtualClock()
  const caughtUp = checkpointWait({ ...stores, projections, clock })
  await append(stores.events, 'booking', 'a', eventsOfBooking('a').tracked())
  await rebuild({ ...stores, projection: bookings })
  const all = caughtUp('all', undefined, 500).catch((error: unknown) => error)
  await clock.advance(600)
  assert.instance(await all, StoreUnavailable)
  assert.instance(await caughtUp('nobody').catch((error: unknown) => error), RangeError)
  await stores.close()
})

test.run()
