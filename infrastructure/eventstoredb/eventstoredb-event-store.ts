import { waitAfter } from '../../domain/backoff.ts'
import type { Clock } from '../../ports/clock.ts'
import { encodeEvents } from '../../ports/event-store/encode-events.ts'
import {
  type AppendResult,
  type EventStore,
  type Position,
  type RecordedEvent,
  START,
} from '../../ports/event-store/event-store.ts'
import type { Logger } from '../../ports/logger.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import { batchAppends } from './batch-append.ts'
import { connect, disconnect, leavingTheNode } from './eventstoredb-client.ts'
import { type Condition, conditionOf } from './eventstoredb-condition.ts'
import {
  type Failure,
  failureOf,
  mayBeStored,
  NoAnswer,
  outcomeUnknown,
  unavailable,
} from './eventstoredb-errors.ts'
import { follow } from './eventstoredb-follow.ts'
import { pagesOfAll } from './eventstoredb-pages.ts'
import { fromPosition, recorded, toPosition } from './eventstoredb-positions.ts'
import { lastReading, type Reading, streamReading } from './eventstoredb-reading.ts'
import { offerGzip } from './grpc-compression.ts'

export type EventStoreDbOptions = {
  /** As the server's documentation has it, with user and password where it asks for them: esdb://… or esdb+discover://… (or kurrentdb) */
  url: string
  /** Whether messages are compressed (see grpc-compression.ts). Holds for the whole process. */
  compression: boolean
  clock: Clock
  log: Logger
  /** How long a call waits for an answer; a reading, for its next sign of life. 5,000 ms. */
  callTimeoutMs?: number
  /**
   * For how long a failed call is begun again. Within the default, 10,000 ms, nobody notices a restart (2.2 s at most), an
   * election (7.6 s), or a repetition that the server first drops and answers Timeout (2 s).
   */
  retryWithinMs?: number
  /** For how long a subscription that lost its server tries to get it back before it rejects. 30,000 ms. */
  reconnectWithinMs?: number
}

export type EventStoreDbEventStore = EventStore & {
  /** Whether the server can be worked with, and why not. Never rejects. */
  describe(): Promise<Condition>
  /**
   * From now on appends go out on a connection only once `check` has resolved for it: after an outage another server
   * may have its address. If `check` rejects, so do they.
   */
  guardWrites(check: () => Promise<void>): void
}

/**
 * The order of facts in EventStoreDB (23.10 or later) or KurrentDB. One a process. It opens its connection with the
 * first call, so that it may be made while the server is down. Each call then rejects with StoreUnavailable until the
 * server is up.
 *
 * A position is a place in the server's log: commit and prepare, 20 digits each. `head` is that of the very last event,
 * the server's own included. Every reading reaches it whatever its filter: events that are read and events that are
 * passed over both move a page's `position`. A filter by category is one by the prefix `category-` of the stream's
 * name, so streams without a dash have no category here. Without a filter, the server's own events are left out.
 * `recordedAt` is the server's time.
 *
 * An append that gets no answer is sent again, with the same ids, so that it is stored once. If none of its tries is
 * answered it rejects with OutcomeUnknown. A caller that repeats the append has to use the same ids, or an
 * expected revision. Throws an Error if the connection string is none.
 */
