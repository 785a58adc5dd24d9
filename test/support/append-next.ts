import type {
  AppendResult,
  EventStore,
  ExpectedRevision,
  NewEvent,
} from '../../ports/event-store/event-store.ts'

/** Appends after whatever the stream holds. Throws where it holds one of these events already. */
export async function appendNext(
  store: EventStore,
  stream: string,
  events: readonly NewEvent[],
): Promise<AppendResult & { ok: true }> {
  let expected: ExpectedRevision = 'no-stream'
  for (;;) {
    const appended = await store.append(stream, expected, events)
    if (appended.ok) return appended
    if (appended.actual === expected) throw new Error(`${stream} holds what was to be appended`)
    expected = appended.actual
  }
}
