// A deployment on servers: service processes behind one address, the double of an EventStoreDB in a process of its own,
// Google Calendar and Cal.com in the test's own process.
import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { type World, worldAt } from '../../cli/demo/world.ts'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { mongodbConnection } from '../../infrastructure/mongodb/mongodb-connection.ts'
import { type StandIns, startStandIns } from '../../stand-ins/stand-ins.ts'
import { startChild } from './child.ts'
import { someTopic } from './kafka.ts'
import { loadBalancer } from './load-balancer.ts'
import { withDatabase } from './mongodb.ts'
import { type ServiceProcess, startServiceProcess } from './service-process.ts'
import { temporaryFolder } from './temporary-folder.ts'

const SECRETS = { calcomApiKey: 'cal_test', webhookSecret: 'a secret of the test' }
const TOKEN = 'the-token-of-the-operator'
const double = new URL('../../bench/support/eventstoredb-double.ts', import.meta.url)

export const WORKER = 'crons,sync,projections,publisher'

export type Deployment = {
  standIns: StandIns
  topic: string
  eventStoreUrl: string
  /** How long a killed process keeps what it had. */
  leaseMs: number
  /** Starts a process with these roles, on a folder of its own. */
  start(roles: string): Promise<ServiceProcess>
  /** The processes that HTTP leads to from now on. */
  leadTo(processes: readonly ServiceProcess[]): void
  world: World
  /** What all processes told of as going wrong, the last of it. */
  troubles(): string
  close(): Promise<void>
}

/** On the servers given, in a database and a topic of its own. */
export async function deployment(servers: { mongodbUrl: string; brokers: string }): Promise<Deployment> {
  const folder = temporaryFolder()
  const front = await loadBalancer()
  const eventStore = startChild(double)
  const eventStoreUrl = await eventStore.nextLine()
  const standIns = await startStandIns({
    clock: systemClock,
    webhookUrl: `${front.url}/webhooks/calcom`,
    ...SECRETS,
  })
  const topic = someTopic()
  const mongodbUrl = withDatabase(servers.mongodbUrl, `calendar-sync-test-${randomUUID()}`)
  const leaseMs = 5_000
  const started: ServiceProcess[] = []
  const env = {
    API_TOKEN: TOKEN,
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    EVENTSTORE_URL: eventStoreUrl,
    MONGODB_URL: mongodbUrl,
    KAFKA_BROKERS: servers.brokers,
    KAFKA_TOPIC: topic,
    PORT: '0',
    PUBLIC_URL: front.url,
    GOOGLE_API_URL: standIns.google.url,
    GOOGLE_TOKEN_URL: standIns.google.tokenUrl,
    CALCOM_API_URL: standIns.calcom.url,
    CALCOM_API_KEY: SECRETS.calcomApiKey,
    CALCOM_WEBHOOK_SECRET: SECRETS.webhookSecret,
    LEASE_SECONDS: String(leaseMs / 1000),
    SETTLE_MS: '50',
    CANCEL_GRACE_MS: '0',
    MASS_CHANGE_LIMIT: '100000',
    ECHO_GRACE_MS: '0',
    // A push that meets a dying process is lost: the calendar is read again by itself soon.
    RECONCILE_MINUTES: '0.05',
    CRON_SECONDS: '0.5',
    LOG_LEVEL: 'info',
  }
  return {
    standIns,
    topic,
    eventStoreUrl,
    leaseMs,
    async start(roles) {
      const DATA_DIR = join(folder.path, `process-${started.length + 1}`)
      const service = await startServiceProcess({ ...env, DATA_DIR, ROLES: roles })
      started.push(service)
      return service
    },
    leadTo: (processes) => front.leadTo(processes.map(({ url }) => Number(new URL(url).port))),
    world: worldAt(
      { service: front.url, token: TOKEN, google: standIns.google.url, calcom: standIns.calcom.url },
      45_000,
    ),
    troubles: () =>
      started
        .flatMap((one, index) =>
          one
            .output()
            .split('\n')
            .filter((line) => /"level":"(warn|error|fatal)"|^[^{ ]/.test(line))
            .slice(-15)
            .map((line) => `process-${index + 1}: ${line.slice(0, 600)}`),
        )
        .join('\n'),
    async close() {
      await Promise.all(started.map((one) => one.end('SIGKILL')))
      await eventStore.kill()
      await front.close()
      await standIns.close()
      folder.remove()
      const mongodb = mongodbConnection(mongodbUrl)
      // The longer name first: another server of the protocol drops all that begin with a name.
      await mongodb.use(() => mongodb.vaultDatabase.dropDatabase())
      await mongodb.use(() => mongodb.database.dropDatabase())
      await mongodb.close()
    },
  }
}
