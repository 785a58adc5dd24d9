import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startEventStoreDbDouble } from '../support/eventstoredb-double.ts'
import { listening } from '../support/listening.ts'
import { mongodbDouble } from '../support/mongodb-double.ts'
import { runProcess } from '../support/run-process.ts'
import { freePort, startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const test = suite('doctor')

const entry = join(import.meta.dirname, '../../bin/calendar-sync.cjs')
const ENCRYPTION_KEY = Buffer.alloc(32).toString('base64')

type Report = {
  code: number | undefined
  /** "CHECK state" */
  states: string[]
  text: string
}

/** Asks the doctor from an empty folder, where no .env is. */
async function ask(env: { [variable: string]: string }): Promise<Report> {
  const folder = temporaryFolder()
  try {
    const given = { DATA_DIR: join(folder.path, 'data'), PORT: '0', ...env }
    const { code, stdout, stderr } = await runProcess(process.execPath, [entry, 'doctor', '--json'], {
      cwd: folder.path,
      env: given,
    })
    assert.is(stderr, '')
    const { ok, findings }: { ok: boolean; findings: { check: string; state: string; mend?: string }[] } =
      JSON.parse(stdout)
    assert.is(ok, code === 0)
    for (const { state, mend } of findings) assert.is(mend === undefined, state === 'ok')
    if (env.DATA_DIR === undefined) assert.not.ok(existsSync(given.DATA_DIR), 'nothing is made')
    return { code, states: findings.map(({ check, state }) => `${check} ${state}`), text: stdout }
  } finally {
    folder.remove()
  }
}

test('finds nothing wrong where nothing is configured', async () => {
  const { code, states } = await ask({})
  assert.is(code, 0)
  assert.equal(states, [
    'configuration ok',
    'DATA_DIR ok',
    'PORT ok',
    'Google ok',
    'Cal.com ok',
    'PUBLIC_URL ok',
  ])
})

test('tells all that is wrong with the variables, and repeats none of their values', async () => {
  const { code, states, text } = await ask({ ROLES: 'secret-role', MONGODB_URL: 'secret-url' })
  assert.is(code, 1)
  for (const variable of ['ROLES', 'MONGODB_URL', 'ENCRYPTION_KEY', 'GOOGLE_CLIENT_ID'])
    assert.ok(states.includes(`${variable} wrong`), states.join())
  assert.not.match(text, /secret-/)
})

test("names Cal.com's database where it does not answer, and neither role nor password", async () => {
  const port = await freePort()
  const { code, states, text } = await ask({
    GOOGLE_API_URL: `http://127.0.0.1:${port}`,
    CALCOM_DATABASE_URL: `postgresql://reader:hunter2@127.0.0.1:${port}/calcom`,
  })
  assert.is(code, 1)
  assert.ok(states.includes('CALCOM_DATABASE_URL wrong'), states.join())
  assert.match(text, /127[.]0[.]0[.]1:\d+\/calcom .*CALCOM_DATABASE_AWAY/)
  assert.not.match(text, /reader|hunter2|CALCOM_API_URL/)
})

test('names each server that does not answer, and what to do about it', async () => {
  const [port, google] = [await freePort(), await listening((_, answer) => void answer.end('{}'))]
  try {
    const { code, states, text } = await ask({
      ENCRYPTION_KEY,
      GOOGLE_API_URL: google.url,
      EVENTSTORE_URL: 'esdb://user:hunter2@no-such-host.invalid:2113?tls=false',
      MONGODB_URL: `mongodb://user:hunter2@127.0.0.1:${port}/`,
      KAFKA_BROKERS: `127.0.0.1:${port}`,
      CALCOM_API_URL: `http://127.0.0.1:${port}`,
      CALCOM_API_KEY: 'hunter2',
    })
    assert.is(code, 1)
    for (const wrong of ['EVENTSTORE_URL', 'MONGODB_URL', 'KAFKA_BROKERS', 'CALCOM_API_URL'])
      assert.ok(states.includes(`${wrong} wrong`), states.join())
    assert.ok(states.includes('Google token endpoint ok'))
    assert.ok(states.includes('Google API ok'))
    assert.match(text, /EventStoreDB: DNS: .+Correct the host name in EVENTSTORE_URL/)
    assert.match(text, /MongoDB: REFUSED: .+Start the server, or correct host and port in MONGODB_URL/)
    assert.match(text, /Kafka: REFUSED: /)
    assert.not.match(text, /hunter2/)
  } finally {
    await google.close()
  }
})

test('tells which of Cal.com’s keys are refused, and whether Cal.com’s own calendar sync is on', async () => {
  const [google, folder] = [await listening((_, answer) => void answer.end('{}')), temporaryFolder()]
  const moved = {
    uid: 'u',
    status: 'accepted',
    start: '2031-03-01T00:00:00.000Z',
    end: '2031-03-01T00:30:00.000Z',
    metadata: { calendarSubscriptionEvent: '{}' },
  }
  const cal = await listening((request, answer) => {
    answer.statusCode = request.headers.authorization === 'Bearer cal_8' ? 401 : 200
    answer.end(JSON.stringify({ status: 'success', data: [moved] }))
  })
  const CALCOM_API_KEYS_FILE = join(folder.path, 'keys.json')
  const env = { ENCRYPTION_KEY, GOOGLE_API_URL: google.url, CALCOM_API_URL: cal.url, CALCOM_API_KEYS_FILE }
  try {
    writeFileSync(CALCOM_API_KEYS_FILE, JSON.stringify({ '7': 'cal_7', '8': 'cal_8' }))
    const refused = await ask(env)
    assert.match(refused.text, /refuses the key of user 8 \(401\)/)
    assert.not.match(refused.text, /cal_8/)
    writeFileSync(CALCOM_API_KEYS_FILE, JSON.stringify({ '7': 'cal_7' }))
    const two = await ask(env)
    assert.ok(two.states.includes("Cal.com's calendar sync note"), two.states.join())
  } finally {
    await Promise.all([google.close(), cal.close()])
    folder.remove()
  }
})

test('tells servers that are too old, and takes one that is not', async () => {
  const google = await listening((_, answer) => void answer.end('{}'))
  const old = await startEventStoreDbDouble({ version: '21.10.0' })
  const current = await startEventStoreDbDouble()
  const mongodb = await mongodbDouble('OLD')
  try {
    const env = { ENCRYPTION_KEY, GOOGLE_API_URL: google.url }
    const bad = await ask({
      ...env,
      EVENTSTORE_URL: old.url,
      MONGODB_URL: `mongodb://127.0.0.1:${mongodb.port}/`,
    })
    assert.match(bad.text, /EventStoreDB: TOO_OLD: /)
    assert.match(bad.text, /MongoDB: TOO_OLD: /)
    assert.is(bad.code, 1)
    const good = await ask({ ...env, EVENTSTORE_URL: current.url })
    assert.ok(good.states.includes('EVENTSTORE_URL ok'), good.text)
    assert.is(good.code, 0)
  } finally {
    await Promise.all([google.close(), old.close(), current.close(), mongodb.close()])
  }
})

test('tells a taken port, and knows the service that runs on the folder', async () => {
  const folder = temporaryFolder()
  const taken = await listening((_, answer) => void answer.end())
  const DATA_DIR = join(folder.path, 'data')
  const service = await startServiceProcess({ DATA_DIR, PORT: '0', LOG_LEVEL: 'error' })
  try {
    const { code, states } = await ask({ PORT: String(taken.port) })
    assert.is(code, 1)
    assert.ok(states.includes('PORT wrong'))
    const { text } = await ask({ DATA_DIR, PORT: String(taken.port) })
    assert.match(text, new RegExp(`The service runs on this data folder, at ${service.url}`))
    const other = await ask({ DATA_DIR, GOOGLE_API_URL: taken.url })
    assert.ok(other.states.includes('DATA_DIR wrong'), 'of another Google')
  } finally {
    await service.end('SIGKILL')
    await taken.close()
    folder.remove()
  }
})

test.run()
