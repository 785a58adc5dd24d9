import type { Engine } from '../composition/engines.ts'
import type { Clock } from '../infrastructure/clock/clock.ts'

/** How long a server may take to answer before a line says that it has not. */
const PATIENCE_MS = 2_000

/**
 * Writes a line for each server that does not answer, or not as it should, and why; within two seconds a first one.
 * Resolves when nothing more will be written, at the latest when `signal` aborts.
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
  const described = engine.describe()
  const answered = new AbortController()
  const end = AbortSignal.any([signal, answered.signal])
  const early = await Promise.race([described, clock.delay(PATIENCE_MS, end).then(() => undefined)])
  if (signal.aborted) return
  if (early === undefined) write(`  ${engine.name} has not answered within ${PATIENCE_MS / 1000} s.\n`)
  const condition = early ?? (await Promise.race([described, aborted(signal)]))
  answered.abort()
  if (condition === undefined) return
  if (!condition.ok)
    write(
      `  ${condition.sentence} It is tried again until it answers; nothing is kept elsewhere meanwhile. See: calendar-sync doctor\n`,
    )
  else if (condition.problem !== undefined || early === undefined) write(`  ${condition.sentence}\n`)
}

const aborted = (signal: AbortSignal) =>
  new Promise<undefined>((resolve) => {
    if (signal.aborted) return resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
