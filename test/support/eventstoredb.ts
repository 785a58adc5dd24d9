import { readFileSync } from 'node:fs'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
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

/** The image of docker-compose.yml. */
function composedImage(): string {
  const compose = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8')
  const [, image] = /^\s*image: (\S*kurrentdb\S*)$/m.exec(compose) ?? []
  if (image === undefined) throw new Error('docker-compose.yml names no image of KurrentDB')
  return image
}

/** Servers that the adapter is to work with: the one of docker-compose.yml, and the oldest. */
const IMAGES = [composedImage(), 'eventstore/eventstore:23.10.1-bookworm-slim']

/** The connection strings of real servers: that of EVENTSTORE_URL, else of one each in containers where Docker answers. */
export async function realEventStoreDbs(): Promise<{ name: string; url: string }[]> {
  const url = process.env.EVENTSTORE_URL
  return url === undefined ? containers() : [{ name: 'a real server', url }]
}

/** Nodes in memory for as long as this process lives: testcontainers takes them away afterwards. */
async function containers(): Promise<{ name: string; url: string }[]> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
  try {
    await getContainerRuntimeClient()
  } catch {
    return []
  }
  return Promise.all(
    IMAGES.map(async (image) => {
      const container = await new GenericContainer(image)
        // On ARM they are emulated: there are no others.
        .withPlatform('linux/amd64')
        .withCommand(['--insecure', '--mem-db', '--run-projections=None'])
        .withExposedPorts(2113)
        .withWaitStrategy(Wait.forHttp('/health/live', 2113).forStatusCode(204))
        .start()
      return {
        name: image,
        url: `esdb://${container.getHost()}:${container.getMappedPort(2113)}?tls=false`,
      }
    }),
  )
}
