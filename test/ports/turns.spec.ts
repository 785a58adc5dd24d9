import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inTurns, turnsByKey } from '../../ports/turns.ts'
import { callsPerTurn } from '../support/calls-per-turn.ts'

const test = suite('turns')

test('work of one key begins when what came before has ended, however that ended; another key waits for nothing', async () => {
  const inTurn = turnsByKey()
  const seen: string[] = []
  const first = Promise.withResolvers<void>()
  const failed = inTurn('a', async () => {
    seen.push('first begins')
    await first.promise
    seen.push('first fails')
    throw new Error('no')
  }).catch((error: Error) => error.message)
  const second = inTurn('a', async () => seen.push('second'))
  await inTurn('b', async () => seen.push('other key'))
  first.resolve()
  await second
  assert.equal(seen, ['first begins', 'other key', 'first fails', 'second'])
  assert.is(await failed, 'no')
  assert.is(await inTurn('a', async () => 'later'), 'later')
})

test('a long list is worked on in its order, and leaves others their turn', async () => {
  const items = Array.from({ length: 5_000 }, (_, n) => n)
  const calls = callsPerTurn()
  const results = await inTurns(items, (n) => {
    calls.called()
    return n
  })
  assert.equal(results, items)
  assert.ok(calls.most() <= 500, `${calls.most()} at once`)
})

test.run()
