import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createLogger } from '../../../infrastructure/logging/logger.ts'
import { keepReporting, lastReport, roleReports } from '../../../services/running/role-reports.ts'
import { openStores } from '../../support/projected-events.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const test = suite('what is told of a role')

const log = createLogger({ level: 'silent' })

/** Two processes on one store, whose clocks differ by ten minutes. */
async function twoProcesses() {
  const clock = virtualClock()
  const { readStore, close } = openStores()
  await readStore.prepare([roleReports])
  const ahead = { ...clock, now: () => clock.now().add({ minutes: 10 }) }
  const run = (figures: () => object, of = clock) => {
    const stopping = new AbortController()
    const ended = keepReporting({
      readStore,
      clock: of,
      log,
      role: 'publisher',
      figures: async () => figures(),
      signal: stopping.signal,
    })
    return async () => {
      stopping.abort()
      await ended
    }
  }
  return { clock, ahead, run, read: () => lastReport({ readStore, now: clock.now }, 'publisher'), close }
}

test('is there for every process, with its age, as long as somebody goes on telling', async () => {
  const { clock, run, read, close } = await twoProcesses()
  assert.is(await read(), undefined)
  let backlog = 3
  const stop = run(() => ({ backlog, left: undefined }))
  await clock.advance(1_000)
  assert.equal(await read(), { figures: { backlog: 3 }, ageMs: 1_000 })
  backlog = 4
  await clock.advance(60_000)
  assert.equal((await read())?.figures, { backlog: 4 })
  await stop()
  await clock.advance(40_000)
  assert.is(await read(), undefined)
  await close()
})

test('by the next process counts, even if the one before had a clock that was ahead', async () => {
  const { clock, ahead, run, read, close } = await twoProcesses()
  const stopFirst = run(() => ({ by: 'first' }), ahead)
  await clock.advance(5_000)
  await stopFirst()
  const stopSecond = run(() => ({ by: 'second' }))
  await clock.advance(3_000)
  assert.equal((await read())?.figures, { by: 'second' })
  await stopSecond()
  await close()
})

test('and cannot be told now, is told the next time', async () => {
  const { clock, run, read, close } = await twoProcesses()
  let fails = true
  const stop = run(() => {
    if (fails) throw new Error('no answer')
    return { backlog: 0 }
  })
  await clock.advance(5_000)
  assert.is(await read(), undefined)
  fails = false
  await clock.advance(5_000)
  assert.equal((await read())?.figures, { backlog: 0 })
  await stop()
  await close()
})

test.run()
