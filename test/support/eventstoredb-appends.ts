import { randomUUID } from 'node:crypto'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import type status from '@eventstore/db-client/generated/status_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import type { AppendResult, NewEvent, RecordedEvent } from '../../ports/event-store/event-store.ts'
import { appendNext } from './append-next.ts'
import { DELETED, type DoubleLog, retained } from './eventstoredb-log.ts'
import {
  accessDenied,
  accessDeniedError,
  badRequestError,
  type Expected,
  eventTooBigError,
  identifier,
  nameOf,
  noLeader,
  noLeaderError,
  streamDeleted,
  streamDeletedError,
  timeoutError,
  toLog,
  tooBigError,
  wrongVersionError,
} from './eventstoredb-messages.ts'
import type { Replication } from './eventstoredb-replication.ts'
import { type GrpcCall, GrpcStatus } from './grpc-server.ts'

/**
 * `refusal` says why a call is not served, or throws where that ends the call. `answering` is awaited between storing and
 * answering; false: no answer is given.
 */
export type AppendDeps = {
  log: DoubleLog
  replication: Replication
  refusal(): 'ACCESS_DENIED' | 'NO_LEADER' | undefined
  answering(): Promise<boolean>
  /** The most that one event may have, where there is such a limit. */
  maxEventBytes: number | undefined
}

/** As of KurrentDB; EventStoreDB 23 and 24 come with 1 MiB. */
const MAX_APPEND_BYTES = 16 * 1024 * 1024

type Proposed = streams.BatchAppendReq.ProposedMessage | streams.AppendReq.ProposedMessage
type Batch = { stream: string; expected: Expected; until: number; events: Proposed[] }

/** Streams.BatchAppend: any number of appends on one call, answered by correlation id. */
export async function batchAppend(
  deps: AppendDeps,
  call: GrpcCall<streams.BatchAppendReq, streams.BatchAppendResp>,
): Promise<void> {
  const pending = new Map<string, Batch>()
  const answers: Promise<void>[] = []
  for await (const request of call.requests) {
    const correlation =
      request.getCorrelationId()?.getString() || JSON.stringify(request.getCorrelationId()?.toObject())
    const options = request.getOptions()
    if (options) pending.set(correlation, batchOf(options))
    const batch = pending.get(correlation)
    batch?.events.push(...request.getProposedMessagesList())
    if (!batch || !request.getIsFinal()) continue
    pending.delete(correlation)
    const refusal = deps.refusal()
    answers.push(
      outcomeOf(deps, batch, refusal).then(async (outcome) => {
        if (!(await deps.answering())) return
        const answer = new streams.BatchAppendResp()
          .setCorrelationId(request.getCorrelationId())
          .setStreamIdentifier(identifier(batch.stream))
        await call.send(
          'getCode' in outcome ? answer.setError(outcome) : answer.setSuccess(successOf(outcome)),
        )
      }),
    )
  }
  await Promise.all(answers)
}

/** `position` is empty where the server does not say: what it recognised is not there any more. */
type Stored = { revision: number; position: string }

function successOf({ revision, position }: Stored) {
  const success = new streams.BatchAppendResp.Success().setCurrentRevision(String(revision))
  if (position === '') return success.setNoPosition(new shared.Empty())
  const place = new shared.AllStreamPosition()
    .setCommitPosition(toLog(position))
    .setPreparePosition(toLog(position))
  return success.setPosition(place)
}

/** Streams.Append: one append a call; a wrong expected version is an answer, not an error. */
export async function append(
  deps: AppendDeps,
  call: GrpcCall<streams.AppendReq, streams.AppendResp>,
): Promise<void> {
  const batch: Batch = { stream: '', expected: 'any', until: Number.POSITIVE_INFINITY, events: [] }
  for await (const request of call.requests) {
    const options = request.getOptions()
    if (options) {
      batch.stream = nameOf(options.getStreamIdentifier())
      batch.expected = expectedOf(options, options.hasRevision(), options.getRevision())
    }
    const event = request.getProposedMessage()
    if (event) batch.events.push(event)
  }
  const refusal = deps.refusal()
  if (refusal) throw refusal === 'NO_LEADER' ? noLeader() : accessDenied()
  const outcome = await replicated(deps, batch)
  if (outcome === 'STREAM_DELETED') throw streamDeleted(batch.stream)
  if (outcome === 'TIMEOUT') throw new GrpcStatus(10, 'Timeout')
  if (!(await deps.answering())) return
  if (outcome.ok) {
    const place = new streams.AppendResp.Position()
      .setCommitPosition(toLog(outcome.position))
      .setPreparePosition(toLog(outcome.position))
    const success = new streams.AppendResp.Success()
      .setCurrentRevision(String(outcome.revision))
      .setPosition(place)
    return call.send(new streams.AppendResp().setSuccess(success))
  }
  const wrong = new streams.AppendResp.WrongExpectedVersion()
  if (outcome.actual === 'no-stream') wrong.setCurrentNoStream(new shared.Empty())
  else wrong.setCurrentRevision(String(outcome.actual))
  if (typeof batch.expected === 'number') wrong.setExpectedRevision(String(batch.expected))
  else if (batch.expected === 'no-stream') wrong.setExpectedNoStream(new shared.Empty())
  else wrong.setExpectedAny(new shared.Empty())
  await call.send(new streams.AppendResp().setWrongExpectedVersion(wrong))
}

