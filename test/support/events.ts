import { randomBytes, randomUUID } from 'node:crypto'
import type {
  EventStore,
  Filter,
  NewEvent,
  Position,
  RecordedEvent,
} from '../../ports/event-store/event-store.ts'

/** A new event that nobody else has. */
export function someEvent(type = 'Happened', data: NewEvent['data'] = {}): NewEvent {
  const metadata = { correlationId: randomUUID(), causationId: randomUUID(), actor: 'sync-worker' }
  return { id: randomUUID(), type, data, metadata }
}

/** `count` of them, numbered in `data.n` from 0. */
export const someEvents = (count: number, type?: string): NewEvent[] =>
  Array.from({ length: count }, (_, n) => someEvent(type, { n }))

/** A category or type that no other test uses: the store may be a server that many share. */
export const uniqueName = (prefix = 'test') => `${prefix}${randomBytes(6).toString('hex')}`

/** All matching events after `after`, read page by page. */
export async function readToEnd(
  store: EventStore,
  options: { after: Position; filter?: Filter; limit: number },
): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = []
  let position = options.after
  for (;;) {
    const page = await store.readAll({ ...options, after: position })
    events.push(...page.events)
    if (page.caughtUp) return events
    if (page.position <= position) throw new Error('a page leads nowhere')
    position = page.position
  }
}

/** What a subscription gives until `enough` says so of all events so far. */
export async function collect(
  store: EventStore,
  options: { after: Position; filter?: Filter; limit?: number },
  enough: (events: readonly RecordedEvent[]) => boolean,
): Promise<RecordedEvent[]> {
  const end = new AbortController()
  const events: RecordedEvent[] = []
  for await (const page of store.subscribe({ ...options, signal: end.signal })) {
    events.push(...page.events)
    if (enough(events)) end.abort()
  }
  return events
}
