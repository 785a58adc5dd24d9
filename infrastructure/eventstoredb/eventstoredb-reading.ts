import {
  type AllStreamResolvedEvent,
  END,
  type EventStoreDBClient,
  eventTypeFilter,
  type ResolvedEvent,
  type Filter as ServerFilter,
  START as START_OF_ALL,
  streamNameFilter,
} from '@eventstore/db-client'
import type { Clock } from '../../ports/clock.ts'
import { type Filter, type Position, PositionUnknown } from '../../ports/event-store/event-store.ts'
import { isNoPlace, NoAnswer } from './eventstoredb-errors.ts'
import { fromPosition, type LogPosition, toPosition } from './eventstoredb-positions.ts'

/** The items of a reading, in order. A checkpoint: everything that matches up to there has come. */
export type Item =
  | { kind: 'event'; resolved: ResolvedEvent | AllStreamResolvedEvent }
  | { kind: 'checkpoint'; position: Position }
  | { kind: 'caughtUp' }
  | { kind: 'fellBehind' }

/** A reading under way. Nothing is fetched beyond what its buffers hold while nobody takes. */
export type Reading = {
  /** The next item if one is here already. */
  take(): Item | undefined
  /**
   * Resolves when there is something to take, when the reading is `over`, when `signal` aborts or after `ms` milliseconds
   * (`late`). Rejects with the error of the call.
   */
  more(ms: number, signal?: AbortSignal): Promise<{ over: boolean; late: boolean }>
  /** Whether something is here to be taken. */
  waiting(): boolean
  /** Ends it and lets go of the call. */
  close(): void
}

/** Events buffered on each side of the client's stream: enough to keep it flowing, and little where events are big. */
const READ_AHEAD = 64

/** How often at least a wait is looked at. */
const WATCH_EVERY_MS = 1_000

/** Events that the server looks at before it tells how far it has come. */
const WIDE_WINDOW = 512

/**
 * Everything after a position, then live. `live`: the server tells its position after each event that it looks at. A
 * reader that waits then sees its position move with the end of the log, whatever the filter leaves out. That is slow
 * while much is to be caught up.
 */
export function subscription(
  client: EventStoreDBClient,
  clock: Clock,
  { after, filter, live }: { after: Position; filter: Filter | undefined; live: boolean },
): Reading {
  const marks = (position: LogPosition) => stream.push({ checkpoint: toPosition(position) })
  const stream = client.subscribeToAll(
    {
      fromPosition: fromPosition(after) ?? START_OF_ALL,
      requiresLeader: true,
      filter: serverFilter(filter, live ? 1 : WIDE_WINDOW, marks),
    },
    { highWaterMark: READ_AHEAD },
  )
  // Pushed between the events, so that whoever takes them sees them in order.
  stream.on('caughtUp', () => stream.push({ caughtUp: true }))
  stream.on('fellBehind', () => stream.push({ fellBehind: true }))
  return reading(stream, clock, () => stream.unsubscribe())
}

/** Throws PositionUnknown where the log ends before a position: the server would take it for the end, in silence. */
export function refuseBeyond(head: Position, after: Position): void {
  if (after > head) throw new PositionUnknown(after, `that ends at ${head || 'its start'}`)
}

/** The error of the port for one of a reading that began after a position. */
export const readingError = (error: unknown, after: Position): unknown =>
  isNoPlace(error) ? new PositionUnknown(after, error.message, { cause: error }) : error

/** The events of one stream. Its `more` rejects with the client's `stream-not-found`. */
export function streamReading(
  client: EventStoreDBClient,
  clock: Clock,
  name: string,
  fromRevision: number,
): Reading {
  const stream = client.readStream(
    name,
    { fromRevision: BigInt(fromRevision), requiresLeader: true },
    { highWaterMark: READ_AHEAD },
  )
  return reading(stream, clock, () => stream.cancel())
}

/** The last event of all, the server's own included. */
export function lastReading(client: EventStoreDBClient, clock: Clock): Reading {
  const stream = client.readAll({
    fromPosition: END,
    direction: 'backwards',
    maxCount: 1,
    requiresLeader: true,
  })
  return reading(stream, clock, () => stream.cancel())
}

