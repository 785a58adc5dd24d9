import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defined, ifDefined } from '../../domain/optional-fields.ts'

const test = suite('optional fields')

test('that are undefined are absent', () => {
  const fields: { a?: string | undefined; b?: number | undefined } = { a: undefined, b: 1 }
  const kept: { a?: string; b?: number } = defined(fields)
  assert.equal(Object.keys(kept), ['b'])
})

test('keep every value, empty ones too, and their order', () => {
  const fields = { z: 0, y: '', x: false, w: null, v: undefined, u: 'last' }
  assert.is(JSON.stringify(defined(fields)), '{"z":0,"y":"","x":false,"w":null,"u":"last"}')
})

test('are made of a value where there is one, be it empty', () => {
  assert.is(
    ifDefined('', (text) => text.length),
    0,
  )
  assert.is(ifDefined(undefined, String), undefined)
})

test.run()
