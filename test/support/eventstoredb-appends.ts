import shared from '@eventstore/db-client/generated/shared_pb.js'
import type status from '@eventstore/db-client/generated/status_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { AppendResult, EventStore, NewEvent } from '../../infrastructure/event-store/event-store.ts'
import {
  accessDenied,
  accessDeniedError,
  badRequestError,
  type Expected,
  identifier,
  nameOf,
  timeoutError,
  toLog,
  tooBigError,
  wrongVersionError,
} from './eventstoredb-messages.ts'
import type { GrpcCall } from './grpc-server.ts'

/** `answering` is awaited between storing and answering; false: no answer is given. */
export type AppendDeps = {
  store: EventStore
  denied(): boolean
  stored(): void
  answering(): Promise<boolean>
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
    const denied = deps.denied()
    answers.push(
      outcomeOf(deps, batch, denied).then(async (outcome) => {
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

function successOf({ revision, position }: { revision: number; position: string }) {
  const place = new shared.AllStreamPosition()
    .setCommitPosition(toLog(position))
    .setPreparePosition(toLog(position))
  return new streams.BatchAppendResp.Success().setCurrentRevision(String(revision)).setPosition(place)
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
  if (deps.denied()) throw accessDenied()
  const outcome = await store(deps, batch)
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
  denied: boolean,
): Promise<status.Status | { revision: number; position: string }> {
  if (denied) return accessDeniedError()
  if (batch.until <= Date.now()) return timeoutError()
  const bytes = batch.events.reduce((sum, event) => sum + event.getData_asU8().length, 0)
  if (bytes > MAX_APPEND_BYTES) return tooBigError(MAX_APPEND_BYTES)
  try {
    const result = await store(deps, batch)
    return result.ok ? result : wrongVersionError(batch.expected, result.actual)
  } catch (error) {
    return badRequestError(String(error))
  }
}

async function store(
  { store, stored }: AppendDeps,
  { stream, expected, events }: Batch,
): Promise<AppendResult> {
  const known = expected === 'exists' ? (await store.readStream(stream)).at(-1) : undefined
  if (expected === 'exists' && !known)
    return { ok: false, error: 'WRONG_EXPECTED_REVISION', actual: 'no-stream' }
  const result = await store.append(stream, expected === 'exists' ? 'any' : expected, events.map(newEvent))
  stored()
  return result
}

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
