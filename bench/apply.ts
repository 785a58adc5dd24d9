// From a change in Google's stand-in to the booking changed in Cal.com's, by the applier: the whole service with its
// stand-ins, over HTTP. The floor is the settle window, in which more pushes of the calendar are awaited.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readConfiguration } from '../infrastructure/config/configuration.ts'
import { startService } from '../main.ts'
import { STAND_IN_HOST, type StandIns } from '../stand-ins/stand-ins.ts'
import { percentile } from './support/figures.ts'

/** More than 25 moves within an hour would be held for a person (MASS_CHANGE_LIMIT). */
export const options = { rounds: { type: 'string', default: '20' } } as const
/** Beyond the settle window, for half of the changes. */
const GOAL_MS = 500
const PATIENCE_MS = 20_000

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options })
  const folder = mkdtempSync(join(tmpdir(), 'calendar-sync-bench-'))
  const read = readConfiguration({ DATA_DIR: join(folder, 'data'), PORT: '0', LOG_LEVEL: 'error' })
  if (!read.ok) throw new Error(JSON.stringify(read.problems))
  const { settleMs } = read.configuration.sync
  const service = await startService(read.configuration)
  try {
    if (service.standIns === undefined) throw new Error('no stand-ins')
    const took: number[] = []
    for (let round = 0; round < Number(values.rounds); round++)
      took.push(await moved(service.standIns, round))
    const sorted = Float64Array.from(took).sort()
    const [p50, p95] = [percentile(sorted, 50), percentile(sorted, 95)]
    console.log(
      `moved in Google → moved in Cal.com, ${sorted.length} times: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms`,
    )
    console.log(
      `settle window: ${settleMs} ms; p50 beyond it: ${(p50 - settleMs).toFixed(0)} ms (goal: under ${GOAL_MS} ms)`,
    )
    if (p50 - settleMs >= GOAL_MS) process.exitCode = 1
  } finally {
    await service.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Milliseconds until a booking of its own has moved with its event. */
async function moved({ google, calcom }: StandIns, round: number): Promise<number> {
  const { store } = calcom.core
  const start = Temporal.Instant.from('2030-01-07T09:00:00Z').add({ hours: 24 * round })
  const made = calcom.core.book({
    userId: Number(STAND_IN_HOST.userId),
    start,
    end: start.add({ minutes: 30 }),
  })
  if (!made.ok) throw new Error(made.message)
  await made.settled
  const { uid, references } = made.booking
  // The event is linked, and looked at for the first time.
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const from = performance.now()
  google.core.drag(STAND_IN_HOST.calendarId, references[0]?.uid ?? '', {
    start: start.add({ hours: 2 }).toString(),
  })
  while (store.replacementOf(uid) === undefined) {
    if (performance.now() - from > PATIENCE_MS) throw new Error(`the booking ${uid} was not moved`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return performance.now() - from
}
