import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { StartRefused } from '../composition/start-refused.ts'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { STAMP_FILE } from '../infrastructure/config/data-folder.ts'
import { askService, type ServiceAnswer } from './running-service.ts'

/**
 * Asks the service that runs on the data folder. If none runs and all stores are in the folder, that is opened to look.
 * `path` begins with a slash.
 */
export async function askOrOpen(configuration: Configuration, path: string): Promise<ServiceAnswer> {
  const running = await askService(configuration, path)
  return isDown(running) && canOpen(configuration) ? await look(configuration, path) : running
}

const isDown = (answer: ServiceAnswer) => !answer.ok && answer.code === 'NOT_RUNNING'

const canOpen = ({ data, eventStore, mongodb, kafka }: Configuration) =>
  eventStore === undefined &&
  mongodb === undefined &&
  kafka === undefined &&
  existsSync(join(data.folder, STAMP_FILE))

/** Starts a service that does nothing but answer, on an address that nobody else asks, and takes its answer. */
async function look(configuration: Configuration, path: string): Promise<ServiceAnswer> {
  const { http, data } = configuration
  const { startService } = await import('../main.ts')
  try {
    const service = await startService({
      ...configuration,
      http: { ...http, host: '127.0.0.1', port: 0 },
      roles: new Set(['http']),
      log: { level: 'silent' },
    })
    console.error(`No service runs on ${data.folder}: this is what lies there.`)
    return await askService(configuration, path).finally(service.stop)
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error
    return { ok: false, code: 'FAILED', message: error.message }
  }
}
