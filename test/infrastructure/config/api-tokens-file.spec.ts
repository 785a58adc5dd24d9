import { createHash } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseApiTokens } from '../../../infrastructure/config/api-tokens-file.ts'

const file = suite('the file of API tokens')

const sha256 = createHash('sha256').update('a token').digest('hex')
const other = createHash('sha256').update('another').digest('hex')

function problemOf(content: unknown): string {
  const read = parseApiTokens(typeof content === 'string' ? content : JSON.stringify(content))
  return read.ok ? 'none' : read.problem
}

file('names tokens by their hash, each with a scope', () => {
  const entries = [
    { name: 'ada', sha256: sha256.toUpperCase(), scope: 'operate' },
    { name: 'grafana', sha256: other, scope: 'read' },
  ]
  const read = parseApiTokens(JSON.stringify(entries))
  assert.equal(read, {
    ok: true,
    tokens: [
      { name: 'ada', sha256, scope: 'operate' },
      { name: 'grafana', sha256: other, scope: 'read' },
    ],
  })
})

file('lists every problem, and repeats nothing of the content', () => {
  const problem = problemOf([
    { name: 'a b', sha256: 'hushhush', scope: 'admin' },
    { name: 'ada', sha256, scope: 'read', token: 'hushhush' },
    'hushhush',
  ])
  assert.match(problem, /entry 1: name .*entry 1: sha256 .*entry 1: scope .*entry 2: .*entry 3: /)
  assert.not.match(problem, 'hushhush')
})

file('is refused where it is not a list, or empty, or not JSON', () => {
  for (const content of ['hushhush', '{}', '[]', 'null'])
    assert.match(problemOf(content), /^must be a JSON list/)
})

file('is refused where two share a name or a hash', () => {
  const ada = { name: 'ada', sha256, scope: 'read' }
  assert.is(problemOf([ada, { ...ada, sha256: other }]), 'a name is used twice')
  assert.is(problemOf([ada, { ...ada, name: 'bob' }]), 'a hash is used twice')
})

file.run()
