import { randomUUID } from 'node:crypto'
import type { EventStore } from '../infrastructure/event-store/event-store.ts'
import { StoreUnavailable } from '../infrastructure/store-unavailable.ts'
import type { OutageLog } from '../services/outage-log.ts'

const STREAM = 'deployment-this'
const TYPE = 'DeploymentNamed'

/**
 * What this deployment is called in every event that it publishes: kept in the event store itself, so that all its
 * processes agree, and so that it moves with its data. Named at the first start. Throws StoreUnavailable until the
 * store has answered for the first time.
 */
export function deploymentName(events: EventStore, outages: OutageLog): () => string {
  let name: string | undefined
  void outages.untilItAnswers('event store', async () => {
    name = await named(events)
  })
  return () => {
    if (name === undefined) throw new StoreUnavailable('the event store has not answered since the start')
    return name
  }
}

async function named(events: EventStore): Promise<string> {
  for (;;) {
    const [first] = await events.readStream(STREAM)
    const name = first?.data.deploymentId
    if (typeof name === 'string') return name
    const id = randomUUID()
    // Where another process was faster, its name is read at the next turn.
    await events.append(STREAM, 'no-stream', [
      {
        id,
        type: TYPE,
        data: { deploymentId: id },
        metadata: { correlationId: id, causationId: id, actor: 'start' },
      },
    ])
  }
}
