import { randomUUID } from 'node:crypto'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { Clock } from '../clock/clock.ts'
import type { EncodedEvent } from '../event-store/encode-events.ts'
import type { ExpectedRevision } from '../event-store/event-store.ts'
import type { Connection } from './eventstoredb-client.ts'
import { isLeaderless, NoAnswer } from './eventstoredb-errors.ts'
import type { LogPosition } from './eventstoredb-positions.ts'

/** `position` is missing where the server found the events stored already and does not say where. */
export type Appended =
  | { ok: true; revision: number; position: LogPosition | undefined }
  | { ok: false; actual: number | 'no-stream' }

/** A refusal of the server's; `type` as the client's own errors have it. */
export class AppendRefused extends Error {
  readonly type: string
  constructor(type: string, message: string) {
    super(message)
    this.type = type
  }
}

export type BatchAppends = {
  /**
   * Appends all or nothing. Rejects with AppendRefused; or, when it is not known whether the events were stored, with the
   * gRPC error of the connection or with NoAnswer, after which later appends go on another call. No deadline is sent: it
   * would be an instant of this machine's clock, and a server whose clock is ahead would refuse everything.
   */
  append(stream: string, expected: ExpectedRevision, events: readonly EncodedEvent[]): Promise<Appended>
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
 * for its answer, and for a connection, for `timeoutMs` at most.
 */
export function batchAppends({ internals }: Connection, clock: Clock, timeoutMs: number): BatchAppends {
  let current: Promise<Line> | undefined
  /** In the order in which they are due. */
  const unanswered = new Map<string, Waiting>()
  const closed = new AbortController()
  let watching = false

  async function open(forget: () => void): Promise<Line> {
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
      const id = uuidText(answer.getCorrelationId())
      const one = waiting.get(id)
      waiting.delete(id)
      if (one) settle(one, answer)
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
    append(stream, expected, events) {
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

function requestOf(
  id: string,
  stream: string,
  expected: ExpectedRevision,
  events: readonly EncodedEvent[],
): streams.BatchAppendReq {
  const options = new streams.BatchAppendReq.Options().setStreamIdentifier(
    new shared.StreamIdentifier().setStreamName(Buffer.from(stream)),
  )
  if (expected === 'any') options.setAny(new shared.Empty())
  else if (expected === 'no-stream') options.setNoStream(new shared.Empty())
  else options.setStreamPosition(String(expected))
  return new streams.BatchAppendReq()
    .setCorrelationId(new shared.UUID().setString(id))
    .setOptions(options)
    .setProposedMessagesList(events.map(proposed))
    .setIsFinal(true)
}

function proposed({ id, type, data, metadata }: EncodedEvent): streams.BatchAppendReq.ProposedMessage {
  const message = new streams.BatchAppendReq.ProposedMessage()
    .setId(new shared.UUID().setString(id))
    .setData(Buffer.from(data))
    .setCustomMetadata(Buffer.from(metadata))
  message.getMetadataMap().set('type', type).set('content-type', 'application/json')
  return message
}

function settle({ stream, resolve, reject }: Waiting, answer: streams.BatchAppendResp): void {
  const success = answer.getSuccess()
  const error = answer.getError()
  const name = error?.getDetails()?.getTypeName().replace('event_store.client.', '') ?? ''
  if (success) resolve(storedAs(success))
  else if (name === 'WrongExpectedVersion') resolve(wrongVersion(error?.getDetails()?.getValue_asU8()))
  else
    reject(
      new AppendRefused(
        REFUSALS[name] ?? 'unknown',
        `the append to ${stream} was refused: ${error?.getMessage() || name}`,
      ),
    )
}

function storedAs(success: streams.BatchAppendResp.Success): Appended {
  const position = success.getPosition()
  return {
    ok: true,
    revision: Number(success.getCurrentRevision()),
    position: position && {
      commit: BigInt(position.getCommitPosition()),
      prepare: BigInt(position.getPreparePosition()),
    },
  }
}

function wrongVersion(details: Uint8Array | undefined): Appended {
  const wrong = shared.WrongExpectedVersion.deserializeBinary(details ?? new Uint8Array())
  return {
    ok: false,
    actual: wrong.hasCurrentStreamRevision() ? Number(wrong.getCurrentStreamRevision()) : 'no-stream',
  }
}

/** The kinds of refusal by the name of their details. What is not named here, such as "Server Is Busy", passes. */
const REFUSALS: { [name: string]: string } = {
  Timeout: 'timeout',
  AccessDenied: 'access-denied',
  StreamDeleted: 'stream-deleted',
  MaximumAppendSizeExceeded: 'maximum-append-size-exceeded',
  MaximumAppendEventSizeExceeded: 'maximum-append-size-exceeded',
  BadRequest: 'invalid-argument',
}

/** The server gives the id back as it came, or, for its own timeouts, as two signed 64-bit numbers. */
function uuidText(uuid: shared.UUID | undefined): string {
  const halves = uuid?.getStructured()
  if (!halves) return uuid?.getString() ?? ''
  const hex = [halves.getMostSignificantBits(), halves.getLeastSignificantBits()]
    .map((half) => BigInt.asUintN(64, BigInt(half)).toString(16).padStart(16, '0'))
    .join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
