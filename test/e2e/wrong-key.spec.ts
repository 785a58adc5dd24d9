import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const test = suite('an encryption key that is not the one of the data folder')
const otherKey = Buffer.alloc(32, 7).toString('base64')

test('is refused at the start, where it opens nothing that is stored; beside the right one it is taken', async () => {
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  const keyFile = join(data, 'encryption.key')
  const env = {
    DATA_DIR: data,
    PORT: '0',
    LOG_LEVEL: 'silent',
    API_TOKEN: 'token',
    GOOGLE_API_URL: 'http://127.0.0.1:1',
  }
  let service = await startServiceProcess(env)
  try {
    await store(service.url)
    await service.end('SIGTERM')

    const key = readFileSync(keyFile, 'utf8')
    writeFileSync(keyFile, `${otherKey}\n`)
    const said = await startServiceProcess(env).then(
      (started) => {
        service = started
        return 'It started.'
      },
      (error: unknown) => String(error),
    )
    assert.match(said, /None of the encryption keys opens anything .+ ENCRYPTION_KEY/)

    service = await startServiceProcess({ ...env, ENCRYPTION_KEY: `${otherKey},${key.trim()}` })
    await store(service.url)
  } finally {
    await service.end('SIGKILL')
    folder.remove()
  }
})

async function store(url: string): Promise<void> {
  const { status } = await fetch(`${url}/credentials/c1`, {
    method: 'PUT',
    headers: { Authorization: 'Bearer token', 'Content-Type': 'application/json' },
    body: JSON.stringify({ kind: 'oauth', refreshToken: 'refresh' }),
  })
  assert.is(status, 204)
}

test.run()
