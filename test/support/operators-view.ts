import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { createMetrics } from '../../infrastructure/metrics/metrics.ts'
import { createHttpApp } from '../../services/http/app.ts'
import { statusReport } from '../../services/status/status-report.ts'
import type { SyncFixture } from './sync-fixture.ts'

const TOKEN = 'the-operators-token'

/** The running service as an operator meets it over HTTP. */
export type OperatorsView = {
  /** `body` is what JSON.parse gives: that it fits its schema is a test of its own. */
  ask(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }>
  close(): Promise<void>
}

/** Opens the HTTP edge on a free port over what the fixture runs. */
export async function operatorsView(sync: SyncFixture): Promise<OperatorsView> {
  const { ports, clock } = sync
  const app = createHttpApp({
    ports,
    clock,
    log: ports.log,
    metrics: createMetrics(),
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
      }),
    health: { durable: {}, others: {}, roles: {} },
    onCredentialStored() {},
    first: [],
    open: [],
    guarded: [],
  })
  const server = createServer(app.callback())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    async ask(method, path, body) {
      const answer = await fetch(`http://127.0.0.1:${address.port}${path}`, {
        method,
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      return { status: answer.status, body: JSON.parse(await answer.text()) }
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
