// The last report of the process that has a role, so that every process can say how the role is going.
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Collection, Document, ReadStore } from '../../ports/read-store/read-store.ts'
import { numberKey } from '../../projections/index-key.ts'
import type { LeasedRole } from './role-lease.ts'

/** One document a role, by the name of the role. */
export const roleReports: Collection = { name: 'role-reports', indexes: [] }

/** `count` makes a later report pass the store's guard, whatever the clocks of two processes say. */
type Report = { count: number; at: string; figures: Document }

const EVERY_MS = 2_000
/** A report is good for so long, in milliseconds; then nobody knows how the role is going. */
const GOOD_FOR_MS = 30_000

/** Reports on the role every two seconds until `signal` aborts. A report that fails is left to the next one. */
export async function keepReporting(ports: {
  readStore: ReadStore
  clock: Clock
  log: Logger
  role: LeasedRole
  /** Plain JSON. */
  figures(): Promise<object>
  signal: AbortSignal
}): Promise<void> {
  const { readStore, clock, log, role, signal } = ports
  while (!signal.aborted) {
    try {
      // JSON, as promised: what is undefined is not there.
      const figures = JSON.parse(JSON.stringify(await ports.figures())) as Document
      const before = await stored(readStore, role)
      const report: Report = { count: (before?.count ?? 0) + 1, at: clock.now().toString(), figures }
      const position = numberKey(report.count)
      if (!signal.aborted)
        await readStore.write([{ collection: roleReports.name, id: role, put: report, position }])
    } catch (error) {
      log.debug({ err: error, role }, 'role report not written')
    }
    await clock.delay(EVERY_MS, signal)
  }
}

/** The last report and its age in milliseconds; undefined where nobody has told for long. Rejects with StoreUnavailable. */
export async function lastReport(
  { readStore, now }: { readStore: ReadStore; now(): Temporal.Instant },
  role: LeasedRole,
): Promise<{ figures: Document; ageMs: number } | undefined> {
  const report = await stored(readStore, role)
  if (report === undefined) return undefined
  const ageMs = Math.max(0, now().epochMilliseconds - Temporal.Instant.from(report.at).epochMilliseconds)
  return ageMs > GOOD_FOR_MS ? undefined : { figures: report.figures, ageMs }
}

const stored = async (readStore: ReadStore, role: LeasedRole): Promise<Report | undefined> =>
  // Only `keepReporting` writes to this collection.
  (await readStore.get(roleReports.name, role)) as Report | undefined
