import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ownSurroundings } from '../../composition/own-surroundings.ts'

const test = suite('what a process finds around it')

test('a data folder that takes no writes is an outage since it was first seen, until it takes them again', async () => {
  let now = Temporal.Instant.from('2026-03-02T08:00:00Z')
  let isFull = false
  const look = ownSurroundings({
    now: () => now,
    filesTakeWrites: async () => {
      if (isFull) throw new Error('database or disk is full')
    },
    calcom: undefined,
    deliveries: () => [],
    clientFailures: () => [],
    loops: () => [],
    unforeseen: () => [],
  })
  assert.equal(await look(), { outages: [], needsPerson: [] })
  isFull = true
  const full = { what: 'data folder', message: 'database or disk is full', since: now.toString() }
  assert.equal((await look()).outages, [full])
  now = now.add({ minutes: 5 })
  assert.equal((await look()).outages, [full])
  isFull = false
  assert.equal((await look()).outages, [])
})

test('what weakens the view of Cal.com needs a person; a file of keys that cannot be read is an outage', async () => {
  const keys = [
    { userId: undefined, status: 401 },
    { userId: '7', status: 403 },
  ]
  let isReadable = true
  const look = ownSurroundings({
    now: () => Temporal.Instant.from('2026-03-02T08:00:00Z'),
    filesTakeWrites: async () => {},
    calcom: {
      refusedKeys: () => {
        if (!isReadable) throw new Error('ENOENT')
        return keys
      },
      missingKeys: () => ['9'],
      complaints: () => ['VERSION_GONE', 'LIST_REPEATS'],
    },
    deliveries: () => [{ code: 'OF_DELIVERIES', sentence: 'x', next: 'y' }],
    clientFailures: () => [{ code: 'OF_CLIENTS', sentence: 'x', next: 'y' }],
    loops: () => [{ code: 'OF_LOOPS', sentence: 'x', next: 'y' }],
    unforeseen: () => [{ code: 'OF_WORK', sentence: 'x', next: 'y' }],
  })
  const { needsPerson, outages } = await look()
  assert.equal(outages, [])
  assert.equal(
    needsPerson.map(({ code }) => code),
    [
      'CALCOM_KEY_REFUSED',
      'CALCOM_KEY_REFUSED',
      'CALCOM_KEY_MISSING',
      'CALCOM_API_GONE',
      'CALCOM_LIST_REPEATS',
      'OF_DELIVERIES',
      'OF_CLIENTS',
      'OF_LOOPS',
      'OF_WORK',
    ],
  )
  assert.match(needsPerson[1]?.sentence ?? '', /of user 7 \(403\).+without asking Cal.com first/)
  isReadable = false
  assert.is((await look()).outages.length, 1)
})

test.run()
