import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { StatusReport } from '../../services/status/status-report.ts'
import { withDeadline } from '../support/deadline.ts'
import { freePort, type ServiceProcess, startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const test = suite('an error that nobody waits for, in a process of its own')

const preloaded = new URL('../support/reject-on-signal.ts', import.meta.url).href

const withService = (body: (service: ServiceProcess) => Promise<void>) => async () => {
  const folder = temporaryFolder()
  const service = await startServiceProcess({
    DATA_DIR: join(folder.path, 'data'),
    PORT: String(await freePort()),
    NODE_OPTIONS: `--import=${preloaded}`,
  })
  try {
    await withDeadline(20_000, () => body(service))
  } finally {
    await service.end('SIGKILL')
    folder.remove()
  }
}

test(
  'of a client is logged once, counted and told, and the service goes on',
  withService(async (service) => {
    const answer = (path: string) =>
      fetch(`${service.url}${path}`, { headers: { authorization: `Bearer ${service.token}` } })
    const counted = async () =>
      Number(
        /^calendar_sync_client_failures_total\{client="EventStoreDB"\} (\d+)$/m.exec(
          await (await answer('/metrics')).text(),
        )?.[1] ?? 0,
      )
    for (let times = 1; times <= 3; times++) {
      process.kill(service.pid, 'SIGUSR2')
      while ((await counted()) < times) assert.is((await answer('/health/ready')).status, 200)
    }
    const [told] = StatusReport.parse(await (await answer('/status')).json()).needsPerson
    assert.is(told?.code, 'CLIENT_FAILED')
    assert.match(told?.sentence ?? '', /client of EventStoreDB failed 3 times.+Failed to discover/)
    assert.is(service.output().split('client failed with nobody waiting').length - 1, 1)
    assert.equal(await service.end('SIGTERM'), { code: 0, signal: null })
  }),
)

test(
  'of no client ends the service at once, with one line that says so and an exit code of its own',
  withService(async (service) => {
    process.kill(service.pid, 'SIGHUP')
    assert.equal(await service.gone, { code: 70, signal: null })
    const lines = service
      .output()
      .split('\n')
      .filter((line) => line.includes('nobody catches this one'))
    assert.is(lines.length, 1)
    assert.match(JSON.parse(lines[0] ?? '{}').msg, /^service ends, /)
  }),
)

test.run()
