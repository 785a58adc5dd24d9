import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { StatusReport } from '../../services/status/status-report.ts'
import { STAND_IN_HOST } from '../../stand-ins/stand-ins.ts'
import { withDeadline } from '../support/deadline.ts'
import { startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const test = suite('work that fails unforeseen, in a process of its own')

const preloaded = new URL('../support/no-google-client-until-signal.ts', import.meta.url).href

test("is told while Google's client cannot be loaded, and is done once it can", async () => {
  const folder = temporaryFolder()
  const service = await startServiceProcess({
    DATA_DIR: join(folder.path, 'data'),
    PORT: '0',
    NODE_OPTIONS: `--import=${preloaded}`,
  })
  const headers = { authorization: `Bearer ${service.token}`, 'content-type': 'application/json' }
  const answer = (path: string) => fetch(`${service.url}${path}`, { headers })
  const told = async () => StatusReport.parse(await (await answer('/status')).json()).needsPerson
  const fetched = async (outcome: string) =>
    (await (await answer('/metrics')).text()).includes(`calendar_sync_fetches_total{outcome="${outcome}"}`)
  try {
    await withDeadline(30_000, async () => {
      const { userId, calendarId: externalCalendarId, credentialId } = STAND_IN_HOST
      const body = JSON.stringify({ userId, provider: 'google', externalCalendarId, credentialId })
      await fetch(`${service.url}/commands/RegisterCalendarSync`, { method: 'POST', headers, body })
      while (!(await fetched('UNEXPECTED'))) assert.is((await answer('/health/live')).status, 200)
      const entry = (await told()).find(({ code }) => code === 'UNFORESEEN_FAILURES')
      assert.match(entry?.sentence ?? '', /^Fetches of calendars failed .+: EMFILE: too many open files/)
      assert.is(await fetched('unchanged'), false)
      process.kill(service.pid, 'SIGUSR2')
      while (!(await fetched('unchanged'))) assert.is((await answer('/health/live')).status, 200)
    })
  } finally {
    await service.end('SIGKILL')
    folder.remove()
  }
})

test.run()
