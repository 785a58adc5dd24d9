import { StartRefused } from '../composition/start-refused.ts'
import { systemClock } from '../infrastructure/clock/clock.ts'
import { type Configuration, readConfiguration } from '../infrastructure/config/configuration.ts'
import { loadEnvironment } from '../infrastructure/config/environment.ts'
import { formatProblems } from '../infrastructure/config/problem.ts'
import { createLogger } from '../infrastructure/logging/logger.ts'
import { type Service, startService } from '../main.ts'
import { banner } from './banner.ts'
import { tellOfEngines } from './engine-lines.ts'

const CONFIGURATION_ERROR = 2

/**
 * Runs the service until SIGTERM or SIGINT, then drains it. Resolves with the exit code: 0 after an orderly end, 1 where
 * it could not start, 2 where the configuration is not usable (nothing was opened then).
 */
export async function start(): Promise<number> {
  const read = readConfiguration(loadEnvironment(process.cwd(), process.env))
  if (!read.ok) {
    console.error(formatProblems(read.problems))
    return CONFIGURATION_ERROR
  }
  const { configuration } = read
  const log = createLogger({ level: configuration.log.level })
  const ended = endSignal()
  const service = await startOrExplain(configuration, log)
  if (service === undefined) return 1
  process.stdout.write(banner(configuration, service))
  const stopping = new AbortController()
  const told = tellOfEngines(service.engines, {
    clock: systemClock,
    write: (line) => void process.stdout.write(line),
    signal: stopping.signal,
  })
  const signal = await ended
  log.info({ signal }, 'stopping: taking nothing more, finishing what is under way')
  stopping.abort()
  await Promise.all([service.stop(), told])
  log.info('stopped')
  return 0
}

async function startOrExplain(
  configuration: Configuration,
  log: ReturnType<typeof createLogger>,
): Promise<Service | undefined> {
  try {
    return await startService(configuration, { log })
  } catch (error) {
    if (error instanceof StartRefused) console.error(error.message)
    else log.error({ err: error }, 'the service could not start')
    return undefined
  }
}

/** The first of the signals that end a process; a second one ends it at once. */
function endSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })
}
