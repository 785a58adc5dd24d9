import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadEnvironment } from '../../../infrastructure/config/environment.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const environment = suite('the environment')

environment('is the process alone where there is no .env', () => {
  const folder = temporaryFolder()
  assert.equal(loadEnvironment(folder.path, { PORT: '1' }), { PORT: '1' })
  folder.remove()
})

environment('adds what .env says, and what the process has set wins', () => {
  const folder = temporaryFolder()
  writeFileSync(
    join(folder.path, '.env'),
    '# ours\r\nPORT=2\r\nHOST="::1"\r\nexport LOG_LEVEL=debug\r\nSYNC_MODE=off\r\n',
  )
  const { PORT, HOST, LOG_LEVEL, SYNC_MODE } = loadEnvironment(folder.path, { PORT: '1', SYNC_MODE: '' })
  assert.equal([PORT, HOST, LOG_LEVEL, SYNC_MODE], ['1', '::1', 'debug', ''])
  folder.remove()
})

environment('is not guessed where .env cannot be read', () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder.path, '.env'))
  assert.throws(() => loadEnvironment(folder.path, {}), /\.env cannot be read/)
  folder.remove()
})

environment.run()
