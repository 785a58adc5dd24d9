import { systemClock } from '../../infrastructure/clock/clock.ts'
import {
  type EventStoreDbEventStore,
  type EventStoreDbOptions,
  eventStoreDbEventStore,
} from '../../infrastructure/eventstoredb/eventstoredb-event-store.ts'
import { createLogger } from '../../infrastructure/logging/logger.ts'

/** Said where there is no server. */
export const HOW_TO_RUN = 'set EVENTSTORE_URL, or start Docker'

/** A store of the test's own over the server at `url`, that says nothing. */
export const openEventStoreDb = (
  url: string,
  options: Partial<EventStoreDbOptions> = {},
): EventStoreDbEventStore =>
  eventStoreDbEventStore({
    url,
    compression: false,
    clock: systemClock,
    log: createLogger({ level: 'silent' }),
    ...options,
  })

/** The connection string of a real server: that of EVENTSTORE_URL, else of one in a container where Docker answers. */
export async function realEventStoreDb(): Promise<string | undefined> {
  return process.env.EVENTSTORE_URL ?? (await containerUrl())
}

/** A node in memory for as long as this process lives: testcontainers takes it away afterwards. */
async function containerUrl(): Promise<string | undefined> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
  try {
    await getContainerRuntimeClient()
  } catch {
    return undefined
  }
  const container = await new GenericContainer('kurrentplatform/kurrentdb:25.1')
    .withCommand(['--insecure', '--mem-db', '--run-projections=None'])
    .withExposedPorts(2113)
    .withWaitStrategy(Wait.forHttp('/health/live', 2113).forStatusCode(204))
    .start()
  return `esdb://${container.getHost()}:${container.getMappedPort(2113)}?tls=false`
}
