import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { keyRing } from '../../../infrastructure/sealing/encryption.ts'
import { keyOfBytes } from '../../ports/vault/vault.contract.ts'

const test = suite('encryption')
const ring = keyRing([keyOfBytes(1)])

test('opens what it sealed, whatever the text and the context', async () => {
  const text = fc.string({ unit: 'grapheme' })
  await fc.assert(
    fc.property(text, text, (plain, context) => {
      assert.is(ring.open(ring.seal(plain, context), context), plain)
    }),
  )
})

test('seals the same text differently each time', () => {
  const seal = () => Buffer.from(ring.seal('text', 'context').sealed).toString('hex')
  assert.is(new Set(Array.from({ length: 100 }, seal)).size, 100)
})

test('opens nothing that was changed in any byte', () => {
  const { keyId, sealed } = ring.seal('text', 'context')
  for (const place of sealed.keys()) {
    const changed = Uint8Array.from(sealed, (byte, index) => (index === place ? byte ^ 1 : byte))
    assert.is(ring.open({ keyId, sealed: changed }, 'context'), undefined)
  }
  assert.is(ring.open({ keyId, sealed: sealed.subarray(0, 20) }, 'context'), undefined)
  assert.is(ring.open({ keyId: 'other', sealed }, 'context'), undefined)
  assert.is(ring.open({ keyId, sealed }, 'another context'), undefined)
})

test('seals with the newest key and opens with any', () => {
  const both = keyRing([keyOfBytes(2), keyOfBytes(1)])
  assert.is(both.open(ring.seal('old', 'c'), 'c'), 'old')
  assert.is(ring.open(both.seal('new', 'c'), 'c'), undefined)
  assert.is(both.seal('new', 'c').keyId, both.newest)
  assert.is.not(both.newest, ring.newest)
})

test('gives equal texts one fingerprint, another one under another key', () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  assert.is(hex(ring.fingerprint('a')), hex(ring.fingerprint('a')))
  assert.is.not(hex(ring.fingerprint('a')), hex(ring.fingerprint('b')))
  assert.is.not(hex(ring.fingerprint('a')), hex(keyRing([keyOfBytes(2)]).fingerprint('a')))
})

test.run()
