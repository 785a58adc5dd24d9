import type { EventPage, EventStore, RecordedEvent } from './event-store.ts'

/**
 * The same store, with the original time of each event that was moved here from another store (`metadata.recordedAt`).
 * A server sets its own time when it takes an event in: that is when the event was moved.
 */
export function withOriginalTimes<Store extends EventStore>(store: Store): Store {
  const page = ({ events, ...rest }: EventPage): EventPage => ({ events: events.map(original), ...rest })
  return {
    ...store,
    readStream: async (stream, options) => (await store.readStream(stream, options)).map(original),
    readAll: async (options) => page(await store.readAll(options)),
    async *subscribe(options) {
      for await (const one of store.subscribe(options)) yield page(one)
    },
  }
}

function original(event: RecordedEvent): RecordedEvent {
  const { recordedAt } = event.metadata
  return recordedAt === undefined ? event : { ...event, recordedAt }
}
