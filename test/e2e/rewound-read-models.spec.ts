import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { Readiness } from '../../services/http/health-routes.ts'
import { StatusReport } from '../../services/status/status-report.ts'
import { withDeadline } from '../support/deadline.ts'
import { openEventStoreDb } from '../support/eventstoredb.ts'
import { startEventStoreDbDouble } from '../support/eventstoredb-double.ts'
import { runProcess } from '../support/run-process.ts'
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const test = suite('an event store that goes on from an older copy, with read models that are younger')
const entry = join(import.meta.dirname, '../../bin/calendar-sync.cjs')

const ask = (service: ServiceProcess, path: string) =>
  fetch(`${service.url}${path}`, { headers: { authorization: `Bearer ${service.token}` } })

const until = (service: ServiceProcess, isSo: () => Promise<boolean>) =>
  withDeadline(20_000, async () => {
    while (!(await isSo())) await systemClock.delay(50)
  }).catch((error: unknown) => assert.unreachable(`${error}: ${service.output()}`))

const statusOf = async (service: ServiceProcess) => {
  const answer = await ask(service, '/status')
  return answer.status === 200 ? StatusReport.parse(await answer.json()) : undefined
}

async function register(service: ServiceProcess, externalCalendarId: string): Promise<void> {
  const answer = await fetch(`${service.url}/commands/RegisterCalendarSync`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ userId: '1', provider: 'google', externalCalendarId, credentialId: 'c' }),
  })
  assert.is(answer.status, 200, await answer.text())
}

const registered = async (service: ServiceProcess) =>
  (
    (await (await ask(service, '/calendar-syncs')).json()) as { items: { externalCalendarId: string }[] }
  ).items
    .map(({ externalCalendarId }) => externalCalendarId)
    .sort()

async function openedHead(url: string): Promise<string> {
  const store = openEventStoreDb(url)
  try {
    return await store.head()
  } finally {
    await store.close()
  }
}

test('stop visibly, and stay so when it is written to, until resume-read-models has them made anew', async () => {
  const folder = temporaryFolder()
  const path = (name: string) => join(folder.path, name)
  let double = await startEventStoreDbDouble({ path: path('server.db') })
  const env = {
    EVENTSTORE_URL: double.url,
    DATA_DIR: path('data'),
    ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
    API_TOKEN: 'token',
    GOOGLE_API_URL: 'http://127.0.0.1:1',
    PORT: '0',
  }
  const verb = (...args: string[]) =>
    runProcess(process.execPath, [entry, 'resume-read-models', ...args], { cwd: folder.path, env })
  const live = async (service: ServiceProcess) =>
    until(
      service,
      async () => (await statusOf(service))?.projections.every(({ state }) => state === 'LIVE') === true,
    )
  const services: ServiceProcess[] = []
  const start = async () => {
    const service = await startServiceProcess(env)
    services.push(service)
    return service
  }
  try {
    const first = await start()
    await live(first)
    await register(first, 'kept@example.com')
    await until(first, async () => (await registered(first)).length === 1)
    const { port } = double
    await first.end('SIGTERM')
    await double.close()
    cpSync(path('server.db'), path('older.db'))

    double = await startEventStoreDbDouble({ path: path('server.db'), port })
    const second = await start()
    await live(second)
    await register(second, 'lost@example.com')
    await until(second, async () => (await registered(second)).length === 2)
    await double.writeSystemEvents(500)
    const head = await openedHead(double.url)
    await until(
      second,
      async () => (await statusOf(second))?.projections.every(({ position }) => position >= head) === true,
    )
    assert.match((await verb()).stderr, /in use by another process/)
    await second.end('SIGTERM')
    await double.close()
    assert.not.match(second.output(), 'STORE_REWOUND')

    double = await startEventStoreDbDouble({ path: path('older.db'), port })
    const rewound = await start()
    const isTold = async () =>
      (await statusOf(rewound))?.needsPerson.some(({ code }) => code === 'STORE_REWOUND') === true
    await until(rewound, isTold)
    await double.writeSystemEvents(100)
    await register(rewound, 'new@example.com')
    const status = await statusOf(rewound)
    assert.ok(
      status?.needsPerson.some(
        ({ code, next }) => code === 'STORE_REWOUND' && /resume-read-models/.test(next),
      ),
    )
    assert.ok(status?.projections.every(({ state }) => state === 'STORE_REWOUND'))
    const ready = Readiness.parse(await (await ask(rewound, '/health/ready')).json())
    assert.is(ready.roles.projections, 'not-ready')
    assert.ok(ready.degraded.includes('projections'))
    assert.is(rewound.output().split('read models stopped').length - 1, 1)
    assert.equal(await registered(rewound), ['kept@example.com', 'lost@example.com'])
    await rewound.end('SIGTERM')

    const looked = await verb('--json')
    assert.is(looked.code, 0, looked.stderr)
    assert.is(JSON.parse(looked.stdout).state, 'READY')
    const done = await verb('--yes')
    assert.is(done.code, 0, done.stderr)
    const last = await start()
    await until(last, async () => (await registered(last)).length === 2)
    assert.equal(await registered(last), ['kept@example.com', 'new@example.com'])
    assert.not.ok((await statusOf(last))?.needsPerson.some(({ code }) => code === 'STORE_REWOUND'))
  } finally {
    for (const service of services) await service.end('SIGKILL')
    await double.close()
    folder.remove()
  }
})

test.run()