async function outcomeOf(
  deps: AppendDeps,
  batch: Batch,
  refusal: ReturnType<AppendDeps['refusal']>,
): Promise<status.Status | Stored> {
  const { maxEventBytes = MAX_APPEND_BYTES } = deps
  if (refusal) return refusal === 'NO_LEADER' ? noLeaderError() : accessDeniedError()
  if (batch.until <= Date.now()) return timeoutError()
  const sizes = batch.events.map((event) => event.getData_asU8().length)
  if (sizes.some((size) => size > maxEventBytes)) return eventTooBigError()
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  if (bytes > MAX_APPEND_BYTES) return tooBigError(MAX_APPEND_BYTES)
  try {
    const result = await replicated(deps, batch)
    if (result === 'STREAM_DELETED') return streamDeletedError(batch.stream)
    if (result === 'TIMEOUT') return timeoutError()
    return result.ok ? result : wrongVersionError(batch.expected, result.actual)
  } catch (error) {
    return badRequestError(String(error))
  }
}

const replicated = ({ log, replication }: AppendDeps, batch: Batch) =>
  replication.write(
    batch.stream,
    batch.events.map((event) => event.getId()?.getString() ?? ''),
    () => store(log, batch),
  )

async function store(
  log: DoubleLog,
  { stream, expected: given, events: proposed }: Batch,
): Promise<AppendResult | 'STREAM_DELETED'> {
  const events = proposed.map(newEvent)
  const retention = log.retentionOf(stream)
  if (retention?.tombstoned) return 'STREAM_DELETED'
  const deleted = retention?.truncateBefore === DELETED
  const gone = retention && (await goneRepetition(log, stream, events))
  if (gone) return { ok: true, revision: gone.revision, position: '' }
  const known = given === 'exists' || deleted ? (await log.store.readStream(stream)).at(-1) : undefined
  if (given === 'exists' && (!known || deleted))
    return { ok: false, error: 'WRONG_EXPECTED_REVISION', actual: 'no-stream' }
  // What was deleted may be written anew as if it had never been, and goes on counting.
  const anew = deleted && given === 'no-stream' && known ? known.revision : given
  const result =
    anew === 'exists' || anew === 'any'
      ? await appendNext(log.store, stream, events)
      : await log.store.append(stream, anew, events)
  if (!result.ok) return result
  for (const event of events) log.took(stream, event)
  if (deleted && known) await setMetadata(log, stream, { $tb: known.revision + 1 })
  log.commits.notify()
  return result
}

/** The last of the events where they are known, and what the stream keeps has left them behind. */
async function goneRepetition(
  { store, retentionOf }: DoubleLog,
  stream: string,
  events: readonly NewEvent[],
): Promise<RecordedEvent | undefined> {
  const all = await store.readStream(stream)
  const last = all.find(({ id }) => id === events.at(-1)?.id)
  const retention = retentionOf(stream)
  const left = retention?.truncateBefore === DELETED ? [] : retained(all, retention, systemClock.now())
  return last && !left.includes(last) ? last : undefined
}

async function setMetadata(log: DoubleLog, stream: string, data: NewEvent['data']): Promise<AppendResult> {
  const event = systemEvent('$metadata', data)
  const result = await appendNext(log.store, `$$${stream}`, [event])
  log.took(`$$${stream}`, event)
  log.commits.notify()
  return result
}

/** Streams.Delete and Streams.Tombstone, whatever revision they expect. */
export async function remove(
  log: DoubleLog,
  call: GrpcCall<streams.DeleteReq | streams.TombstoneReq, unknown>,
  how: 'until it is written again' | 'for good',
): Promise<string> {
  let stream = ''
  for await (const request of call.requests) stream = nameOf(request.getOptions()?.getStreamIdentifier())
  if (log.retentionOf(stream)?.tombstoned) throw streamDeleted(stream)
  if (how === 'until it is written again') return placeOf(await setMetadata(log, stream, { $tb: DELETED }))
  const event = systemEvent('$streamDeleted', {})
  const result = await appendNext(log.store, stream, [event])
  log.took(stream, event)
  log.commits.notify()
  return placeOf(result)
}

const placeOf = (result: AppendResult) => toLog(result.ok ? result.position : '')

const systemEvent = (type: string, data: NewEvent['data']): NewEvent => ({
  id: randomUUID(),
  type,
  data,
  metadata: { correlationId: randomUUID(), causationId: randomUUID(), actor: 'operator:server' },
})

function newEvent(event: Proposed): NewEvent {
  const text = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString() || '{}')
  return {
    id: event.getId()?.getString() ?? '',
    type: event.getMetadataMap().get('type') ?? '',
    data: text(event.getData_asU8()),
    metadata: text(event.getCustomMetadata_asU8()),
  }
}

const batchOf = (options: streams.BatchAppendReq.Options): Batch => ({
  stream: nameOf(options.getStreamIdentifier()),
  expected: expectedOf(options, options.hasStreamPosition(), options.getStreamPosition()),
  until: options.getDeadline()?.toDate().getTime() ?? Number.POSITIVE_INFINITY,
  events: [],
})

function expectedOf(
  options: { hasNoStream(): boolean; hasStreamExists(): boolean },
  exact: boolean,
  revision: string,
): Expected {
  if (exact) return Number(revision)
  if (options.hasNoStream()) return 'no-stream'
  return options.hasStreamExists() ? 'exists' : 'any'
}
