import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { virtualClock } from './virtual-clock.ts'

const test = suite('virtual clock')

test('stands still until it is moved on', async () => {
  const clock = virtualClock('2026-01-01T00:00:00Z')
  assert.is(clock.now().toString(), '2026-01-01T00:00:00Z')
  await clock.advance(1500)
  assert.is(clock.now().toString(), '2026-01-01T00:00:01.5Z')
})

test('resolves delays in the order of their times, each at its own instant', async () => {
  const clock = virtualClock('2026-01-01T00:00:00Z')
  const seen: string[] = []
  const note = (name: string) => () => void seen.push(`${name} ${clock.now().epochMilliseconds % 1000}`)
  const all = [
    clock.delay(300).then(note('late')),
    clock.delay(100).then(note('early')),
    clock.delay(100).then(note('early too')),
    clock.delay(900).then(note('not yet')),
  ]
  await clock.advance(500)
  assert.equal(seen, ['early 100', 'early too 100', 'late 300'])
  await clock.advance(400)
  await Promise.all(all)
})

test('runs a loop that waits again and again within one advance', async () => {
  const clock = virtualClock()
  const stop = new AbortController()
  let rounds = 0
  const loop = (async () => {
    while (!stop.signal.aborted) {
      await clock.delay(1000, stop.signal)
      rounds += 1
    }
  })()
  await clock.advance(10_000)
  assert.is(rounds, 10)
  stop.abort()
  await loop
})

test('resolves a delay at once when its signal aborts, also when it was aborted before', async () => {
  const clock = virtualClock()
  const stop = new AbortController()
  const waiting = clock.delay(1000, stop.signal)
  stop.abort()
  await waiting
  await clock.delay(1000, stop.signal)
})

test('refuses a loop that never lets time pass', async () => {
  const clock = virtualClock()
  const stop = new AbortController()
  const loop = (async () => {
    while (!stop.signal.aborted) await clock.delay(0, stop.signal)
  })()
  let message = ''
  await clock.advance(1).catch((error: Error) => {
    message = error.message
  })
  assert.match(message, 'without letting time pass')
  stop.abort()
  await loop
})

test.run()
