import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ProjectionsStatus } from '../../../services/read-models/projection-runner.ts'
import { roleChecks } from '../../../services/status/role-checks.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const test = suite('whether the roles of a process work')

const works = async () => {}
const fails = () => Promise.reject(new Error('no answer'))
const read = (state: 'STARTING' | 'CATCHING_UP' | 'LIVE'): ProjectionsStatus => ({
  projections: [{ name: 'bookings', version: 1, position: '', state, lagMs: 0, parked: 0 }],
  outages: [],
})

test('only those are told of that the process runs', () => {
  const roles = (...names: string[]) =>
    Object.keys(
      roleChecks({
        roles: new Set(names),
        clock: virtualClock(),
        queue: works,
        work: works,
        failingCrons: () => [],
        models: { isWriter: () => true, status: () => read('LIVE') },
        publisher: works,
      }),
    )
  assert.equal(roles('sync', 'crons', 'projections', 'publisher'), [
    'sync',
    'crons',
    'projections',
    'publisher',
  ])
  assert.equal(roles('http', 'sync'), ['sync'])
})

test('each is judged by its own work', async () => {
  const clock = virtualClock()
  let [failing, status, writer]: [string[], ProjectionsStatus, boolean] = [[], read('LIVE'), true]
  let queue: () => Promise<unknown> = fails
  let work: () => Promise<unknown> = works
  const checks = roleChecks({
    roles: new Set(['sync', 'crons', 'projections']),
    clock,
    queue: () => queue(),
    work: () => work(),
    failingCrons: () => failing,
    models: { isWriter: () => writer, status: () => status },
    publisher: undefined,
  })
  const ready = async (role: string) =>
    checks[role]?.().then(
      () => true,
      () => false,
    )
  assert.is(await ready('sync'), false)
  queue = works
  assert.is(await ready('sync'), true)
  work = fails
  assert.is(await ready('sync'), false, 'its queue answers, and nothing comes out of its work')
  assert.is(await ready('crons'), true)
  failing = ['reconciler']
  assert.is(await ready('crons'), false)
  assert.is(await ready('projections'), true)
  status = read('STARTING')
  assert.is(await ready('projections'), true, 'for a moment')
  await clock.advance(30_001)
  assert.is(await ready('projections'), false, 'for long')
  status = read('CATCHING_UP')
  assert.is(await ready('projections'), true)
  status = {
    ...read('LIVE'),
    outages: [{ what: 'event store', since: clock.now().toString(), message: 'away' }],
  }
  assert.is(await ready('projections'), false)
  writer = false
  assert.is(await ready('projections'), true, 'another process writes them, this one stands by')
})

test.run()
