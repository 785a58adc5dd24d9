import { randomUUID } from 'node:crypto'
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import type streams from '@eventstore/db-client/generated/streams_pb.js'
import type { Clock } from '../../ports/clock.ts'
import type { EncodedEvent } from '../../ports/event-store/encode-events.ts'
import type { ExpectedRevision } from '../../ports/event-store/event-store.ts'
import { type Appended, AppendRefused, appendIdIn, outcomeIn, requestOf } from './append-messages.ts'
import type { Connection } from './eventstoredb-client.ts'
import { isLeaderless, NoAnswer } from './eventstoredb-errors.ts'

/** Appends that share one call to the server. */
export type BatchAppends = {
  /**
   * Appends all or nothing. Rejects with AppendRefused. If it is not known whether the events were stored, rejects with
   * the gRPC error of the connection or with NoAnswer; later appends then go on another call. No deadline is sent: it
   * would be an instant of this machine's clock, and a server whose clock is ahead would refuse everything. `onSent` is
   * called once the events are on their way.
   */
  append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly EncodedEvent[],
    onSent?: () => void,
  ): Promise<Appended>
  /** Ends the call; appends without an answer yet reject. */
  close(): void
}

type Waiting = { stream: string; dueAt: number; resolve(answer: Appended): void; reject(error: Error): void }
type Line = {
  write(request: streams.BatchAppendReq): void
  waiting: Map<string, Waiting>
  end(): void
  cancel(): void
}

/**
 * Sends every append over one call, which the server answers in any order; opens another when it breaks. An append waits
 * for its answer, and for a connection, for `timeoutMs` at most. Each call begins with `mayWrite`; where that rejects, so do
 * the appends that wait for the call.
 */
export function batchAppends(
  { internals }: Connection,
  { clock, timeoutMs, mayWrite }: { clock: Clock; timeoutMs: number; mayWrite(): Promise<void> },
): BatchAppends {
  let current: Promise<Line> | undefined
  /** In the order in which they are due. */
  const unanswered = new Map<string, Waiting>()
  const closed = new AbortController()
  let watching = false

  async function open(forget: () => void): Promise<Line> {
    await mayWrite()
    const client = await internals.getGRPCClient(StreamsClient, 'batchAppend')
    const call = client.batchAppend(
      ...internals.callArguments({ requiresLeader: true }, { deadline: Number.POSITIVE_INFINITY }),
    )
    const waiting = new Map<string, Waiting>()
    const broken = (error: Error) => {
      forget()
      for (const one of waiting.values()) one.reject(error)
      waiting.clear()
    }
    call.on('data', (answer: streams.BatchAppendResp) => {
      const id = appendIdIn(answer)
      const one = waiting.get(id)
      waiting.delete(id)
      const outcome = one && outcomeIn(answer, one.stream)
      if (outcome instanceof AppendRefused) one?.reject(outcome)
      else if (outcome) one?.resolve(outcome)
      // The connection stays as it is: the next append has to go to another node, by another call.
      if (isLeaderless(answer.getError()?.getMessage() ?? '')) {
        forget()
        call.cancel()
      }
    })
    call.on('error', (error: Error) => {
      broken(error)
      // Lets the client find another node, or the same one again.
      void internals.handleError(client, error)
    })
    call.on('end', () => broken(new AppendRefused('unavailable', 'the server ended the call')))
    return {
      write: (request) => void call.write(request),
      waiting,
      end: () => call.end(),
      cancel: () => call.cancel(),
    }
  }

  function line(): Promise<Line> {
    if (current) return current
    const forget = () => {
      if (current === opened) current = undefined
    }
    const opened = open(() => forget())
    opened.catch(forget)
    current = opened
    return opened
  }

  // One timer for all: one each would cost as much as the append.
  function watch(): void {
    const [first] = unanswered.values()
    if (watching || !first) return
    watching = true
    void clock.delay(Math.max(1, first.dueAt - clock.now().epochMilliseconds), closed.signal).then(() => {
      watching = false
      const now = clock.now().epochMilliseconds
      for (const one of unanswered.values()) {
        if (one.dueAt > now) break
        one.reject(new NoAnswer(`no answer within ${timeoutMs} ms`))
        turnOver()
      }
      if (!closed.signal.aborted) watch()
    })
  }

  /** Later appends go on another call; the server ends this one when it has answered what was sent. */
  function turnOver(): void {
    void current?.then(
      ({ end }) => end(),
      () => 'it was never opened',
    )
    current = undefined
  }

  return {
    append(stream, expected, events, onSent) {
      const id = randomUUID()
      return new Promise((resolve, reject) => {
        let sentOn: Line | undefined
        const done = () => {
          unanswered.delete(id)
          sentOn?.waiting.delete(id)
        }
        const one: Waiting = {
          stream,
          dueAt: clock.now().epochMilliseconds + timeoutMs,
          resolve(answer) {
            done()
            resolve(answer)
          },
          reject(error) {
            done()
            reject(error)
          },
        }
        unanswered.set(id, one)
        watch()
        line().then((opened) => {
          // It may have waited too long for the connection.
          if (!unanswered.has(id)) return
          sentOn = opened
          opened.waiting.set(id, one)
          onSent?.()
          opened.write(requestOf(id, stream, expected, events))
        }, one.reject)
      })
    },
    close() {
      closed.abort()
      void current?.then(
        ({ cancel }) => cancel(),
        () => 'it was never opened',
      )
    },
  }
}