/** The parts of the client's streams that are used. */
type Source = Pick<NodeJS.ReadableStream, 'read'> & {
  readonly readableLength: number
  on(event: 'readable' | 'end' | 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  destroy(): unknown
}

function reading(stream: Source, clock: Clock, cancel: () => Promise<void>): Reading {
  let error: Error | undefined
  let over = false
  let late = false
  let dueAt = 0
  let wake: (() => void) | undefined
  let listened: AbortSignal | undefined
  let watching = false
  const closed = new AbortController()
  const awake = () => wake?.()
  // Items that come within one turn are taken together: a wait for each of many events costs more than the events.
  let awaking = false
  stream.on('readable', () => {
    if (awaking) return
    awaking = true
    setImmediate(() => {
      awaking = false
      awake()
    })
  })
  // The client emits errors without ending its stream.
  stream.on('error', (reason: Error) => {
    error ??= reason
    awake()
  })
  for (const event of ['end', 'close'] as const)
    stream.on(event, () => {
      over = true
      awake()
    })

  return {
    take() {
      const chunk: unknown = stream.read()
      return chunk === null ? undefined : itemOf(chunk)
    },
    waiting: () => stream.readableLength > 0,
    async more(ms, signal) {
      if (stream.readableLength > 0 || over || error || signal?.aborted) return now()
      listenTo(signal)
      late = false
      dueAt = clock.now().epochMilliseconds + ms
      await new Promise<void>((resolve) => {
        wake = resolve
        watch(ms)
      })
      wake = undefined
      return now()
    },
    close() {
      over = true
      closed.abort()
      listened?.removeEventListener('abort', awake)
      stream.destroy()
      void cancel().catch(() => 'the call was never opened')
    },
  }

  function now(): { over: boolean; late: boolean } {
    if (stream.readableLength > 0) return { over: false, late: false }
    if (error) throw error
    return { over, late }
  }

  // One timer and one listener for all waits: there are thousands of them a second while it catches up.
  function watch(ms: number): void {
    if (watching) return
    watching = true
    void clock.delay(Math.min(ms, WATCH_EVERY_MS), closed.signal).then(() => {
      watching = false
      if (wake === undefined || closed.signal.aborted) return
      const left = dueAt - clock.now().epochMilliseconds
      late = left <= 0
      if (late) awake()
      else watch(left)
    })
  }

  function listenTo(signal: AbortSignal | undefined): void {
    if (signal === listened) return
    listened?.removeEventListener('abort', awake)
    signal?.addEventListener('abort', awake)
    listened = signal
  }
}

function itemOf(chunk: unknown): Item {
  // Only the client's events and the marks pushed above come out of these streams.
  const given = chunk as ResolvedEvent | { checkpoint: Position } | { caughtUp: true } | { fellBehind: true }
  if ('event' in given) return { kind: 'event', resolved: given }
  if ('checkpoint' in given) return { kind: 'checkpoint', position: given.checkpoint }
  if ('caughtUp' in given) return { kind: 'caughtUp' }
  if ('fellBehind' in given) return { kind: 'fellBehind' }
  return { kind: 'event', resolved: given }
}

/** The filter as the server takes it. Without one, everything but the server's own events. */
function serverFilter(
  filter: Filter | undefined,
  maxSearchWindow: number,
  mark: (position: LogPosition) => void,
): ServerFilter {
  const options = {
    maxSearchWindow,
    checkpointInterval: 1,
    checkpointReached: async (_: unknown, position: LogPosition) => mark(position),
  }
  if (filter === undefined) return eventTypeFilter({ regex: '^[^$]', ...options })
  if ('categories' in filter)
    return filter.categories.length === 0
      ? eventTypeFilter({ regex: MATCHES_NOTHING, ...options })
      : streamNameFilter({ prefixes: filter.categories.map((category) => `${category}-`), ...options })
  return eventTypeFilter({ regex: exactly(filter.types), ...options })
}

const MATCHES_NOTHING = '(?!)'

function exactly(names: readonly string[]): string {
  if (names.length === 0) return MATCHES_NOTHING
  return `^(?:${names.map((name) => name.replace(/[^A-Za-z0-9_]/g, '\\$&')).join('|')})$`
}

/** Rejects with NoAnswer where `work` takes longer than `ms` milliseconds; what comes of it later is not looked at. */
export async function answered<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  const done = new AbortController()
  const late = clock.delay(ms, done.signal).then(() => {
    throw new NoAnswer(`no answer within ${ms} ms`)
  })
  // Whichever loses the race is settled later, with nobody there to be told.
  late.catch(() => undefined)
  work.catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    done.abort()
  }
}
