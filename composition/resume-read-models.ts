import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import { type ResumedReadModels, resumeReadModels } from '../services/read-models/resume.ts'
import { lastReport } from '../services/running/role-reports.ts'
import { REACTIONS } from '../services/signals/reactions.ts'
import { EVENTS_FILE } from './backup.ts'
import { closers } from './closers.ts'
import { StartRefused } from './start-refused.ts'
import { openStores } from './stores.ts'

/** Opens the stores for it: no service may run on them. Throws StartRefused and what `resumeReadModels` throws. */
export async function resumeReadModelsAlone(
  configuration: Configuration,
  { write }: { write: boolean },
  parts: { clock: Clock; log: Logger },
): Promise<ResumedReadModels> {
  const { mongodb, data } = configuration
  if (mongodb === undefined && !existsSync(join(data.folder, EVENTS_FILE)))
    throw new StartRefused(`${data.folder} is no data folder of this service.`)
  await using opened = closers(parts.log)
  const stores = await openStores({ configuration, newId: () => '', opened, ...parts })
  const { now } = parts.clock
  if (write && stores.shared && (await lastReport({ ...stores, now }, 'projections')) !== undefined)
    throw new StartRefused(
      'A process has reported on these read models within the last half minute: stop every process, wait that long, and run it again.',
    )
  return await resumeReadModels(stores, { write, beside: [REACTIONS], now: now() })
}
