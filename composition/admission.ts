// Whether this process may work with what the configuration puts together. Events, and what is made of them and beside
// them (read models, signals, vault), belong together; where one half is shared and the other is this process's own, a
// second process would take the same work again, or fill one half from two others. One whose key opens nothing of a
// shared vault would take work again and again that it cannot do, and keep others from doing it.
import { randomUUID } from 'node:crypto'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { keptSecret } from '../infrastructure/config/secret-file.ts'
import type { EventStore, RecordedEvent } from '../ports/event-store/event-store.ts'
import type { OutageLog } from '../services/running/outage-log.ts'
import { DEPLOYMENT_STREAM } from './deployment.ts'
import type { Stores } from './stores.ts'

const HELD = 'DeploymentHeldIn'
const PUBLISHES = 'DeploymentPublishesTo'

/** A sentence for the operator where it is refused; undefined where it was ended before the servers answered. */
export type Admission = 'ADMITTED' | { refused: string } | undefined

/** Undefined where all is this process's own, which nobody else can open. */
export function admittedTo({
  configuration,
  stores,
  ...parts
}: Pick<AdmissionParts, 'name' | 'outages' | 'takeOver'> & {
  configuration: Configuration
  stores: Pick<Stores, 'events' | 'stampReadModels' | 'whyNoKeyFits'>
}): Promise<Admission> | undefined {
  const { eventStore, mongodb, data, kafka } = configuration
  if (!eventStore && !mongodb) return undefined
  const { events, stampReadModels, whyNoKeyFits } = stores
  const { folder: path } = data
  const folder = mongodb ? undefined : { id: keptSecret(path, 'folder-id', randomUUID).secret, path }
  // Where this process is the only one, no other publishes elsewhere.
  const topic = eventStore && mongodb ? kafka?.topic : undefined
  return admission({ topic, events, stampReadModels, whyNoKeyFits, folder, ...parts })
}

/** Whether this process may go to work. */
export const isAdmitted = async (admitted: Promise<Admission> | undefined): Promise<boolean> =>
  admitted === undefined || (await admitted) === 'ADMITTED'

/** Resolves with why it may not; never where it may. */
export const refusalOf = (admitted: Promise<Admission> | undefined): Promise<string> =>
  new Promise((resolve) => {
    void admitted?.then((admission) => {
      if (typeof admission === 'object') resolve(admission.refused)
    })
  })

type AdmissionParts = {
  events: EventStore
  /** What the event store's deployment is called; undefined where it was ended before that was known. */
  name: Promise<string | undefined>
  outages: OutageLog
  stampReadModels: Stores['stampReadModels']
  whyNoKeyFits: Stores['whyNoKeyFits']
  /** This data folder, where a shared event store's read models, signals and vault are embedded in it. */
  folder: { id: string; path: string } | undefined
  /** The topic of Kafka that this process publishes to, where others may publish too. */
  topic: string | undefined
  /** This folder, and this topic, take the place of those that are remembered. */
  takeOver: boolean
}

async function admission(parts: AdmissionParts): Promise<Admission> {
  const name = await parts.name
  if (name === undefined) return undefined
  return parts.outages.untilItAnswers('deployment', async () => {
    const refused =
      (await otherDeployment(parts, name)) ??
      (await parts.whyNoKeyFits()) ??
      (await otherFolder(parts)) ??
      (await otherTopic(parts))
    return refused === undefined ? 'ADMITTED' : { refused }
  })
}

async function otherDeployment(
  { stampReadModels, folder }: AdmissionParts,
  name: string,
): Promise<string | undefined> {
  if (stampReadModels === undefined || (await stampReadModels(name)) === name) return undefined
  return folder
    ? `${folder.path} holds the read models, signals and vault of another event store than that of EVENTSTORE_URL: name the one that it belongs to, or give that its data back. For another event store, set another DATA_DIR.`
    : 'The database of MONGODB_URL holds the read models of another event store: name another database in its path, or the event store that it belongs to. Several processes share both: set EVENTSTORE_URL too.'
}

async function otherFolder({ events, folder, takeOver }: AdmissionParts): Promise<string | undefined> {
  if (folder === undefined) return undefined
  const mine = { folderId: folder.id, path: folder.path }
  const holder = await heldByOther(events, { type: HELD, mine, by: 'folderId', takeOver })
  if (holder === undefined) return undefined
  return `The event store of EVENTSTORE_URL is in use with another data folder (first as ${holder.path}), which has its read models, signals and vault: several processes need MONGODB_URL too. If that folder is gone for good, let ${folder.path} take its place, once: calendar-sync start --take-over.`
}

async function otherTopic({ events, topic, takeOver }: AdmissionParts): Promise<string | undefined> {
  if (topic === undefined) return undefined
  const other = await heldByOther(events, { type: PUBLISHES, mine: { topic }, by: 'topic', takeOver })
  return other && otherTopicThan(topic, other.topic)
}

/** Why this process may not go on publishing to `topic`, now that another one was chosen; undefined where it may. */
export async function topicGivenUp(events: EventStore, topic: string): Promise<string | undefined> {
  const stored = await events.readStream(DEPLOYMENT_STREAM)
  const chosen = stored.findLast(({ type }) => type === PUBLISHES)
  return chosen === undefined || chosen.data.topic === topic
    ? undefined
    : otherTopicThan(topic, chosen.data.topic)
}

const otherTopicThan = (topic: string, chosen: unknown) =>
  `The processes of this deployment publish to ${chosen}, and KAFKA_TOPIC of this one is ${topic}: consumers of the one would miss what goes to the other. Set the same, or have all of them go over to ${topic}: calendar-sync start --take-over, once; those with another one end then.`

/** Makes it `mine` where it is nobody's yet, or taken over. What the other one wrote of itself, where it stays another's. */
async function heldByOther(
  events: EventStore,
  { type, mine, by, takeOver }: { type: string; mine: Held; by: string; takeOver: boolean },
): Promise<RecordedEvent['data'] | undefined> {
  for (;;) {
    const stored = await events.readStream(DEPLOYMENT_STREAM)
    const holder = stored.findLast((event) => event.type === type)
    if (holder?.data[by] === mine[by]) return undefined
    if (holder !== undefined && !takeOver) return holder.data
    const id = randomUUID()
    const metadata = { correlationId: id, causationId: id, actor: 'start' }
    // Its first event is the name. Where another process was faster, the next turn sees its word.
    await events.append(DEPLOYMENT_STREAM, stored.length - 1, [{ id, type, data: mine, metadata }])
  }
}

type Held = { [name: string]: string }
