import { migrateFolder } from '../composition/migration.ts'
import { StartRefused } from '../composition/start-refused.ts'
import { systemClock } from '../infrastructure/clock/system-clock.ts'
import { createLogger } from '../infrastructure/logging/logger.ts'
import { StoreUnavailable } from '../ports/store-unavailable.ts'
import { VaultKeyUnknown } from '../ports/vault/credential-vault.ts'
import type { MigrationReport, MigrationStep } from '../services/migration/migration.ts'
import { MigrationRefused } from '../services/migration/refused.ts'
import { configurationOrExplain } from './configured.ts'
import { folderRefusal } from './folder-refusal.ts'

/**
 * Moves a data folder (DATA_DIR, if none is named) to the servers that the configuration names. Resolves with the exit
 * code. 0: all was moved and found whole. 1: it was not; run it again once what is said is mended. 2: the configuration
 * is not usable.
 */
export async function migrate(folder: string | undefined, options: { json: boolean }): Promise<number> {
  const configuration = configurationOrExplain()
  if (configuration === undefined) return 2
  const from = folder ?? configuration.data.folder
  const log = createLogger({ level: configuration.log.level })
  try {
    const report = await migrateFolder({
      from,
      configuration,
      clock: systemClock,
      log,
      ...(process.stderr.isTTY && !options.json && { onProgress: showProgress }),
    })
    console.log(options.json ? JSON.stringify(report) : summary(report))
    return 0
  } catch (error) {
    const message = sentence(error, from)
    if (message === undefined) throw error
    console.error(message)
    return 1
  }
}

function sentence(error: unknown, from: string): string | undefined {
  if (error instanceof StartRefused || error instanceof MigrationRefused) return error.message
  if (error instanceof StoreUnavailable)
    return `A store does not answer: ${error.message}. What was moved stays; run it again to go on.`
  if (error instanceof VaultKeyUnknown)
    return `${error.message}: add the key of ${from} to ENCRYPTION_KEY, behind the newest one.`
  return folderRefusal(error, from)
}

function showProgress(step: MigrationStep, done: number): void {
  process.stderr.write(`\r\u001b[K${step}: ${done}`)
}

function summary(report: MigrationReport): string {
  const { events, streams, sha256, credentials, calendars, signals, readModels, unfinished } = report
  return [
    `Moved, and read back from both sides: ${events} events of ${streams} streams (SHA-256 ${sha256}).`,
    `${credentials} credentials and ${calendars} calendars are sealed under the newest key of ENCRYPTION_KEY.`,
    `${signals} calendars and bookings will be looked at once the service starts, calendars in full; ${readModels} read models are rebuilt.`,
    ...unfinished.map((name) => `The read model ${name} cannot take an event: the service will park it.`),
    "Consumers of the feed begin again from its start: their positions are those of the old store, the events' ids are the same.",
  ].join('\n')
}
