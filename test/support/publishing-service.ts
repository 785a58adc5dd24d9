import { join } from 'node:path'
import type { z } from 'zod'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import type { EventStore, RecordedEvent } from '../../ports/event-store/event-store.ts'
import { Readiness } from '../../services/http/health-routes.ts'
import type { NeedsPerson } from '../../services/status/need.ts'
import { StatusReport } from '../../services/status/status-report.ts'
import { withDeadline } from './deadline.ts'
import { bookingEvents } from './published-events.ts'
import { type ServiceProcess, startServiceProcess } from './service-process.ts'

/** What a service with embedded stores needs to publish to a broker. */
export const publishingEnvironment = (folder: string, kafka: { brokers: string; topic: string }) => ({
  DATA_DIR: folder,
  KAFKA_BROKERS: kafka.brokers,
  KAFKA_TOPIC: kafka.topic,
  ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
  API_TOKEN: 'token',
  GOOGLE_API_URL: 'http://127.0.0.1:1',
  PORT: '0',
  LOG_LEVEL: 'error',
})

/** Makes the data folder that the environment names. */
export async function makeDataFolder(env: ReturnType<typeof publishingEnvironment>): Promise<void> {
  const service = await startServiceProcess({ ...env, ROLES: 'http' })
  await service.end('SIGTERM')
}

/** Works on the events of a data folder on which no service runs; resolves with its booking events. */
export async function inDataFolder(
  folder: string,
  work: (events: EventStore) => Promise<unknown> = async () => {},
): Promise<RecordedEvent[]> {
  const database = openDatabase(join(folder, 'calendar-sync.sqlite'))
  try {
    const events = sqliteEventStore(database, { clock: systemClock })
    await work(events)
    return await bookingEvents(events)
  } finally {
    await database.close()
  }
}

/** The body of the service's answer, as the operator gets it. */
async function answerOf<Answer>(
  { url, token }: ServiceProcess,
  path: string,
  schema: z.ZodType<Answer>,
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } })
  return schema.parse(await response.json())
}

export const readinessOf = (service: ServiceProcess) => answerOf(service, '/health/ready', Readiness)
export const statusOf = (service: ServiceProcess) => answerOf(service, '/status', StatusReport)

export const needsOf = async (service: ServiceProcess): Promise<NeedsPerson[]> =>
  (await statusOf(service)).needsPerson

/** The first thing that needs a person, once something does. */
export async function firstNeed(service: ServiceProcess): Promise<NeedsPerson | undefined> {
  await until('It is told', async () => (await needsOf(service)).length > 0)
  return (await needsOf(service))[0]
}

/** How many events wait to be published; null while nobody can say. */
export async function waitingIn(service: ServiceProcess): Promise<number | null | undefined> {
  const { stages } = await statusOf(service)
  return stages.find(({ stage }) => stage === 'decided→published')?.backlog
}

/** Looks until `look` says so. */
export const until = (wanted: string, look: () => Promise<boolean>, ms = 60_000): Promise<void> =>
  withDeadline(ms, async () => {
    while (!(await look())) await systemClock.delay(50)
  }).catch((error: unknown) => {
    throw new Error(`${wanted}: ${error}`)
  })
