import type { Engine } from '../composition/engines.ts'
import { waitAfter } from '../domain/backoff.ts'
import { aborted } from '../ports/aborted.ts'
import type { Clock } from '../ports/clock.ts'

/** How long a server may take to answer before a line says that it has not. */
const LATE_MS = 2_000

/** Waits between two looks at a server that does not serve. */
const LOOK_AGAIN = { firstMs: 5_000, longestMs: 60_000 }

/**
 * Writes a line for each server that does not answer, or not as it should, and says why. The first line comes within
 * two seconds; another one when the reason changes, or when the server serves. Resolves when nothing more will be
 * written, at the latest when `signal` aborts.
 */
export async function tellOfEngines(
  engines: readonly Engine[],
  options: { clock: Clock; write(line: string): void; signal: AbortSignal },
): Promise<void> {
  await Promise.all(engines.map((engine) => tellOf(engine, options)))
}

async function tellOf(
  engine: Engine,
  { clock, write, signal }: { clock: Clock; write(line: string): void; signal: AbortSignal },
): Promise<void> {
  const look = async () => {
    const condition = await Promise.race([engine.describe(), aborted(signal).then(() => undefined)])
    // After an abort nobody is to be told any more, even if an answer came too.
    return signal.aborted ? undefined : condition
  }
  const first = look()
  const answered = new AbortController()
  const late = clock.delay(LATE_MS, AbortSignal.any([signal, answered.signal])).then(() => undefined)
  let written = (await Promise.race([first.then(() => 'in time'), late])) === undefined ? 'LATE' : ''
  answered.abort()
  if (written === 'LATE' && !signal.aborted)
    write(`  ${engine.name} has not answered within ${LATE_MS / 1000} s.\n`)
  let condition = await first
  for (let looks = 0; condition !== undefined; looks++) {
    const { ok, problem = '', sentence } = condition
    if (ok) {
      if (written !== '' || problem !== '') write(`  ${sentence}\n`)
      return
    }
    if (problem !== written)
      write(
        `  ${sentence} It is tried again until it answers; nothing is kept elsewhere meanwhile. See: calendar-sync doctor\n`,
      )
    written = problem
    await clock.delay(waitAfter(LOOK_AGAIN, looks), signal)
    condition = await look()
  }
}