export function eventStoreDbEventStore(options: EventStoreDbOptions): EventStoreDbEventStore {
  const { clock, log, callTimeoutMs = 5_000, retryWithinMs = 10_000, reconnectWithinMs = 30_000 } = options
  offerGzip(options.compression, log)
  const connection = connect(options.url, log)
  const { client } = connection
  let mayWrite = async () => {}
  const appends = batchAppends(connection, {
    clock,
    timeoutMs: callTimeoutMs,
    mayWrite: () => mayWrite(),
  })
  const leave = leavingTheNode(connection, clock)
  const leaveNode = (failure: Failure) => {
    if (failure.elsewhere) void leave(failure.trouble === 'TIMEOUT' ? callTimeoutMs : LEAVE_EVERY_MS)
  }
  const closing = new AbortController()

  function refuseIfClosed(): void {
    if (closing.signal.aborted) throw new StoreUnavailable('the event store is closed')
  }

  /** Runs `call` until it succeeds, the time to try again is over, or its failure is none that passes. */
  async function trying<T>(what: string, call: () => Promise<T>): Promise<T> {
    const begun = clock.now().epochMilliseconds
    for (let failures = 0; ; failures++) {
      refuseIfClosed()
      try {
        return await call()
      } catch (error) {
        const failure = failureOf(error)
        if (!failure) throw error
        const pause = waitAfter(CALL_AGAIN, failures)
        const elapsed = clock.now().epochMilliseconds - begun
        leaveNode(failure)
        if (!failure.again || elapsed + pause > retryWithinMs) throw unavailable(what, failure, error)
        await clock.delay(pause, closing.signal)
      }
    }
  }

  /** Everything that a reading of limited length gives. */
  async function readAllOf<T>(reading: Reading, map: (resolved: Resolved) => T | undefined): Promise<T[]> {
    const all: T[] = []
    try {
      for (;;) {
        const item = reading.take()
        if (item?.kind === 'event') {
          const one = map(item.resolved)
          if (one !== undefined) all.push(one)
        }
        if (item) continue
        const { over, late } = await reading.more(callTimeoutMs, closing.signal)
        refuseIfClosed()
        if (late) throw new NoAnswer(`no answer within ${callTimeoutMs} ms`)
        if (over) return all
      }
    } finally {
      reading.close()
    }
  }

  const lastPosition = async (): Promise<Position> => {
    const [last] = await readAllOf(lastReading(client, clock), ({ event }) => event?.position)
    return last ? toPosition(last) : START
  }

  const eventsOf = async (stream: string, fromRevision: number): Promise<RecordedEvent[]> => {
    try {
      return await readAllOf(streamReading(client, clock, stream, fromRevision), recorded)
    } catch (error) {
      if (error instanceof Error && 'type' in error && error.type === 'stream-not-found') return []
      throw error
    }
  }

  const pages = pagesOfAll({ client, clock, callTimeoutMs, lastPosition, signal: closing.signal })

  /**
   * An append that was recognised as known may come without its position. Where the stream does not keep the event any
   * more (its `$maxCount`, a deletion) nobody knows it: the end of the log is a place from which all of it was read.
   */
  async function positionOf(stream: string, revision: number): Promise<Position> {
    const [event] = await eventsOf(stream, revision)
    return event?.revision === revision ? event.position : lastPosition()
  }

  const outage = { logged: false }
  return {
    async readStream(stream, { fromRevision = 0 } = {}) {
      return trying(`read ${stream}`, () => eventsOf(stream, fromRevision))
    },

    async append(stream, expected, events): Promise<AppendResult> {
      const encoded = encodeEvents(stream, events)
      let isOutcomeKnown = true
      /** One try; from the moment that it is on its way only an answer tells what became of it. */
      const sent = async () => {
        let isSent = false
        try {
          return await appends.append(stream, expected, encoded, () => {
            isSent = true
          })
        } catch (error) {
          if (isSent && mayBeStored(error)) isOutcomeKnown = false
          throw error
        }
      }
      try {
        return await trying(`append to ${stream}`, async () => {
          const appended = await sent()
          isOutcomeKnown = !appended.ok
          if (!appended.ok) return { ok: false, error: 'WRONG_EXPECTED_REVISION', actual: appended.actual }
          const { revision, position } = appended
          return {
            ok: true,
            revision,
            position: position ? toPosition(position) : await positionOf(stream, revision),
          }
        })
      } catch (error) {
        if (error instanceof Error && 'type' in error && error.type === 'maximum-append-size-exceeded')
          throw new RangeError(`the events for ${stream} are more than the server takes at once`, {
            cause: error,
          })
        throw error instanceof StoreUnavailable && !isOutcomeKnown ? outcomeUnknown(error) : error
      }
    },

    async readAll({ after, filter, limit }) {
      refuseOtherThanPages(after, limit)
      return trying('read', () => pages.read(after, limit, filter))
    },

    async *subscribe({ after, filter, limit = 256, signal }) {
      refuseOtherThanPages(after, limit)
      const until = AbortSignal.any([signal, closing.signal])
      yield* follow(
        { client, clock, log, lastPosition, leaveNode, callTimeoutMs, reconnectWithinMs, outage },
        { after, filter, limit, signal: until },
      )
      if (!signal.aborted) refuseIfClosed()
    },

    head: () => trying('tell its last position', lastPosition),
    describe: () => conditionOf(connection, { url: options.url, clock, callTimeoutMs, lastPosition }),

    guardWrites(check) {
      mayWrite = check
    },

    async close() {
      if (closing.signal.aborted) return
      closing.abort()
      appends.close()
      pages.close()
      await disconnect(connection)
    },
  }
}

type Resolved = Parameters<typeof recorded>[0]

/** While nobody leads, another node may be asked after so long. */
const LEAVE_EVERY_MS = 500
/** Waits before a call that failed is made again. */
const CALL_AGAIN = { firstMs: 50, longestMs: 500 }

function refuseOtherThanPages(after: Position, limit: number): void {
  fromPosition(after)
  if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`a page of ${limit} events`)
}
