import streams from '@eventstore/db-client/generated/streams_pb.js'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { DELETED, type DoubleLog, type LogEntry, retained } from './eventstoredb-log.ts'
import {
  caughtUpMessage,
  checkpointMessage,
  eventMessage,
  fromLog,
  invalidPosition,
  nameOf,
  streamDeleted,
  unlikelyPosition,
} from './eventstoredb-messages.ts'
import { type GrpcCall, GrpcStatus } from './grpc-server.ts'

type ReadCall = GrpcCall<streams.ReadReq, streams.ReadResp>
/** Events looked at for one page of a reading without a filter, as on the server. */
const BATCH = 32

/** Streams.Read for a stream or $all, forwards or backwards, and for subscriptions to $all. */
export async function readEvents(log: DoubleLog, call: ReadCall, request: streams.ReadReq): Promise<void> {
  const options = request.getOptions()
  const all = options?.getAll()
  if (all?.hasPosition()) await refuseNoPlace(log, all)
  const stream = options?.getStream()
  if (options?.hasSubscription() && all) return subscribe(log, call, options, all)
  const count = Number(options?.getCount())
  const backwards = options?.getReadDirection() === 1
  if (stream) return readStream(log, call, stream, { count, backwards })
  if (all) return readAll(log, call, all, { count, backwards })
  throw new GrpcStatus(3, 'The combination is invalid.')
}

async function refuseNoPlace(log: DoubleLog, all: streams.ReadReq.Options.AllOptions): Promise<void> {
  const commit = BigInt(all.getPosition()?.getCommitPosition() ?? '0')
  if (BigInt(all.getPosition()?.getPreparePosition() ?? '0') > commit) throw unlikelyPosition()
  if (!(await log.isPlace(commit))) throw invalidPosition()
}

async function readStream(
  { store, retentionOf }: DoubleLog,
  call: ReadCall,
  given: streams.ReadReq.Options.StreamOptions,
  { count, backwards }: { count: number; backwards: boolean },
): Promise<void> {
  const name = nameOf(given.getStreamIdentifier())
  const retention = retentionOf(name)
  if (retention?.tombstoned) throw streamDeleted(name)
  const all = await store.readStream(name)
  if (all.length === 0 || retention?.truncateBefore === DELETED) {
    const missing = new streams.ReadResp.StreamNotFound().setStreamIdentifier(given.getStreamIdentifier())
    return call.send(new streams.ReadResp().setStreamNotFound(missing))
  }
  const left = retained(all, retention, systemClock.now())
  const fromRevision = !backwards && given.hasRevision() ? Number(given.getRevision()) : 0
  const wanted = left.filter(({ revision }) => revision >= fromRevision)
  for (const event of (backwards ? wanted.toReversed() : wanted).slice(0, count))
    await call.send(eventMessage(event))
}

async function readAll(
  { store, after: entriesAfter }: DoubleLog,
  call: ReadCall,
  given: streams.ReadReq.Options.AllOptions,
  { count, backwards }: { count: number; backwards: boolean },
): Promise<void> {
  if (backwards) {
    // Only what the adapter asks for: the last few of all.
    const head = Number((await store.head()) || '0')
    const from = Math.max(0, head - count)
    const after = from === 0 ? '' : String(from).padStart(20, '0')
    const { events } = await store.readAll({ after, limit: count })
    for (const event of events.toReversed()) await call.send(eventMessage(event))
    return
  }
  let after = given.hasPosition() ? fromLog(given.getPosition()?.getCommitPosition() ?? '0') : ''
  for (let left = count; left > 0; ) {
    const { entries, end } = await entriesAfter(after, Math.min(left, BATCH))
    for (const { bytes } of entries) await call.send(bytes)
    left -= entries.length
    after = entries.at(-1)?.position ?? after
    if (end || call.over.aborted) return
  }
}

async function subscribe(
  { store, commits, after }: DoubleLog,
  call: ReadCall,
  options: streams.ReadReq.Options,
  all: streams.ReadReq.Options.AllOptions,
): Promise<void> {
  const confirmation = new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId('subscription')
  await call.send(new streams.ReadResp().setConfirmation(confirmation))
  const filter = options.getFilter()
  const matches = matcher(filter)
  const window = filter?.hasMax() ? filter.getMax() : BATCH
  const interval = filter ? window * filter.getCheckpointintervalmultiplier() : Number.POSITIVE_INFINITY
  let position = all.hasEnd() ? await store.head() : fromLog(all.getPosition()?.getCommitPosition() ?? '0')
  // A position beyond the end is taken as the end is: the events until then are not given.
  let considered = 0
  let live = false
  while (!call.over.aborted) {
    const seen = commits.count
    const { entries, end } = await after(position, window)
    for (const entry of entries) {
      if (matches(entry)) await call.send(entry.bytes)
      considered += 1
      position = entry.position
      // Live, the server counts event by event. Catching up it counts pages, and says nothing at the end of the last.
      if (live && considered >= interval) {
        considered = 0
        await call.send(checkpointMessage(position))
      }
    }
    if (!end) {
      if (!live && considered >= interval) {
        considered %= interval
        await call.send(checkpointMessage(position))
      }
      continue
    }
    if (!live) await call.send(caughtUpMessage())
    live = true
    await commits.after(seen, call.over)
  }
}

function matcher(filter: streams.ReadReq.Options.FilterOptions | undefined): (entry: LogEntry) => boolean {
  if (!filter) return () => true
  const onStream = filter.hasStreamIdentifier()
  const expression = onStream ? filter.getStreamIdentifier() : filter.getEventType()
  const regex = expression?.getRegex() ? new RegExp(expression.getRegex()) : undefined
  const prefixes = expression?.getPrefixList() ?? []
  return ({ stream, type }) => {
    const text = onStream ? stream : type
    return regex ? regex.test(text) : prefixes.some((prefix) => text.startsWith(prefix))
  }
}
