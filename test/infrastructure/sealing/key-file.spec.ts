import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encryptionKeys } from '../../../infrastructure/sealing/key-file.ts'
import { keyOfBytes } from '../../ports/vault/vault.contract.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const test = suite('key file')
const text = (byte: number) => Buffer.from(keyOfBytes(byte)).toString('base64')

function inFolder(sentence: string, body: (dataDir: string, file: string) => void): void {
  test(sentence, () => {
    const folder = temporaryFolder()
    try {
      body(folder.path, join(folder.path, 'encryption.key'))
    } finally {
      folder.remove()
    }
  })
}

inFolder('makes a key that only its owner can read, once', (dataDir, file) => {
  const made = keysOf(dataDir, undefined)
  assert.ok(made.made)
  assert.is(made.hex.length, 1)
  assert.is(made.hex[0]?.length, 64)
  assert.is(statSync(file).mode & 0o777, 0o600)
  const again = keysOf(dataDir, '')
  assert.not(again.made)
  assert.equal(again.hex, made.hex)
})

inFolder('takes the keys configured, in their order, and makes no file', (dataDir, file) => {
  const { hex, made } = keysOf(dataDir, ` ${text(2)}, ${text(1)} `)
  assert.equal(hex, ['02'.repeat(32), '01'.repeat(32)])
  assert.not(made)
  assert.throws(() => statSync(file), /ENOENT/)
})

inFolder('still opens with the key of the file what it sealed before one was configured', (dataDir) => {
  const made = keysOf(dataDir, undefined)
  assert.equal(keysOf(dataDir, text(2)).hex, ['02'.repeat(32), ...made.hex])
})

inFolder('refuses a malformed key, tells which, and never shows it', (dataDir) => {
  const secret = Buffer.from('short secret').toString('base64')
  for (const configured of [
    secret,
    `${text(1)},${secret}`,
    `${text(1)},`,
    text(1).slice(0, -2),
    `${text(1)}!`,
  ]) {
    const answer = encryptionKeys({ configured, dataDir })
    assert.not(answer.ok)
    if (answer.ok) return
    assert.is(answer.code, 'ENCRYPTION_KEY_MALFORMED')
    assert.match(answer.message, /entry [12] of ENCRYPTION_KEY/)
    assert.not.match(answer.message, secret)
    assert.not.match(answer.message, text(1).slice(0, 20))
  }
})

inFolder('refuses a malformed key file and leaves it as it is', (dataDir, file) => {
  writeFileSync(file, 'not a key\n')
  const answer = encryptionKeys({ configured: undefined, dataDir })
  assert.not(answer.ok)
  if (!answer.ok) assert.match(answer.message, 'encryption.key is not 32 bytes in base64')
  assert.is(readFileSync(file, 'utf8'), 'not a key\n')
})

test.run()

function keysOf(dataDir: string, configured: string | undefined): { hex: string[]; made: boolean } {
  const answer = encryptionKeys({ configured, dataDir })
  if (!answer.ok) throw new Error(answer.message)
  return { hex: answer.keys.map((key) => Buffer.from(key).toString('hex')), made: answer.made }
}
