import type { CommitSignal } from '../../ports/event-store/commit-signal.ts'
import type { EventStore, Position, RecordedEvent } from '../../ports/event-store/event-store.ts'
import { bytesOf, fromLog, toLog } from './eventstoredb-messages.ts'

/** An event and what is sent for it: a server too has its records ready to be sent. */
export type LogEntry = { position: Position; stream: string; type: string; bytes: Buffer }

/** What of a stream is given to its readers; its events stay in the log, as until a scavenge. */
export type Retention = {
  maxCount: number | undefined
  maxAgeSeconds: number | undefined
  truncateBefore: number
  /** For good: nothing can be read or appended any more. */
  tombstoned: boolean
}

/** The log of a node, or of all nodes of a cluster, over the embedded store. */
export type DoubleLog = {
  readonly store: EventStore
  readonly commits: CommitSignal
  /** At most `limit` entries after a position; `end` where nothing more is there. */
  after(position: Position, limit: number): Promise<{ entries: readonly LogEntry[]; end: boolean }>
  /** Whether a reading may begin after this place: one of an event, the start, or beyond all. */
  isPlace(commit: bigint): Promise<boolean>
  /** Undefined for a stream that keeps everything. */
  retentionOf(stream: string): Retention | undefined
  /** To be told of each event that was appended. */
  took(stream: string, event: Pick<RecordedEvent, 'type' | 'data'>): void
}

/** Metadata's way to say that a stream is deleted, until it is written again. */
export const DELETED = 2 ** 63

/** Reads what retention the store's events tell of. */
export async function doubleLog(store: EventStore, commits: CommitSignal): Promise<DoubleLog> {
  const entries: LogEntry[] = []
  const retentions = new Map<string, Retention>()
  let read: Position = ''

  async function readOn(): Promise<void> {
    for (let caughtUp = false; !caughtUp; ) {
      const page = await store.readAll({ after: read, limit: 1000 })
      // Somebody else may have read on meanwhile.
      for (const event of page.events)
        if (event.position > read)
          entries.push({
            position: event.position,
            stream: event.stream,
            type: event.type,
            bytes: bytesOf(event),
          })
      read = entries.at(-1)?.position ?? read
      caughtUp = page.caughtUp
    }
  }

  function took(stream: string, { type, data }: Pick<RecordedEvent, 'type' | 'data'>): void {
    if (type === '$streamDeleted')
      retentions.set(stream, {
        ...EVERYTHING,
        ...retentions.get(stream),
        tombstoned: true,
      })
    if (type !== '$metadata' || !stream.startsWith('$$')) return
    const number = (name: string) => (typeof data[name] === 'number' ? data[name] : undefined)
    retentions.set(stream.slice(2), {
      maxCount: number('$maxCount'),
      maxAgeSeconds: number('$maxAge'),
      truncateBefore: number('$tb') ?? 0,
      tombstoned: false,
    })
  }

  const filter = { types: ['$metadata', '$streamDeleted'] }
  for (let after = '', caughtUp = false; !caughtUp; ) {
    const page = await store.readAll({ after, filter, limit: 1000 })
    for (const event of page.events) took(event.stream, event)
    after = page.position
    caughtUp = page.caughtUp
  }

  return {
    store,
    commits,
    took,
    retentionOf: (stream) => retentions.get(stream),
    async isPlace(commit) {
      await readOn()
      const place = String(commit)
      const position = fromLog(place)
      if (place === '0' || position > (entries.at(-1)?.position ?? '')) return true
      return toLog(position) === place && entries[firstBeyond(entries, position) - 1]?.position === position
    },
    async after(position, limit) {
      await readOn()
      const first = firstBeyond(entries, position)
      return { entries: entries.slice(first, first + limit), end: first + limit >= entries.length }
    },
  }
}

const EVERYTHING: Retention = {
  maxCount: undefined,
  maxAgeSeconds: undefined,
  truncateBefore: 0,
  tombstoned: false,
}

function firstBeyond(entries: readonly LogEntry[], position: Position): number {
  let [low, high] = [0, entries.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((entries[middle]?.position ?? '') > position) high = middle
    else low = middle + 1
  }
  return low
}

/** What of a stream's events its readers are given. */
export function retained(
  events: readonly RecordedEvent[],
  retention: Retention | undefined,
  now: Temporal.Instant,
): readonly RecordedEvent[] {
  if (!retention) return events
  const { maxCount, maxAgeSeconds, truncateBefore } = retention
  const first = Math.max(
    truncateBefore,
    maxCount === undefined ? 0 : (events.at(-1)?.revision ?? 0) - maxCount + 1,
  )
  const oldest = maxAgeSeconds === undefined ? undefined : now.subtract({ seconds: maxAgeSeconds })
  return events.filter(
    ({ revision, recordedAt }) =>
      revision >= first &&
      (oldest === undefined || Temporal.Instant.compare(Temporal.Instant.from(recordedAt), oldest) >= 0),
  )
}
