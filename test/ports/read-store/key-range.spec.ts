import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareText, inRange, spanOf } from '../../../ports/read-store/key-range.ts'

const test = suite('key range')

test('ends a prefix right after the last text that has it', () => {
  assert.is(spanOf({ prefix: 'a' }).to, 'b')
  assert.is(spanOf({ prefix: 'a\u{10FFFE}' }).to, 'a\u{10FFFF}')
  assert.is(spanOf({ prefix: 'a\u{10FFFF}' }).to, 'b')
  assert.is(spanOf({ prefix: 'a\u{D7FF}' }).to, 'a\u{E000}', 'surrogates are no characters')
  assert.is(spanOf({ prefix: '\u{10FFFF}' }).to, undefined)
  assert.is(spanOf({ prefix: '' }).to, undefined)
})

test('compares by code points where UTF-16 units would order otherwise', () => {
  assert.ok('\u{1F600}' < '\u{FFFF}', 'as JavaScript does')
  assert.ok(compareText('\u{1F600}', '\u{FFFF}') > 0)
})

test('tells which keys belong to a range', () => {
  assert.ok(inRange({ oneOf: ['a', 'b'] }, 'b'))
  assert.not(inRange({ oneOf: [] }, 'b'))
  assert.ok(inRange({ prefix: 'a/' }, 'a/b'))
  assert.not(inRange({ prefix: 'a/' }, 'a'))
  assert.ok(inRange({ from: 'a', to: 'b' }, 'a'))
  assert.not(inRange({ from: 'a', to: 'b' }, 'b'))
})

test.run()
