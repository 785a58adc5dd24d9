import { resumeReadModelsAlone } from '../composition/resume-read-models.ts'
import { StartRefused } from '../composition/start-refused.ts'
import { systemClock } from '../infrastructure/clock/system-clock.ts'
import { createLogger } from '../infrastructure/logging/logger.ts'
import { StoreUnavailable } from '../ports/store-unavailable.ts'
import type { ResumedReadModels } from '../services/read-models/resume.ts'
import { configurationOrExplain } from './configured.ts'
import { folderRefusal } from './folder-refusal.ts'

/**
 * The way out of STORE_REWOUND for read models: looks, and with `yes` has them made anew at the next start. Resolves with
 * the exit code. 0: they are of this event store, or will be. 1: refused. 2: the configuration is not usable.
 */
export async function resumeReadModels({ yes, json }: { yes: boolean; json: boolean }): Promise<number> {
  const configuration = configurationOrExplain()
  if (configuration === undefined) return 2
  const log = createLogger({ level: configuration.log.level })
  try {
    const report = await resumeReadModelsAlone(configuration, { write: yes }, { clock: systemClock, log })
    console.log(json ? JSON.stringify(report) : sentenceOf(report))
    return 0
  } catch (error) {
    const refusal = refusalOf(error, configuration.data.folder)
    if (refusal === undefined) throw error
    console.error(refusal)
    return 1
  }
}

function sentenceOf({ state, reason, calendars }: ResumedReadModels): string {
  if (state === 'NOT_STOPPED')
    return 'The read models are of this event store: they go on by themselves. Nothing was changed.'
  const then = `the next start makes the read models from the first event on, and reads ${calendars} calendars in full`
  return state === 'READY'
    ? `The read models stand still (STORE_REWOUND): ${reason}. Nothing was changed. With --yes ${then}.`
    : `The read models are forgotten: ${then}. Start the service. Where it publishes to Kafka, see resume-publishing too.`
}

function refusalOf(error: unknown, folder: string): string | undefined {
  if (error instanceof StartRefused) return error.message
  if (error instanceof StoreUnavailable)
    return `A store does not answer: ${error.message}. Run it again once it does.`
  return folderRefusal(error, folder)
}
