// Appends in the words of EventStoreDB's protocol, and its answers to them.
import shared from '@eventstore/db-client/generated/shared_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { EncodedEvent } from '../../ports/event-store/encode-events.ts'
import type { ExpectedRevision } from '../../ports/event-store/event-store.ts'
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

/** One append, all of it in this one message; `id` comes back with the answer. */
export function requestOf(
  id: string,
  stream: string,
  expected: ExpectedRevision,
  events: readonly EncodedEvent[],
): streams.BatchAppendReq {
  const options = new streams.BatchAppendReq.Options().setStreamIdentifier(
    new shared.StreamIdentifier().setStreamName(Buffer.from(stream)),
  )
  if (expected === 'no-stream') options.setNoStream(new shared.Empty())
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

/** The server's answer to the append; `stream` is for the words of a refusal. */
export function outcomeIn(answer: streams.BatchAppendResp, stream: string): Appended | AppendRefused {
  const success = answer.getSuccess()
  if (success) return storedAs(success)
  const error = answer.getError()
  const name = error?.getDetails()?.getTypeName().replace('event_store.client.', '') ?? ''
  if (name === 'WrongExpectedVersion') return wrongVersion(error?.getDetails()?.getValue_asU8())
  const message = `the append to ${stream} was refused: ${error?.getMessage() || name}`
  return new AppendRefused(REFUSALS[name] ?? 'unknown', message)
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

/** The kinds of refusal by the name of their details. Any other, such as "Server Is Busy", passes. */
const REFUSALS: { [name: string]: string } = {
  Timeout: 'timeout',
  AccessDenied: 'access-denied',
  StreamDeleted: 'stream-deleted',
  MaximumAppendSizeExceeded: 'maximum-append-size-exceeded',
  MaximumAppendEventSizeExceeded: 'maximum-append-size-exceeded',
  BadRequest: 'invalid-argument',
}

/** Which append it answers: the server gives the id as it came or, for its own timeouts, as two signed 64-bit numbers. */
export function appendIdIn(answer: streams.BatchAppendResp): string {
  const uuid = answer.getCorrelationId()
  const halves = uuid?.getStructured()
  if (!halves) return uuid?.getString() ?? ''
  const hex = [halves.getMostSignificantBits(), halves.getLeastSignificantBits()]
    .map((half) => BigInt.asUintN(64, BigInt(half)).toString(16).padStart(16, '0'))
    .join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
