import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { StartRefused } from '../composition/start-refused.ts'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { STAMP_FILE } from '../infrastructure/config/data-folder.ts'
import { configurationOrExplain } from './configured.ts'
import { askService, type ServiceAnswer } from './running-service.ts'

/** Tens of thousands of bookings take their time, and Cal.com limits requests. */
const TIMEOUT_MS = 6 * 60 * 60 * 1000

const Imported = z.object({ listed: z.number(), added: z.number() })

/**
 * Reads Cal.com's bookings to come: through the service where one runs on the data folder, else by opening the folder.
 * Resolves with the exit code. 0: the list was read to its end. 1: it was not. 2: the configuration is not usable.
 */
export async function importBookings(options: { json: boolean }): Promise<number> {
  const configuration = configurationOrExplain()
  if (configuration === undefined) return 2
  const running = await ask(configuration)
  const isDown = !running.ok && running.code === 'NOT_RUNNING'
  const answer = isDown && canOpen(configuration) ? await importAlone(configuration) : running
  if (!answer.ok) {
    console.error(answer.message)
    return 1
  }
  const { listed, added } = Imported.parse(answer.body)
  console.log(
    options.json
      ? JSON.stringify({ listed, added })
      : `Cal.com listed ${listed} bookings to come; ${added} were not known here, and are followed now.`,
  )
  return 0
}

const ask = (configuration: Configuration) =>
  askService(configuration, '/admin/import', {
    body: { dataFolder: configuration.data.folder },
    timeoutMs: TIMEOUT_MS,
  })

const canOpen = ({ data, eventStore, mongodb, kafka }: Configuration) =>
  eventStore === undefined &&
  mongodb === undefined &&
  kafka === undefined &&
  existsSync(join(data.folder, STAMP_FILE))

/** Starts a service that keeps the read models and does nothing else, on an address that nobody else asks. */
async function importAlone(configuration: Configuration): Promise<ServiceAnswer> {
  const { http, data } = configuration
  const { startService } = await import('../main.ts')
  try {
    const service = await startService({
      ...configuration,
      http: { ...http, host: '127.0.0.1', port: 0 },
      roles: new Set(['projections']),
      log: { level: 'silent' },
    })
    console.error(`No service runs on ${data.folder}: the next start asks Cal.com for the bookings' events.`)
    return await ask(configuration).finally(service.stop)
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error
    return { ok: false, code: 'FAILED', message: error.message }
  }
}
