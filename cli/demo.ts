import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfiguration } from '../infrastructure/config/configuration.ts'
import { formatProblems } from '../infrastructure/config/problem.ts'
import { errorText } from '../infrastructure/logging/error-facts.ts'
import { type Service, startService } from '../main.ts'
import { playStory } from './demo/story.ts'
import { createTeller, type Screen } from './demo/teller.ts'
import { StepFailed, worldAt } from './demo/world.ts'

export type DemoOptions = {
  /** The place where the story is told. */
  screen?: Screen
  /** How long, in milliseconds, each thing may take to come true. */
  patienceMs?: number
  /** Called before the story begins: the place to break the stand-ins and see that the demo notices. */
  prepare?(service: Service): void
}

/**
 * Plays a whole story against stand-ins and a data folder of its own, whatever this machine is configured for, and
 * tells it step by step. Resolves with the exit code: 0 only if every step came true. Leaves nothing behind.
 */
export async function demo(options: DemoOptions = {}): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'calendar-sync-demo-'))
  const teller = createTeller(options.screen ?? process.stdout)
  let service: Service | undefined
  try {
    const read = readConfiguration({ DATA_DIR: folder, PORT: '0', LOG_LEVEL: 'error' })
    if (!read.ok) throw new StepFailed(formatProblems(read.problems))
    service = await startService(read.configuration)
    options.prepare?.(service)
    const { url, token, standIns, ports } = service
    if (standIns === undefined) throw new StepFailed('There are no stand-ins to play the story with.')
    const addresses = { service: url, token, google: standIns.google.url, calcom: standIns.calcom.url }
    const world = worldAt(addresses, options.patienceMs ?? 10_000)
    await playStory(world, teller, (stream) => ports.events.readStream(stream))
    teller.end('Every step came true.')
    return 0
  } catch (error) {
    teller.failed(errorText(error))
    return 1
  } finally {
    await service?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
