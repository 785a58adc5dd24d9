// Whether this process may work with the stores that its configuration puts together, at the start and from then on.
// Events, and what is made of them and beside them (read models, signals, vault), belong together. Where one half is
// shared and the other is this process's own, a second process would take the same work again. Or it would fill one half
// from two others. A process whose key opens nothing of a shared vault would take work that it cannot do.
import { randomUUID } from 'node:crypto'
import { deploymentAggregate } from '../commands/aggregates.ts'
import { execute, load } from '../commands/execute.ts'
import type { Decision } from '../domain/decision.ts'
import {
  type Deployment,
  type DeploymentEvent,
  holdDeploymentIn,
  nameDeployment,
  publishDeploymentTo,
  THIS_DEPLOYMENT,
} from '../domain/deployment.ts'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { keptSecret } from '../infrastructure/config/secret-file.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventStore } from '../ports/event-store/event-store.ts'
import type { Logger } from '../ports/logger.ts'
import { StoreUnavailable } from '../ports/store-unavailable.ts'
import type { OutageLog } from '../services/running/outage-log.ts'
import { contextOf } from '../services/running/service-ports.ts'
import type { OpenStores } from './stores.ts'

export type DeploymentGuard = {
  /**
   * The deployment's name in every event that it publishes. It is kept in the event store, so that all processes agree
   * and that it moves with the data. Throws StoreUnavailable until the store has answered for the first time.
   */
  name(): string
  /** Whether roles may start: known once the servers answer. False where the process is ended before that. */
  mayStart: Promise<boolean>
  /** Says why the process must stop, to the operator. Resolves at the start or later, or never. */
  mustStop: Promise<string>
}

type Parts = {
  configuration: Pick<Configuration, 'eventStore' | 'mongodb' | 'data' | 'kafka'>
  stores: Pick<OpenStores, 'events' | 'guardWrites' | 'stampReadModels' | 'whyNoKeyFits'>
  outages: OutageLog
  clock: Clock
  log: Logger
  /** This process's data folder, and its topic, take the place of those on record. */
  takeOver: boolean
  signal: AbortSignal
}

/** Between two looks at an event store on a server, while nothing is written. */
const LOOK_EVERY_MS = 5_000

const REPLACED =
  'The event store of EVENTSTORE_URL was replaced: it does not hold the name of this deployment any more, as an empty one does not. Nothing more is written. Name the right server, or give it its data back, and start again.'

/** Asks the servers from now on, each again until it answers. */
export function deploymentGuard(parts: Parts): DeploymentGuard {
  const { outages, clock, log, signal } = parts
  const { events, guardWrites } = parts.stores
  const { promise: mustStop, resolve: stop } = Promise.withResolvers<string>()
  let name: string | undefined
  /** The topic that this process publishes to, once it may. */
  let topic: string | undefined

  async function admit(): Promise<boolean> {
    const given = await outages.untilItAnswers('event store', () => givenName(events))
    if (given === undefined) return false
    name = given
    if (guardWrites) void watch()
    const why = await outages.untilItAnswers('deployment', () => whyNot(parts, given))
    if (why !== undefined) stop(why)
    if (why !== undefined || signal.aborted) return false
    topic = sharedTopic(parts)
    return true
  }

  async function watch(): Promise<void> {
    while (!signal.aborted) {
      await clock.delay(LOOK_EVERY_MS, signal)
      try {
        await look()
      } catch (error) {
        log.debug({ err: error }, 'the next look will tell whether the event store is still the same')
      }
    }
  }

  /** Rejects where the event store is another one now. */
  async function look(): Promise<void> {
    if (name === undefined) return
    const { state } = await deploymentIn(events)
    if (state.name !== name) {
      stop(REPLACED)
      throw new StoreUnavailable(REPLACED)
    }
    const why = topic === undefined ? undefined : otherTopic(publishDeploymentTo(state, topic), topic)
    if (why !== undefined) stop(why)
  }

  guardWrites?.(look)
  return {
    name() {
      if (name === undefined) throw new StoreUnavailable('the event store has not answered since the start')
      return name
    },
    mayStart: admit(),
    mustStop,
  }
}

/** The name of this event store's deployment. Undefined where nobody has started on the store yet. */
export const nameIn = async (events: EventStore): Promise<string | undefined> =>
  (await deploymentIn(events)).state.name

const deploymentIn = (events: EventStore) => load(events, deploymentAggregate, THIS_DEPLOYMENT)

const decideIn = (events: EventStore, decide: (state: Deployment) => Decision<DeploymentEvent>) => {
  const ports = { events, newId: randomUUID }
  return execute(ports, contextOf(ports, 'start'), deploymentAggregate, THIS_DEPLOYMENT, decide)
}

async function givenName(events: EventStore): Promise<string | undefined> {
  const deploymentId = randomUUID()
  await decideIn(events, (state) => nameDeployment(state, deploymentId))
  return nameIn(events)
}

/** Says why this process may not work with these stores, to the operator. Puts its folder and topic on record. */
async function whyNot(parts: Parts, name: string): Promise<string | undefined> {
  const { configuration, stores, takeOver } = parts
  const { events, stampReadModels, whyNoKeyFits } = stores
  const folder = embeddedFolder(configuration)
  if (stampReadModels && (await stampReadModels(name)) !== name) return otherReadModels(folder?.path)
  const noKeyFits = await whyNoKeyFits()
  if (noKeyFits !== undefined) return noKeyFits
  if (folder) {
    const held = await decideIn(events, (state) => holdDeploymentIn(state, folder, takeOver))
    if (!held.ok) return otherFolder(held, folder.path)
  }
  const topic = sharedTopic(parts)
  if (topic === undefined) return undefined
  return otherTopic(await decideIn(events, (state) => publishDeploymentTo(state, topic, takeOver)), topic)
}

/** The data folder of this process, where a shared event store's read models, signals and vault are embedded in it. */
function embeddedFolder({ eventStore, mongodb, data: { folder: path } }: Parts['configuration']) {
  if (!eventStore || mongodb) return undefined
  return { folderId: keptSecret(path, 'folder-id', randomUUID).secret, path }
}

/** The topic of Kafka that this process publishes to. Where it is the only one, no other publishes elsewhere. */
const sharedTopic = ({ configuration: { eventStore, mongodb, kafka } }: Parts): string | undefined =>
  eventStore && mongodb ? kafka?.topic : undefined

const otherReadModels = (folder: string | undefined): string =>
  folder === undefined
    ? 'The database of MONGODB_URL holds the read models of another event store: name another database in its path, or the event store that it belongs to. Several processes share both: set EVENTSTORE_URL too.'
    : `${folder} holds the read models, signals and vault of another event store than that of EVENTSTORE_URL: name the one that it belongs to, or give that its data back. For another event store, set another DATA_DIR.`

const otherFolder = ({ detail }: { detail: string }, path: string): string =>
  `${detail} EVENTSTORE_URL alone is for one process: several processes need MONGODB_URL too. If that folder is gone for good, let ${path} take its place, once: calendar-sync start --take-over.`

const otherTopic = (published: { ok: true } | { ok: false; detail: string }, topic: string) =>
  published.ok
    ? undefined
    : `${published.detail} KAFKA_TOPIC of this one is ${topic}: consumers of the one would miss what goes to the other. Set the same, or have all of them go over to ${topic}: calendar-sync start --take-over, once; those with another one end then.`
