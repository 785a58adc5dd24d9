import { randomBytes } from 'node:crypto'
import { defined, ifDefined } from '../../domain/optional-fields.ts'
import { createMetrics } from '../../infrastructure/metrics/metrics.ts'
import { createHttpApp } from '../../services/http/app.ts'
import { statusReport } from '../../services/status/status-report.ts'
import { listening } from './listening.ts'
import type { SyncFixture } from './sync-fixture.ts'

const TOKEN = 'the-operators-token'

/** The running service as an operator meets it over HTTP. */
export type OperatorsView = {
  url: string
  /** `body` is what JSON.parse gives: that it fits its schema is a test of its own. */
  ask(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }>
  close(): Promise<void>
}

type Edge = Partial<Pick<Parameters<typeof createHttpApp>[0], 'metrics' | 'open' | 'guarded'>> &
  Pick<Parameters<typeof statusReport>[0], 'surroundings'>

/** Opens the HTTP edge on a free port over what the fixture runs, with further routes and surroundings where given. */
export async function operatorsView(
  sync: SyncFixture,
  { metrics = createMetrics(), open = [], guarded = [], surroundings }: Edge = {},
): Promise<OperatorsView> {
  const { ports, clock } = sync
  const app = createHttpApp({
    ports,
    clock,
    log: ports.log,
    metrics,
    tokens: { token: TOKEN, named: [] },
    sessionKey: randomBytes(32),
    standIns: false,
    caughtUp: (projection) => sync.projections.caughtUp(projection),
    status: () =>
      statusReport({
        ports,
        standIns: false,
        pushes: () => ({ backlog: 0, oldestAgeMs: null }),
        projections: async () => undefined,
        ...defined({ surroundings }),
      }),
    health: { durable: {}, others: {}, roles: {} },
    onCredentialStored() {},
    onStoreAway() {},
    first: [],
    open,
    guarded,
  })
  const { url, close } = await listening(app.callback())
  return {
    url,
    async ask(method, path, body) {
      const answer = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        ...defined({ body: ifDefined(body, JSON.stringify) }),
      })
      return { status: answer.status, body: JSON.parse(await answer.text()) }
    },
    close,
  }
}
