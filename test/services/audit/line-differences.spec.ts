import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lineDifferences } from '../../../services/audit/line-differences.ts'
import { lineHashes } from '../../../services/audit/line-hashes.ts'

const test = suite('what an export differs in')

function hashesOf(lines: readonly string[]): Buffer {
  const hashes = lineHashes()
  for (const line of lines) hashes.add(line)
  return hashes.bytes()
}

const differing = (signed: string, found: string) =>
  lineDifferences(hashesOf(signed.split('')), hashesOf(found.split('')))

test('names each line that was changed, removed, added or moved', () => {
  assert.equal(differing('abcdef', 'abcdef'), [])
  assert.equal(differing('abcdef', 'abXdef'), [{ kind: 'CHANGED', line: 3 }])
  assert.equal(differing('abcdef', 'abdef'), [{ kind: 'REMOVED', line: 3 }])
  assert.equal(differing('abcdef', 'abXcdef'), [{ kind: 'ADDED', line: 3 }])
  assert.equal(differing('abcdef', 'abcde'), [{ kind: 'REMOVED', line: 6 }])
  assert.equal(differing('abcdef', 'abcdefX'), [{ kind: 'ADDED', line: 7 }])
  assert.equal(differing('abcdef', 'acdebf'), [{ kind: 'MOVED', line: 5, wasLine: 2 }])
  assert.equal(differing('abcdef', 'abccdef').length, 1)
})

test('tells several changes apart', () => {
  assert.equal(differing('abcdefgh', 'aXcefhgY'), [
    { kind: 'CHANGED', line: 2 },
    { kind: 'REMOVED', line: 4 },
    { kind: 'MOVED', line: 6, wasLine: 8 },
    { kind: 'ADDED', line: 8 },
  ])
})

test('a line that stands twice is known by its place', () => {
  assert.equal(differing('aab', 'aab'), [])
  assert.equal(differing('aab', 'ab'), [{ kind: 'REMOVED', line: 2 }])
})

test('finds something wherever something was done, and at most a removal and an addition for each thing done', () => {
  const lines = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 40 })
  const edit = fc.record({
    at: fc.nat(60),
    to: fc.nat(60),
    how: fc.constantFrom('change', 'remove', 'add', 'move'),
  })
  fc.assert(
    fc.property(lines, fc.array(edit, { maxLength: 4 }), (signed, edits) => {
      const found = [...signed]
      for (const { at, to, how } of edits) {
        const place = at % (found.length + 1)
        const [taken] = how === 'add' ? [] : found.splice(place, 1)
        if (how === 'add' || (how === 'change' && taken !== undefined))
          found.splice(place, 0, `new${at}${to}`)
        if (how === 'move' && taken !== undefined) found.splice(to % (found.length + 1), 0, taken)
      }
      const differences = lineDifferences(hashesOf(signed), hashesOf(found))
      const same = signed.length === found.length && signed.every((line, index) => line === found[index])
      assert.is(differences.length === 0, same)
      assert.ok(differences.length <= 2 * edits.length, JSON.stringify({ signed, found, differences }))
    }),
  )
})

test.run()
