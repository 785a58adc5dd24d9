import { createRequire } from 'node:module'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import status from '@eventstore/db-client/generated/status_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { RecordedEvent } from '../../ports/event-store/event-store.ts'
import { GrpcStatus } from './grpc-server.ts'

// The copy of google-protobuf that the client's generated code uses.
const require = createRequire(createRequire(import.meta.url).resolve('@eventstore/db-client'))
const { Any } = require('google-protobuf/google/protobuf/any_pb.js')
const { Empty } = require('google-protobuf/google/protobuf/empty_pb.js')

/** Bytes of the log that one event takes up: positions are places in the log, not numbers of events. */
const LOG_STEP = 1000n

/** The place in the log of the SQLite store's position, and back: the next position at or before that place. */
export const toLog = (position: string): string => String(BigInt(position || '0') * LOG_STEP)
export const fromLog = (commit: string): string => {
  const number = BigInt(commit) / LOG_STEP
  return number === 0n ? '' : String(number).padStart(20, '0')
}

/** The number of the event that marks a stream as deleted for good. */
const LAST_REVISION = '9223372036854775807'

/** The serialised message that gives an event to a reader. */
export const bytesOf = (event: RecordedEvent): Buffer => Buffer.from(eventMessage(event).serializeBinary())

export function eventMessage(event: RecordedEvent): streams.ReadResp {
  const place = toLog(event.position)
  const record = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(new shared.UUID().setString(event.id))
    .setStreamIdentifier(identifier(event.stream))
    .setStreamRevision(event.type === '$streamDeleted' ? LAST_REVISION : String(event.revision))
    .setCommitPosition(place)
    .setPreparePosition(place)
    .setData(Buffer.from(JSON.stringify(event.data)))
    .setCustomMetadata(Buffer.from(JSON.stringify(event.metadata)))
  record
    .getMetadataMap()
    .set('type', event.type)
    .set('content-type', 'application/json')
    // Ticks of 100 ns since 1970.
    .set('created', String(BigInt(Date.parse(event.recordedAt)) * 10_000n))
  return new streams.ReadResp().setEvent(
    new streams.ReadResp.ReadEvent().setEvent(record).setCommitPosition(place),
  )
}

export const checkpointMessage = (position: string): streams.ReadResp =>
  new streams.ReadResp().setCheckpoint(
    new streams.ReadResp.Checkpoint().setCommitPosition(toLog(position)).setPreparePosition(toLog(position)),
  )

export const caughtUpMessage = (): streams.ReadResp =>
  new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp())

export const identifier = (stream: string): shared.StreamIdentifier =>
  new shared.StreamIdentifier().setStreamName(Buffer.from(stream))

export const nameOf = (given: shared.StreamIdentifier | undefined): string =>
  Buffer.from(given?.getStreamName_asU8() ?? []).toString()

export type Expected = number | 'no-stream' | 'any' | 'exists'

const error = (code: 0 | 3 | 4 | 6 | 7 | 9, message: string, name: string, details: Uint8Array) => {
  const any = new Any()
  any.pack(details, name)
  return new status.Status().setCode(code).setMessage(message).setDetails(any)
}

export function wrongVersionError(expected: Expected, actual: number | 'no-stream'): status.Status {
  const wrong = new shared.WrongExpectedVersion()
  if (actual === 'no-stream') wrong.setCurrentNoStream(new Empty())
  else wrong.setCurrentStreamRevision(String(actual))
  if (expected === 'any') wrong.setExpectedAny(new Empty())
  else if (expected === 'exists') wrong.setExpectedStreamExists(new Empty())
  else if (expected === 'no-stream') wrong.setExpectedNoStream(new Empty())
  else wrong.setExpectedStreamPosition(String(expected))
  return error(6, 'WrongExpectedVersion', 'event_store.client.WrongExpectedVersion', wrong.serializeBinary())
}

export const timeoutError = (): status.Status =>
  error(4, 'Timeout', 'event_store.client.Timeout', new shared.Timeout().serializeBinary())

export const badRequestError = (message: string): status.Status =>
  error(
    3,
    'BadRequest',
    'event_store.client.BadRequest',
    new shared.BadRequest().setMessage(message).serializeBinary(),
  )

export const tooBigError = (most: number): status.Status =>
  error(
    3,
    'MaximumAppendSizeExceeded',
    'event_store.client.MaximumAppendSizeExceeded',
    new shared.MaximumAppendSizeExceeded().setMaxappendsize(most).serializeBinary(),
  )

/** What servers since 25 say of one event; older clients do not know it, so it is made by hand. */
export const eventTooBigError = (): status.Status =>
  error(
    3,
    'MaximumAppendEventSizeExceeded',
    'event_store.client.MaximumAppendEventSizeExceeded',
    new Uint8Array(),
  )

export const accessDeniedError = (): status.Status =>
  error(7, 'AccessDenied', 'event_store.client.AccessDenied', new shared.AccessDenied().serializeBinary())

export const streamDeletedError = (stream: string): status.Status =>
  error(
    9,
    'StreamDeleted',
    'event_store.client.StreamDeleted',
    new shared.StreamDeleted().setStreamIdentifier(identifier(stream)).serializeBinary(),
  )

export const streamDeleted = (stream: string) =>
  new GrpcStatus(9, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  })

const NO_LEADER = 'No leader info available in response'

export const noLeader = () => new GrpcStatus(2, NO_LEADER)

/** In a batch append it is an answer: only where the leader is known does the call end. */
export const noLeaderError = (): status.Status =>
  error(0, NO_LEADER, 'google.protobuf.Empty', new Empty().serializeBinary())

/** What a server says of a reading of all events from a place where none is. */
export const invalidPosition = () =>
  new GrpcStatus(3, 'Trying to read from an invalid position. Make sure the position is of an event.')

/** What it says where the prepare is after the commit. */
export const unlikelyPosition = () =>
  new GrpcStatus(
    2,
    'Exception was thrown by handler. ArgumentException: The commit position cannot be less than the prepare position',
  )

export const accessDenied = () => new GrpcStatus(7, 'Access Denied', { exception: 'access-denied' })

export const notLeader = (host: string, port: number) =>
  new GrpcStatus(5, 'Leader info available', {
    exception: 'not-leader',
    'leader-endpoint-host': host,
    'leader-endpoint-port': String(port),
  })
