// The deployment: all processes that share one event store. Stream: deployment-this, the only one of its kind; it moves
// with the data. The event types are a storage format.
import { accept, type Decision, reject } from './decision.ts'

/** The id of the only deployment that an event store holds. */
export const THIS_DEPLOYMENT = 'this'

type Folder = { folderId: string; path: string }

export type DeploymentEvent =
  /** `deploymentId`: a UUID, the deployment's name in every event that it publishes. */
  | { type: 'DeploymentNamed'; data: { deploymentId: string } }
  /** Read models, signals and vault are embedded in this data folder; `path` is where it lay then. */
  | { type: 'DeploymentHeldIn'; data: Folder }
  | { type: 'DeploymentPublishesTo'; data: { topic: string } }

export type Deployment = { name?: string; folder?: Folder; topic?: string }
export const initialDeployment: Deployment = {}

export function evolveDeployment(state: Deployment, event: DeploymentEvent): Deployment {
  switch (event.type) {
    case 'DeploymentNamed':
      return { ...state, name: event.data.deploymentId }
    case 'DeploymentHeldIn':
      return { ...state, folder: { folderId: event.data.folderId, path: event.data.path } }
    case 'DeploymentPublishesTo':
      return { ...state, topic: event.data.topic }
    default:
      return state
  }
}

/** Names it, unless it has a name. */
export const nameDeployment = (state: Deployment, deploymentId: string): Decision<DeploymentEvent> =>
  state.name === undefined ? accept({ type: 'DeploymentNamed', data: { deploymentId } }) : accept()

/** `takeOver`, here and below: in the place of another one. */
export function holdDeploymentIn(
  { folder: known }: Deployment,
  folder: Folder,
  takeOver = false,
): Decision<DeploymentEvent> {
  if (known?.folderId === folder.folderId) return accept()
  if (known === undefined || takeOver) return accept({ type: 'DeploymentHeldIn', data: folder })
  return reject(
    'DEPLOYMENT_HELD_ELSEWHERE',
    `The event store is in use with another data folder (first as ${known.path}), which has its read models, signals and vault.`,
  )
}

export function publishDeploymentTo(
  state: Deployment,
  topic: string,
  takeOver = false,
): Decision<DeploymentEvent> {
  if (state.topic === topic) return accept()
  if (state.topic === undefined || takeOver) return accept({ type: 'DeploymentPublishesTo', data: { topic } })
  return reject(
    'DEPLOYMENT_PUBLISHES_ELSEWHERE',
    `The processes of this deployment publish to ${state.topic}.`,
  )
}
