// Whether this process may work with what the configuration puts together. Events, and what is made of them and beside
// them (read models, signals, vault), belong together; where one half is shared and the other is this process's own, a
// second process would take the same work again, or fill one half from two others. One whose key opens nothing of a
// shared vault would take work again and again that it cannot do, and keep others from doing it.
import { randomUUID } from 'node:crypto'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { keptSecret } from '../infrastructure/config/secret-file.ts'
import type { EventStore } from '../infrastructure/event-store/event-store.ts'
import type { OutageLog } from '../services/outage-log.ts'
import { DEPLOYMENT_STREAM } from './deployment.ts'
import type { Stores } from './stores.ts'

const HELD = 'DeploymentHeldIn'

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
  const { eventStore, mongodb, data } = configuration
  if (!eventStore && !mongodb) return undefined
  const { events, stampReadModels, whyNoKeyFits } = stores
  const { folder: path } = data
  const folder = mongodb ? undefined : { id: keptSecret(path, 'folder-id', randomUUID).secret, path }
  return admission({ events, stampReadModels, whyNoKeyFits, folder, ...parts })
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
  /** Marks the shared read models as of that deployment, unless they are marked; resolves with whose they are. */
  stampReadModels: ((name: string) => Promise<string>) | undefined
  whyNoKeyFits: Stores['whyNoKeyFits']
  /** This data folder, where a shared event store's read models, signals and vault are embedded in it. */
  folder: { id: string; path: string } | undefined
  /** This folder takes the place of the one that is remembered. */
  takeOver: boolean
}

async function admission(parts: AdmissionParts): Promise<Admission> {
  const name = await parts.name
  if (name === undefined) return undefined
  return parts.outages.untilItAnswers('deployment', async () => {
    const refused =
      (await otherDeployment(parts, name)) ?? (await parts.whyNoKeyFits()) ?? (await otherFolder(parts))
    return refused === undefined ? 'ADMITTED' : { refused }
  })
}

async function otherDeployment(
  { stampReadModels }: AdmissionParts,
  name: string,
): Promise<string | undefined> {
  if (stampReadModels === undefined || (await stampReadModels(name)) === name) return undefined
  return 'The database of MONGODB_URL holds the read models of another event store: name another database in its path, or the event store that it belongs to. Several processes share both: set EVENTSTORE_URL too.'
}

async function otherFolder({ events, folder, takeOver }: AdmissionParts): Promise<string | undefined> {
  if (folder === undefined) return undefined
  for (;;) {
    const stored = await events.readStream(DEPLOYMENT_STREAM)
    const holder = stored.findLast(({ type }) => type === HELD)
    if (holder?.data.folderId === folder.id) return undefined
    if (holder !== undefined && !takeOver)
      return `The event store of EVENTSTORE_URL is in use with another data folder (first as ${holder.data.path}), which has its read models, signals and vault: several processes need MONGODB_URL too. If that folder is gone for good, let ${folder.path} take its place, once: calendar-sync start --take-over.`
    const id = randomUUID()
    const metadata = { correlationId: id, causationId: id, actor: 'start' }
    const data = { folderId: folder.id, path: folder.path }
    // Its first event is the name. Where another process was faster, the next turn sees its word.
    await events.append(DEPLOYMENT_STREAM, stored.length - 1, [{ id, type: HELD, data, metadata }])
  }
}
