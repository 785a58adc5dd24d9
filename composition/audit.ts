import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { signingKeyOf } from '../infrastructure/config/signing-key.ts'
import { keysThatAreThere } from '../infrastructure/sealing/key-file.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import { exportLines } from '../services/audit/export.ts'
import type { ExportSelection } from '../services/audit/selected-events.ts'
import { EVENTS_FILE } from './backup.ts'
import { closers } from './closers.ts'
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
  const { eventStore, data } = configuration
  if (eventStore === undefined && !existsSync(join(data.folder, EVENTS_FILE)))
    throw new StartRefused(`${data.folder} is no data folder of this service.`)
  await using opened = closers(parts.log)
  const { events, secrets } = await openStores({ configuration, newId: () => '', opened, ...parts })
  yield* exportLines({ events, key: signingKeyOf(secrets[0]), now: parts.clock.now }, selection)
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
