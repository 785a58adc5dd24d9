import type { Clock } from '../../ports/clock.ts'
import type { ProjectionsStatus } from '../read-models/projection-runner.ts'

export type RoleChecksDeps = {
  /** The roles of this process. */
  roles: ReadonlySet<string>
  clock: Pick<Clock, 'now'>
  /** Rejects while the signal queue does not answer. */
  queue(): Promise<unknown>
  /** Rejects while nothing but unforeseen failures comes out of the work of `sync`. */
  work(): Promise<unknown>
  /** The crons whose last run failed. */
  failingCrons(): readonly string[]
  models: { isWriter(): boolean; status(): ProjectionsStatus }
  /** Rejects while an event waits too long for the broker; undefined without a broker. */
  publisher: (() => Promise<unknown>) | undefined
}

/** Read models that have not begun after this time need help. */
const STARTING_MS = 30_000

/** One check for each role that this process runs, besides http; each rejects while its role does not do its work. */
export function roleChecks(deps: RoleChecksDeps): { [role: string]: () => Promise<unknown> } {
  const { roles, publisher } = deps
  const checks: [role: string, check: () => Promise<unknown>][] = [
    ['sync', () => Promise.all([deps.queue(), deps.work()])],
    ['crons', async () => refuseAny(deps.failingCrons())],
    ['projections', projectionsCheck(deps)],
  ]
  if (publisher !== undefined) checks.push(['publisher', publisher])
  return Object.fromEntries(checks.filter(([role]) => roles.has(role)))
}

/** A process without the lease of the read models stands by: that is its work. */
function projectionsCheck({ models, clock }: RoleChecksDeps): () => Promise<void> {
  let startingSince: Temporal.Instant | undefined
  return async () => {
    const { projections, outages, rewound } = models.status()
    const starting = models.isWriter() && projections.some(({ state }) => state === 'STARTING')
    if (!starting) startingSince = undefined
    else startingSince ??= clock.now()
    if (!models.isWriter()) return
    if (rewound !== undefined) throw new Error(`STORE_REWOUND: ${rewound}`)
    refuseAny(outages.map(({ what }) => what))
    if (startingSince && clock.now().since(startingSince).total('milliseconds') > STARTING_MS)
      throw new Error('the read models have not begun')
  }
}

function refuseAny(failing: readonly string[]): void {
  if (failing.length > 0) throw new Error(`failing: ${failing.join(', ')}`)
}
