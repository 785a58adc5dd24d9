import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { textOf } from '../../domain/times.ts'

const test = suite('times')

test('an instant is written as Temporal writes it, whatever its year and its fraction of a second', () => {
  const nanoseconds = fc.oneof(
    fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
    fc.nat(4_102_444_800).map((s) => BigInt(s) * 1_000_000_000n),
    fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }).map((s) => BigInt(s) * 1_000_000_000n),
    fc.maxSafeInteger().map((ms) => (BigInt(ms) % 8_640_000_000_000_000n) * 1_000_000n),
    fc.nat(9_999).map((ms) => (1_700_000_000_000n + BigInt(ms)) * 1_000_000n),
  )
  fc.assert(
    fc.property(nanoseconds, (ns) => {
      const at = Temporal.Instant.fromEpochNanoseconds(ns)
      assert.is(textOf(at), at.toString())
    }),
    { numRuns: 5_000 },
  )
})

test.run()
