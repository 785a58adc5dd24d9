import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { StartRefused } from '../composition/start-refused.ts'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { STAMP_FILE } from '../infrastructure/config/data-folder.ts'
import { configurationOrExplain } from './configured.ts'
import { askService, type ServiceAnswer } from './running-service.ts'

/**
 * Prints the running service's GET /status; with `json` as it is. If none runs and all stores are in the data folder,
 * that is opened to look. Resolves with the exit code. 0: there was an answer. 1: there was none. 2: the configuration
 * is not usable.
 */
export async function status(options: { json: boolean }): Promise<number> {
  const configuration = configurationOrExplain()
  if (configuration === undefined) return 2
  const running = await askService(configuration, '/status')
  const answer = isDown(running) && canOpen(configuration) ? await look(configuration) : running
  if (!answer.ok) {
    console.error(answer.message)
    return 1
  }
  console.log(options.json ? JSON.stringify(answer.body) : readable(answer.body).join('\n'))
  return 0
}

const isDown = (answer: ServiceAnswer) => !answer.ok && answer.code === 'NOT_RUNNING'

const canOpen = ({ data, eventStore, mongodb, kafka }: Configuration) =>
  eventStore === undefined &&
  mongodb === undefined &&
  kafka === undefined &&
  existsSync(join(data.folder, STAMP_FILE))

/** Starts a service without roles, on an address that nobody else asks, and takes its answer. */
async function look(configuration: Configuration): Promise<ServiceAnswer> {
  const { http, data } = configuration
  const { startService } = await import('../main.ts')
  try {
    const service = await startService({
      ...configuration,
      http: { ...http, host: '127.0.0.1', port: 0 },
      roles: new Set(),
      log: { level: 'silent' },
    })
    console.error(`No service runs on ${data.folder}: this is what lies there.`)
    return await askService(configuration, '/status').finally(service.stop)
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error
    return { ok: false, code: 'FAILED', message: error.message }
  }
}

/** Any JSON as lines to read: names with their values, what is inside indented below. */
function readable(value: unknown, indent = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${indent}${shown(value)}`]
  return Object.entries(value).flatMap(([name, inner]) => {
    const label = Array.isArray(value) ? '-' : `${stripVTControlCharacters(name)}:`
    if (typeof inner !== 'object' || inner === null) return [`${indent}${label} ${shown(inner)}`]
    const lines = readable(inner, `${indent}  `)
    return lines.length === 0 ? [`${indent}${label} none`] : [`${indent}${label}`, ...lines]
  })
}

const shown = (value: unknown) => (value === null ? 'none' : stripVTControlCharacters(String(value)))
