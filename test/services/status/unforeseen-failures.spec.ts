import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ServicePorts } from '../../../services/running/service-ports.ts'
import { type UnforeseenFailures, unforeseenFailures } from '../../../services/status/unforeseen-failures.ts'
import { inSync } from '../../support/sync-fixture.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const test = suite('work that fails for a reason that nobody foresaw')

const failed = {
  kind: 'failed',
  retryInMs: 1,
  code: 'UNEXPECTED',
  words: 'EMFILE: too many open files',
} as const
const unavailable = { ...failed, code: 'UNAVAILABLE' } as const

function watched() {
  const clock = virtualClock()
  const failures = unforeseenFailures(clock)
  const ready = () =>
    failures.ready().then(
      () => true,
      () => false,
    )
  const told = () => failures.needsPerson().map(({ sentence }) => sentence)
  return { clock, failures, ready, told }
}

test('is told of by its kind with count, first words and beginning, for an hour after the last', async () => {
  const { clock, failures, told } = watched()
  const since = clock.now().toString()
  failures.worked('calendar', failed)
  await clock.advance(1_800_000)
  failures.worked('calendar', { ...failed, words: `Bearer abc.def ${'x'.repeat(1_000)}` })
  failures.worked('booking', unavailable)
  const [entry, ...others] = failures.needsPerson()
  assert.equal(others, [])
  assert.is(entry?.code, 'UNFORESEEN_FAILURES')
  assert.is(entry?.since, since)
  assert.match(entry?.sentence ?? '', /^Fetches of calendars failed 2 times .+: Bearer \[redacted\] x+$/)
  assert.ok((entry?.sentence ?? '').length < 320, entry?.sentence)
  await clock.advance(3_600_000)
  assert.is(told().length, 1)
  await clock.advance(1)
  assert.equal(told(), [])
  failures.worked('calendar', failed)
  assert.match(told()[0] ?? '', /failed once .+: EMFILE: too many open files$/)
})

test('keeps the role from being ready when nothing else comes out for a minute', async () => {
  const { clock, failures, ready } = watched()
  failures.worked('calendar', failed)
  await clock.advance(59_999)
  failures.worked('booking', failed)
  failures.worked('booking', 'released')
  assert.is(await ready(), true, 'not yet a minute')
  await clock.advance(1)
  failures.worked('calendar', failed)
  assert.is(await ready(), false)
  failures.worked('booking', unavailable)
  assert.is(await ready(), true, 'something else came out')
  failures.worked('calendar', failed)
  assert.is(await ready(), true, 'a new minute begins')
})

test('is forgotten once nothing fails so any more, though nothing else comes out either', async () => {
  const { clock, failures, ready } = watched()
  failures.worked('calendar', failed)
  await clock.advance(60_000)
  assert.is(await ready(), true, 'failed but once')
  failures.worked('calendar', failed)
  assert.is(await ready(), false)
  await clock.advance(3_600_001)
  assert.is(await ready(), true)
  failures.worked('calendar', failed)
  assert.is(await ready(), true)
})

let unforeseen: UnforeseenFailures | undefined
let isBroken = false
const breaks = (ports: ServicePorts): ServicePorts => {
  unforeseen = unforeseenFailures(ports.clock)
  const changes: typeof ports.provider.changes = async (...asked) => {
    if (isBroken) throw new Error('EMFILE: too many open files, access_token=secret')
    return ports.provider.changes(...asked)
  }
  return { ...ports, provider: { ...ports.provider, changes } }
}

test(
  'comes from the worker with its words, and ends when a fetch succeeds',
  inSync({ wrap: breaks, onWorked: (...worked) => unforeseen?.worked(...worked) }, async (sync) => {
    const booking = await sync.book(await sync.host())
    const ready = () =>
      unforeseen?.ready().then(
        () => true,
        () => false,
      )
    isBroken = true
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.pass(120_000)
    assert.match(
      unforeseen?.needsPerson()[0]?.sentence ?? '',
      /^Fetches of calendars failed \d+ times .+: EMFILE: too many open files, access_token=\[redacted\]$/,
    )
    assert.is(await ready(), false)
    isBroken = false
    await sync.pass(300_000)
    assert.is(await ready(), true)
    assert.is((await sync.published()).length, 1)
  }),
)

test.run()
