import { StartRefused } from '../composition/start-refused.ts'
import { storageRefusal } from '../composition/storage-refusal.ts'
import { systemClock } from '../infrastructure/clock/system-clock.ts'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { createLogger } from '../infrastructure/logging/logger.ts'
import { type Service, type StartOptions, startService } from '../main.ts'
import type { Logger } from '../ports/logger.ts'
import { banner } from './banner.ts'
import { configurationOrExplain } from './configured.ts'
import { tellOfEngines } from './engine-lines.ts'

const CONFIGURATION_ERROR = 2
/** An error that nothing foresaw: EX_SOFTWARE of sysexits(3). */
const UNCAUGHT = 70

/**
 * Runs the service until SIGTERM or SIGINT, then drains it. Resolves with the exit code. 0: it ended in order. 1: it
 * could not start. 2: the configuration is not usable, and nothing was opened. An error that nobody catches ends the
 * process with 70.
 */
export async function start(options: { takeOver: boolean }): Promise<number> {
  const configuration = configurationOrExplain()
  if (configuration === undefined) return CONFIGURATION_ERROR
  const log = createLogger({ level: configuration.log.level })
  const ended = endSignal()
  let isClientFailure: Service['isClientFailure'] = () => false
  endOnUncaught(log, (reason) => isClientFailure(reason))
  const service = await startOrExplain(configuration, { log, ...options })
  if (service === undefined) return 1
  isClientFailure = service.isClientFailure
  process.stdout.write(banner(configuration, service))
  const stopping = new AbortController()
  const engineLines = tellOfEngines(service.engines, {
    clock: systemClock,
    write: (line) => void process.stdout.write(line),
    signal: stopping.signal,
  })
  const end = await Promise.race([ended, service.mustStop.then((why) => ({ why }))])
  if (typeof end === 'object') console.error(end.why)
  else log.info({ signal: end }, 'service stopping, takes nothing more and finishes what is under way')
  stopping.abort()
  await Promise.all([service.stop(), engineLines])
  log.info('service stopped')
  return typeof end === 'object' ? 1 : 0
}

async function startOrExplain(
  configuration: Configuration,
  options: StartOptions & { log: Logger },
): Promise<Service | undefined> {
  try {
    return await startService(configuration, options)
  } catch (error) {
    const refusal = storageRefusal(error, configuration.data.folder)
    if (refusal !== undefined) console.error(refusal)
    else if (error instanceof StartRefused) console.error(error.message)
    else options.log.error({ err: error }, 'service could not start')
    return undefined
  }
}

/** The first of the signals that end a process; a second one ends it at once. */
function endSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })
}

/**
 * Ends the process at once with a line where an error is caught nowhere: nobody knows what was left half done, and the
 * stores survive it. A rejection that `goesOn` takes ends nothing.
 */
function endOnUncaught(log: Logger, goesOn: (reason: unknown) => boolean): void {
  const end = (err: unknown) => {
    log.error({ err }, 'service ends, an error was caught nowhere')
    process.exit(UNCAUGHT)
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', (reason) => {
    if (!goesOn(reason)) end(reason)
  })
}
