import { randomUUID } from 'node:crypto'
import { type Category, type EventsOf, streamName } from '../../domain/domain-event.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import { sqliteReadStore } from '../../infrastructure/sqlite/sqlite-read-store.ts'
import { encode } from '../../ports/event-store/event-codec.ts'
import type { EventStore, Position } from '../../ports/event-store/event-store.ts'
import type { ReadStore } from '../../ports/read-store/read-store.ts'
import type { Projection } from '../../projections/projection.ts'
import { rebuild } from '../../services/read-models/rebuild.ts'
import { appendNext } from './append-next.ts'
import { virtualClock } from './virtual-clock.ts'

/** Both embedded stores in memory, and how to get rid of them. */
export type Stores = { events: EventStore; readStore: ReadStore; close(): Promise<void> }

export function openStores(): Stores {
  const database = openDatabase(':memory:')
  const events = sqliteEventStore(database, { clock: virtualClock() })
  const readStore = sqliteReadStore(database)
  return {
    events,
    readStore,
    async close() {
      await events.close()
      await database.close()
    },
  }
}

/** Appends to the stream of one aggregate; the position of the last event. Each event gets a fresh id. */
export async function append<C extends Category>(
  events: EventStore,
  category: C,
  id: string,
  ...happened: EventsOf[C][]
): Promise<Position> {
  const metadata = { correlationId: randomUUID(), causationId: randomUUID(), actor: 'api:test' }
  const appended = await appendNext(
    events,
    streamName(category, id),
    happened.map((event) => encode<C>(event, randomUUID(), metadata)),
  )
  return appended.position
}

/** Runs `body` with what these projections make of the events that `happened` appends. */
export async function withReadModels(
  projections: readonly Projection[],
  happened: (events: EventStore) => Promise<unknown>,
  body: (readStore: ReadStore, stores: Stores) => Promise<void>,
): Promise<void> {
  const stores = openStores()
  try {
    await happened(stores.events)
    for (const projection of projections)
      await rebuild({ events: stores.events, readStore: stores.readStore, projection })
    await body(stores.readStore, stores)
  } finally {
    await stores.close()
  }
}
