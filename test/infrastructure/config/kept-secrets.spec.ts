import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { API_TOKEN_FILE, operatorToken } from '../../../infrastructure/config/api-token.ts'
import { ENCRYPTION_KEY_FILE, encryptionKeys } from '../../../infrastructure/config/encryption-key.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const secrets = suite('secrets that the data folder keeps')

secrets(
  'the API token is made at the first start, told as new that once, and kept for its owner alone',
  () => {
    const folder = temporaryFolder()
    const first = operatorToken(folder.path, undefined)
    assert.is(first.isNew, true)
    assert.match(first.token, /^[A-Za-z0-9_-]{43}$/)
    assert.equal(operatorToken(folder.path, undefined), { token: first.token, isNew: false })
    assert.is(statSync(join(folder.path, API_TOKEN_FILE)).mode & 0o777, 0o600)
    assert.equal(readdirSync(folder.path), [API_TOKEN_FILE])
    folder.remove()
  },
)

secrets('a configured API token is used, and no file made', () => {
  const folder = temporaryFolder()
  assert.equal(operatorToken(folder.path, 'given'), { token: 'given', isNew: false })
  assert.equal(readdirSync(folder.path), [])
  folder.remove()
})

secrets('the encryption key is made once; configured ones come in their order', () => {
  const folder = temporaryFolder()
  const given = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  assert.is(encryptionKeys(folder.path, given), given)
  const made = encryptionKeys(folder.path, undefined)
  assert.is(made[0]?.length, 32)
  assert.equal(encryptionKeys(folder.path, undefined), made)
  assert.is(statSync(join(folder.path, ENCRYPTION_KEY_FILE)).mode & 0o777, 0o600)
  folder.remove()
})

secrets('a file that is empty or damaged is never replaced', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder.path, API_TOKEN_FILE), '')
  assert.throws(() => operatorToken(folder.path, undefined), /is empty/)
  writeFileSync(join(folder.path, ENCRYPTION_KEY_FILE), 'c2hvcnQ=\n')
  assert.throws(() => encryptionKeys(folder.path, undefined), /not 32 bytes/)
  assert.is(readFileSync(join(folder.path, ENCRYPTION_KEY_FILE), 'utf8'), 'c2hvcnQ=\n')
  folder.remove()
})

secrets.run()
