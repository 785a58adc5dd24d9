import { randomUUID } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { traceparentOf } from '../../../services/http/trace-context.ts'

const test = suite('trace context')
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

test('continues a trace as a child with a span of its own, and keeps whether it is sampled', () => {
  const child = traceparentOf(`00-${TRACE}-${SPAN}-01`, randomUUID)
  assert.match(child, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`))
  assert.not.match(child, SPAN)
  assert.match(traceparentOf(`00-${TRACE}-${SPAN}-00`, randomUUID), /-00$/)
})

test('takes what a later version adds', () => {
  assert.match(traceparentOf(`cc-${TRACE}-${SPAN}-01-more`, randomUUID), new RegExp(`^00-${TRACE}-`))
})

test('begins a trace where none is given or what is given is not valid', () => {
  const invalid = [
    undefined,
    '',
    'nonsense',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  ]
  for (const given of invalid) {
    const begun = traceparentOf(given, randomUUID)
    assert.match(begun, /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/, String(given))
    assert.not.match(begun, TRACE)
  }
})

test.run()
