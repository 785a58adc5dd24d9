import { randomUUID } from 'node:crypto'
import type { EventStore } from '../ports/event-store/event-store.ts'
import { StoreUnavailable } from '../ports/store-unavailable.ts'
import type { OutageLog } from '../services/running/outage-log.ts'

/** Of facts about the deployment as a whole. */
export const DEPLOYMENT_STREAM = 'deployment-this'
const TYPE = 'DeploymentNamed'

/**
 * What this deployment is called in every event that it publishes: kept in the event store itself, so that all its
 * processes agree, and so that it moves with its data. Named at the first start. `name` throws StoreUnavailable until
 * the store has answered for the first time; `known` resolves then, or with undefined where it was ended before.
 */
export function deploymentName(
  events: EventStore,
  outages: OutageLog,
): { name(): string; known: Promise<string | undefined> } {
  let name: string | undefined
  const known = outages.untilItAnswers('event store', async () => {
    name = await named(events)
    return name
  })
  return {
    known,
    name() {
      if (name === undefined) throw new StoreUnavailable('the event store has not answered since the start')
      return name
    },
  }
}

async function named(events: EventStore): Promise<string> {
  for (;;) {
    const name = await nameIn(events)
    if (name !== undefined) return name
    const id = randomUUID()
    // Where another process was faster, its name is read at the next turn.
    await events.append(DEPLOYMENT_STREAM, 'no-stream', [
      {
        id,
        type: TYPE,
        data: { deploymentId: id },
        metadata: { correlationId: id, causationId: id, actor: 'start' },
      },
    ])
  }
}

/** What it was called by whoever first started on this store; undefined where nobody has yet. */
export async function nameIn(events: EventStore): Promise<string | undefined> {
  const [first] = await events.readStream(DEPLOYMENT_STREAM)
  const name = first?.data.deploymentId
  return typeof name === 'string' ? name : undefined
}
