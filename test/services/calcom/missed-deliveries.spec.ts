import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createLogger } from '../../../infrastructure/logging/logger.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { noticingMissed } from '../../../services/calcom/missed-deliveries.ts'
import { outageLog } from '../../../services/running/outage-log.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const test = suite('deliveries of Cal.com that no store took')

function fixture() {
  let failure: Error | undefined
  let readings = 0
  const clock = virtualClock()
  const stopping = new AbortController()
  const { signal } = stopping
  const fail = async () => {
    if (failure) throw failure
  }
  const intake = noticingMissed(
    { receive: fail },
    {
      outages: outageLog({ clock, log: createLogger({ level: 'silent' }), signal }),
      works: fail,
      readBookings: () => {
        readings += 1
      },
      signal,
    },
  )
  return {
    deliver: () =>
      intake.receive({ trigger: 'PING' }).then(
        () => 'taken',
        () => 'refused',
      ),
    break: (error: Error | undefined) => {
      failure = error
    },
    pass: (ms: number) => clock.advance(ms),
    readings: () => readings,
    stop: () => stopping.abort(),
  }
}

test('have the bookings read once, as soon as a delivery could be taken again', async () => {
  const { deliver, pass, readings, stop, ...it } = fixture()
  assert.is(await deliver(), 'taken')
  await pass(60_000)
  assert.is(readings(), 0)
  it.break(new StoreUnavailable('disk full'))
  for (let n = 0; n < 5; n++) assert.is(await deliver(), 'refused')
  await pass(60_000)
  assert.is(readings(), 0)
  it.break(undefined)
  await pass(10_000)
  assert.is(readings(), 1)
  await pass(600_000)
  assert.is(readings(), 1)
  it.break(new StoreUnavailable('disk full'))
  await deliver()
  it.break(undefined)
  await pass(10_000)
  assert.is(readings(), 2)
  stop()
})

test('are no reason to read them where the delivery itself was at fault, or the process stops', async () => {
  const { deliver, pass, readings, stop, ...it } = fixture()
  it.break(new Error('a fault'))
  assert.is(await deliver(), 'refused')
  it.break(undefined)
  await pass(60_000)
  assert.is(readings(), 0)
  it.break(new StoreUnavailable('disk full'))
  await deliver()
  stop()
  it.break(undefined)
  await pass(60_000)
  assert.is(readings(), 0)
})

test.run()
