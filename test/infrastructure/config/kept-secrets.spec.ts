import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { API_TOKEN_FILE, operatorToken } from '../../../infrastructure/config/api-token.ts'
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

secrets('a file that is empty is never replaced', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder.path, API_TOKEN_FILE), '')
  assert.throws(() => operatorToken(folder.path, undefined), /is empty/)
  assert.is(readFileSync(join(folder.path, API_TOKEN_FILE), 'utf8'), '')
  folder.remove()
})

secrets.run()
