import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { signingKeyOf } from '../infrastructure/config/signing-key.ts'
import { keysThatAreThere } from '../infrastructure/sealing/key-file.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import { exportLines } from '../services/audit/export.ts'
import type { ExportSelection } from '../services/audit/selected-events.ts'
import { type Verification, type VerificationParts, verification } from '../services/audit/verification.ts'
import { EVENTS_FILE } from './backup.ts'
import { closers } from './closers.ts'
import { withScratch } from './scratch-store.ts'
import { StartRefused } from './start-refused.ts'
import { openStores } from './stores.ts'

/**
 * The export where no service runs on the data folder. Rejects with StartRefused and what `exportLines` rejects with.
 */
export async function* exportAlone(
  configuration: Configuration,
  selection: ExportSelection,
  parts: { clock: Clock; log: Logger },
): AsyncGenerator<string, void> {
  refuseWithoutFolder(configuration)
  await using opened = closers(parts.log)
  const { events, secrets } = await openStores({ configuration, newId: () => '', opened, ...parts })
  yield* exportLines({ events, key: signingKeyOf(secrets[0]), now: parts.clock.now }, selection)
}

/** The verification where no service runs on the data folder. Rejects with StartRefused and StoreUnavailable. */
export async function verifyAlone(
  configuration: Configuration,
  onProgress: VerificationParts['onProgress'],
  parts: { clock: Clock; log: Logger },
): Promise<Verification> {
  refuseWithoutFolder(configuration)
  await using opened = closers(parts.log)
  const { events, readStore: live } = await openStores({ configuration, newId: () => '', opened, ...parts })
  return await withScratch((scratch) =>
    verification({ events, live, scratch, ...(onProgress && { onProgress }) }),
  )
}

function refuseWithoutFolder({ eventStore, data }: Configuration): void {
  if (eventStore === undefined && !existsSync(join(data.folder, EVENTS_FILE)))
    throw new StartRefused(`${data.folder} is no data folder of this service.`)
}

/** The keys that this deployment signs with and has signed with, the newest first. Throws StartRefused. */
export function signingKeysOf({ data: { folder, encryptionKey: configured } }: Configuration) {
  const read = keysThatAreThere({ configured, dataDir: folder })
  if (!read.ok) throw new StartRefused(read.message)
  const [newest, ...older] = read.keys.map(signingKeyOf)
  if (newest === undefined)
    throw new StartRefused(
      `There is no key yet: neither ENCRYPTION_KEY nor ${folder} has one. The first start makes it.`,
    )
  return [newest, ...older] as const
}
