import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { operatorToken } from '../../infrastructure/config/api-token.ts'
import {
  forgetServiceAddress,
  keepServiceAddress,
  proofOf,
} from '../../infrastructure/config/service-address.ts'
import { runProcess } from '../support/run-process.ts'
import { startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const cli = suite('the command line')

const entry = join(import.meta.dirname, '../../bin/calendar-sync.cjs')

/** Runs the command line with nothing but these variables set, in `folder`. */
const calendarSync = (folder: string, args: string[], environment: { [variable: string]: string } = {}) =>
  runProcess(process.execPath, [entry, ...args], { cwd: folder, env: environment })

/** A server whose /status answers `body` to this token alone, and that knows the secret of the data folder. */
async function service(token: string, body: unknown, secret = 'kept') {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const [, challenge] = /^\/address-proof\/(.+)$/.exec(request.url ?? '') ?? []
    if (challenge !== undefined) {
      response.end(JSON.stringify({ proof: proofOf(secret, challenge) }))
      return
    }
    asked.push(request.headers.authorization ?? '')
    const allowed = request.headers.authorization === `Bearer ${token}` && request.url === '/status'
    response.writeHead(allowed ? 200 : 401).end(JSON.stringify(allowed ? body : {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on TCP has an address of this kind.
  const { port } = server.address() as AddressInfo
  return { port, asked, close: () => new Promise((resolve) => server.close(resolve)) }
}

cli('asks the service on the data folder for its status, with the token kept there', async () => {
  const folder = temporaryFolder()
  const running = await service(operatorToken(folder.path, undefined).token, {
    stages: [{ name: 'due', backlog: 2 }],
  })
  keepServiceAddress(folder.path, { origin: `http://127.0.0.1:${running.port}`, secret: 'kept' })

  const plain = await calendarSync(folder.path, ['status'], { DATA_DIR: folder.path })
  assert.is(plain.stdout, 'stages:\n  -\n    name: due\n    backlog: 2\n')
  assert.is(plain.code, 0)
  const json = await calendarSync(folder.path, ['status', '--json'], { DATA_DIR: '.' })
  assert.equal(JSON.parse(json.stdout), { stages: [{ name: 'due', backlog: 2 }] })

  forgetServiceAddress(folder.path)
  const named = { DATA_DIR: '.', PORT: String(running.port) }
  const { token } = operatorToken(folder.path, undefined)
  assert.is((await calendarSync(folder.path, ['status'], { ...named, API_TOKEN: token })).code, 0)
  const before = running.asked.length
  const unnamed = await calendarSync(folder.path, ['status'], named)
  assert.match(unnamed.stderr, 'keeps no address')
  assert.is(running.asked.length, before)
  await running.close()
  folder.remove()
})

cli('sends its token to nobody who cannot show that he runs on the data folder', async () => {
  const folder = temporaryFolder()
  const { token } = operatorToken(folder.path, undefined)
  const stranger = await service(token, { stages: [] }, 'a secret of its own')
  const origin = `http://127.0.0.1:${stranger.port}`
  const left = [
    { origin, secret: 'kept' },
    // As an older version leaves it.
    { origin, secret: '' },
  ]
  for (const address of left) {
    keepServiceAddress(folder.path, address)
    for (const verb of [['status'], ['backup', join(folder.path, '..', 'b')], ['resume-publishing']])
      for (const environment of [{}, { API_TOKEN: token }]) {
        const ended = await calendarSync(folder.path, verb, { DATA_DIR: folder.path, ...environment })
        assert.is(ended.code, 1, ended.stdout)
      }
  }
  const told = await calendarSync(folder.path, ['status'], { DATA_DIR: folder.path })
  assert.match(told.stderr, `${origin} is not the service on`)
  assert.equal(stranger.asked, [])
  await stranger.close()
  folder.remove()
})

cli('says what is wrong where the service cannot be asked', async () => {
  const folder = temporaryFolder()
  const running = await service('right', {})
  const port = String(running.port)

  const noToken = await calendarSync(folder.path, ['status'], { PORT: port })
  assert.is(noToken.code, 1)
  assert.match(noToken.stderr, 'No API token')
  const wrong = await calendarSync(folder.path, ['status'], { PORT: port, API_TOKEN: 'wrong' })
  assert.is(wrong.code, 1)
  assert.match(wrong.stderr, 'refuses the API token')
  await running.close()
  const down = await calendarSync(folder.path, ['status'], { PORT: port, API_TOKEN: 'right' })
  assert.is(down.code, 1)
  assert.match(down.stderr, 'No service answers')
  const misconfigured = await calendarSync(folder.path, ['status'], { PORT: 'x', LOG_LEVEL: 'y' })
  assert.is(misconfigured.code, 2)
  assert.match(misconfigured.stderr, /PORT must be.*\n {2}LOG_LEVEL must be/)
  folder.remove()
})

cli('opens the data folder itself where no service runs on it, and leaves it as it was', async () => {
  const folder = temporaryFolder()
  const env = { DATA_DIR: join(folder.path, 'data'), PORT: '0', LOG_LEVEL: 'error' }
  let running = await startServiceProcess(env)
  try {
    const sync = { userId: 'u1', provider: 'google', externalCalendarId: 'host@example.com' }
    const registered = await fetch(`${running.url}/commands/RegisterCalendarSync`, {
      method: 'POST',
      headers: { authorization: `Bearer ${running.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(sync),
    })
    assert.is(registered.status, 200)
    await running.end('SIGKILL')

    const json = await calendarSync(folder.path, ['status', '--json'], env)
    assert.is(json.code, 0, json.stderr)
    const status = JSON.parse(json.stdout)
    assert.is(status.standIns, true)
    assert.not.equal(status.position, '')
    assert.match(json.stderr, 'No service runs on')
    const plain = await calendarSync(folder.path, ['status'], env)
    assert.is(plain.code, 0)
    assert.match(plain.stdout, /^status: DEGRADED$/m)

    running = await startServiceProcess(env)
    assert.is(await running.end('SIGTERM').then(({ code }) => code), 0)
  } finally {
    await running.end('SIGKILL')
    folder.remove()
  }
})

cli('lists its verbs, and helps with each', async () => {
  const folder = temporaryFolder()
  const help = await calendarSync(folder.path, ['--help'])
  assert.is(help.code, 0)
  for (const verb of ['start', 'demo', 'google-stand-in', 'status']) {
    assert.match(help.stdout, new RegExp(`^ {2}${verb}`, 'm'))
    const one = await calendarSync(folder.path, [verb, '--help'])
    assert.is(one.code, 0, verb)
    assert.match(one.stdout, '--help', verb)
  }
  folder.remove()
})

cli('ends with 2 and the help where it is used wrongly', async () => {
  const folder = temporaryFolder()
  for (const args of [['frobnicate'], [], ['status', '--yaml']]) {
    const wrong = await calendarSync(folder.path, args)
    assert.is(wrong.code, 2, args.join(' '))
    assert.match(wrong.stderr, 'Usage: calendar-sync', args.join(' '))
  }
  const option = await calendarSync(folder.path, ['google-stand-in', '--prot', '1'])
  assert.is(option.code, 2)
  folder.remove()
})

cli.run()
