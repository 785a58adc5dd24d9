import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { waitAfter } from '../../domain/backoff.ts'

const test = suite('backoff')

test('the first wait is doubled with each further failure up to the longest, however many there were', () => {
  const waits = [0, 1, 2, 3, 4, 5_000].map((before) => waitAfter({ firstMs: 100, longestMs: 1_000 }, before))
  assert.equal(waits, [100, 200, 400, 800, 1_000, 1_000])
})

test.run()
