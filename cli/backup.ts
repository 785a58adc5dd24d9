import { resolve } from 'node:path'
import { z } from 'zod'
import { backUpFolder } from '../composition/backup.ts'
import { BackupRefused } from '../infrastructure/backup/backup-folder.ts'
import { systemClock } from '../infrastructure/clock/system-clock.ts'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { keptServiceAddress } from '../infrastructure/config/service-address.ts'
import { configurationOrExplain } from './configured.ts'
import { folderRefusal } from './folder-refusal.ts'
import { askService } from './running-service.ts'

/** A large store takes its time; the copying itself does not hold the service up. */
const TIMEOUT_MS = 6 * 60 * 60 * 1000

const Made = z.object({
  head: z.string(),
  hasKey: z.boolean(),
  files: z.array(z.object({ name: z.string(), bytes: z.number() })),
})
type Outcome = { ok: true; made: unknown } | { ok: false; message: string }

/**
 * Backs up what is embedded: through the service where one runs on the data folder, else by opening the folder. Resolves
 * with the exit code: 0 where the backup is whole, 1 where there is none, 2 where the configuration is not usable.
 */
export async function backup(
  directory: string,
  options: { withKey: boolean; json: boolean },
): Promise<number> {
  const configuration = configurationOrExplain()
  if (configuration === undefined) return 2
  const outcome = await make(configuration, { directory: resolve(directory), withKey: options.withKey })
  if (!outcome.ok) {
    console.error(outcome.message)
    return 1
  }
  if (options.json) console.log(JSON.stringify(outcome.made))
  else console.log(summary(resolve(directory), outcome.made, configuration))
  if (options.withKey)
    console.error(
      'The encryption key lies beside what it opens: whoever has this folder has every credential.',
    )
  return 0
}

async function make(
  configuration: Configuration,
  options: { directory: string; withKey: boolean },
): Promise<Outcome> {
  const { folder } = configuration.data
  const running = keptServiceAddress(folder) !== undefined
  const body = { ...options, dataFolder: folder }
  const answer = running
    ? await askService(configuration, '/admin/backup', { body, timeoutMs: TIMEOUT_MS })
    : undefined
  if (answer?.ok) return { ok: true, made: answer.body }
  if (answer?.code === 'FAILED') return { ok: false, message: answer.message }
  // Nobody there, or another service at an address that was left behind.
  try {
    return { ok: true, made: await backUpFolder(folder, systemClock, options) }
  } catch (error) {
    if (error instanceof BackupRefused) return { ok: false, message: error.message }
    const refusal = folderRefusal(error, folder)
    if (refusal === undefined) throw error
    return { ok: false, message: answer === undefined ? refusal : `${refusal} ${answer.message}` }
  }
}

function summary(directory: string, made: unknown, { eventStore, mongodb }: Configuration): string {
  const { head, hasKey, files } = Made.parse(made)
  const events = eventStore
    ? 'without the events, which lie in EventStoreDB'
    : `with every event up to position ${head || 'none'}`
  const lines = [
    `Backed up to ${directory}, ${events}:`,
    ...files.map(({ name, bytes }) => `  ${name}  ${bytes} bytes`),
  ]
  if (!hasKey)
    lines.push('The encryption key is not in it: keep encryption.key, or ENCRYPTION_KEY, elsewhere.')
  if (eventStore || mongodb)
    lines.push(
      'What lies in EventStoreDB or MongoDB is not in it: docs/deployment.md says how to back that up.',
    )
  return lines.join('\n')
}
