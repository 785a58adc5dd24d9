import { resumeAlone } from '../composition/resume-publishing.ts'
import { StartRefused } from '../composition/start-refused.ts'
import { defined } from '../domain/optional-fields.ts'
import { systemClock } from '../infrastructure/clock/system-clock.ts'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { keptServiceAddress } from '../infrastructure/config/service-address.ts'
import { createLogger } from '../infrastructure/logging/logger.ts'
import { StoreUnavailable } from '../ports/store-unavailable.ts'
import { type ResumeOptions, ResumeRefused } from '../services/publishing/resume.ts'
import { ResumeReport } from '../services/publishing/resume-report.ts'
import { configurationOrExplain } from './configured.ts'
import { folderRefusal } from './folder-refusal.ts'
import { askService } from './running-service.ts'

/** A large topic takes its time. */
const TIMEOUT_MS = 60 * 60 * 1000

type Outcome = { ok: true; report: ResumeReport } | { ok: false; message: string }

/**
 * Compares the event store with the topic, and with `yes` lets publishing go on. Works through the service if one runs
 * on the data folder, else with stores opened here. Resolves with the exit code. 0: publishing goes on, or would with
 * `yes`. 1: it does not. 2: the configuration is not usable.
 */
export async function resumePublishing(options: {
  after: string | undefined
  yes: boolean
  json: boolean
}): Promise<number> {
  const configuration = configurationOrExplain()
  if (configuration === undefined) return 2
  const outcome = await resume(configuration, { after: options.after, write: options.yes })
  if (!outcome.ok) {
    console.error(outcome.message)
    return 1
  }
  const { report } = outcome
  console.log(options.json ? JSON.stringify(report) : summaryLines(report).join('\n'))
  return report.state === 'UNDECIDED' ? 1 : 0
}

async function resume(configuration: Configuration, options: ResumeOptions): Promise<Outcome> {
  const { folder } = configuration.data
  const { after, write } = options
  const body = { ...defined({ after }), write, dataFolder: folder }
  const answer =
    keptServiceAddress(folder) === undefined
      ? undefined
      : await askService(configuration, '/admin/resume-publishing', { body, timeoutMs: TIMEOUT_MS })
  if (answer?.ok) return { ok: true, report: ResumeReport.parse(answer.body) }
  if (answer?.code === 'FAILED') return { ok: false, message: answer.message }
  // Nobody there, or another service at an address that was left behind.
  const log = createLogger({ level: configuration.log.level })
  try {
    return { ok: true, report: await resumeAlone(configuration, options, { clock: systemClock, log }) }
  } catch (error) {
    const refusal = refusalOf(error, folder)
    if (refusal === undefined) throw error
    return { ok: false, message: answer === undefined ? refusal : `${refusal} ${answer.message}` }
  }
}

function refusalOf(error: unknown, folder: string): string | undefined {
  if (error instanceof StartRefused || error instanceof ResumeRefused) return error.message
  if (error instanceof StoreUnavailable)
    return `A store does not answer: ${error.message}. Nothing was changed.`
  return folderRefusal(error, folder)
}

const OUTCOMES: { readonly [state in ResumeReport['state']]: string } = {
  NOT_STOPPED:
    'Publishing goes on by itself: the event store is the one that was published from. Nothing was changed.',
  UNDECIDED: 'Nothing was changed: say where to go on, with --after POSITION (or start), and look again.',
  READY: 'Nothing was changed. With --yes publishing goes on there.',
  RESUMED:
    'The position is written. A service that runs goes on publishing within a minute; no restart is needed.',
}

function summaryLines(report: ResumeReport): string[] {
  const { first, firstLeftOut, goesOnAfter, leavesOutNoneAfter: none } = report
  const named = (one: NonNullable<ResumeReport['first']>) =>
    `position ${one.position}, id ${one.id}, of ${one.time}, booking ${one.bookingUid}`
  return [
    ...(report.reason === null ? [] : [`Nothing is published (STORE_REWOUND): ${report.reason}.`]),
    `The event store has ${report.inStore} booking events, ${report.inTopic} of them in the topic; the topic has ${report.unknownToStore} that the event store does not have.`,
    ...(report.expired > 0
      ? [`${report.expired} are not in the topic any more: they were deleted there for their age.`]
      : []),
    ...(report.waiting > 0 ? [`${report.waiting} are parked, or wait behind one that is (status).`] : []),
    ...(firstLeftOut
      ? [`${report.leftOut} are not in the topic, and would never be; the first: ${named(firstLeftOut)}.`]
      : []),
    ...report.doubts,
    first
      ? `After ${goesOnAfter} ${report.toPublish} are to be published; the first: ${named(first)}.`
      : `After ${goesOnAfter} there is none to be published yet.`,
    ...(report.repeated > 0
      ? [`${report.repeated} of them are in the topic already and would be there twice.`]
      : []),
    ...(none === null
      ? []
      : [`With --after ${none} none is left out, and those in the topic after it come twice.`]),
    OUTCOMES[report.state],
  ]
}
