import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { worldAt } from '../../cli/demo/world.ts'
import { runProcess } from '../support/run-process.ts'
import { startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const test = suite('The verb import')

const entry = join(import.meta.dirname, '../../bin/calendar-sync.cjs')

test('where no service runs, the folder is opened: what Cal.com lists is followed from the next start on', async () => {
  const folder = temporaryFolder()
  const env = {
    DATA_DIR: join(folder.path, 'data'),
    PORT: '0',
    LOG_LEVEL: 'error',
    BOOKING_RECONCILE_MINUTES: '10000',
  }
  const imports = (...args: string[]) =>
    runProcess(process.execPath, [entry, 'import', ...args], { cwd: folder.path, env })
  try {
    const before = await imports()
    assert.is(before.code, 1, 'there is no folder yet')
    const first = await startServiceProcess(env)
    const world = worldAt({ service: first.url, token: first.token, ...first.standIns }, 10_000)
    await world.calcom.put('/faults', { dropWebhooks: 1 })
    const start = Temporal.Now.instant().round('hour').add({ hours: 48 }).toString()
    const { uid } = await world.calcom.post<{ uid: string }>('/bookings', { userId: 1, start })
    await first.end('SIGTERM')
    const alone = await imports('--json')
    assert.is(alone.code, 0, alone.stderr)
    const { listed, added } = JSON.parse(alone.stdout)
    assert.ok(listed >= 1 && added === 1, alone.stdout)
    assert.match((await imports()).stdout, /0 were not known here/)
    const second = await startServiceProcess(env)
    const then = worldAt({ service: second.url, token: second.token, ...second.standIns }, 10_000)
    await then.until('The booking is followed', () => then.booking(uid))
    await second.end('SIGTERM')
  } finally {
    folder.remove()
  }
})

test("where Cal.com's API is not configured, it says so", async () => {
  const folder = temporaryFolder()
  const env = { DATA_DIR: folder.path, PORT: '0', LOG_LEVEL: 'error', GOOGLE_API_URL: 'http://127.0.0.1:9' }
  try {
    const running = await startServiceProcess(env)
    const { code, stderr } = await runProcess(process.execPath, [entry, 'import'], { cwd: folder.path, env })
    assert.is(code, 1)
    assert.match(stderr, 'CALCOM_NOT_CONFIGURED')
    await running.end('SIGTERM')
  } finally {
    folder.remove()
  }
})

test.run()
