/*
 * A double of EventStoreDB 24 nodes: their gRPC Streams API (Read, Append, BatchAppend, Delete, Tombstone), server features
 * and gossip, over real HTTP/2 and the client's own message definitions, on the embedded store. Built after the server's
 * published source and what was seen on a KurrentDB 26.1 node. The same contract suite runs on it and on a real server.
 *
 * As the server does: correlated batch appends with error details, idempotent appends, wrong expected versions on both
 * append paths, stream-not-found, filtered subscriptions with checkpoints counted as the server counts them (none at the
 * end of a catch-up: its older way, the harder one), caught-up, system events in $all, positions that are places in a
 * log, gzip of every message where the client offers it, ports that refuse when it is down, RST_STREAM at a shutdown;
 * retention by $maxCount, $maxAge and $tb, deleted streams that are written anew, tombstones; repetitions of what is not
 * kept any more as successes without a place, repetitions of what is on its way as Timeout, and so what is not
 * replicated; no reading of $all from a place that is no event's; users by name and password, TLS; clusters with one
 * leader, none, or one that a node cut off from the others does not know, as trailers or answers.
 *
 * Its limits: the nodes of a cluster share one log, so replication takes no time but where a test stops it, and who leads
 * is said by the test; no access control lists (`refuse` refuses everything); data is JSON only; metadata is followed
 * only where it came by gRPC; nothing is scavenged; no links, projections or persistent subscriptions; no transactions,
 * so commit and prepare are always equal; never "fell behind"; appends that expect any revision are idempotent for ever
 * (a server forgets ids when it starts); frozen, it still acknowledges HTTP/2 pings; its speed says nothing of the
 * server's.
 */
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js'
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import features from '@eventstore/db-client/generated/serverfeatures_pb.js'
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import type { EventStore } from '../../ports/event-store/event-store.ts'
import { appendNext } from './append-next.ts'
import { someEvents } from './events.ts'
import { append, batchAppend, remove } from './eventstoredb-appends.ts'
import { type Cluster, gossipOf, type Node, someCluster } from './eventstoredb-cluster.ts'
import { accessDenied, noLeader, notLeader } from './eventstoredb-messages.ts'
import { readEvents } from './eventstoredb-reads.ts'
import { type Replication, replication } from './eventstoredb-replication.ts'
import { type GrpcCall, GrpcStatus, grpcServer } from './grpc-server.ts'

export type EventStoreDbDouble = {
  /** Its connection string. The port stays the same when it is started again. */
  readonly url: string
  readonly port: number
  /** What it has stored, to be looked at past gRPC. */
  readonly store: EventStore
  /** Calls begun so far, by method name: 'Read', 'BatchAppend' … */
  readonly calls: ReadonlyMap<string, number>
  /** The messages sent by all readings so far. */
  readonly eventsSent: number
  /** Stops answering, with every connection left open; calls that come meanwhile wait. */
  freeze(): void
  thaw(): void
  /** Breaks every connection off and refuses new ones, until `start`. */
  kill(): Promise<void>
  start(): Promise<void>
  /** Kills it, and starts it again after as long as a real node takes at most: 2.2 s. */
  restart(): Promise<void>
  /** Stores the next append and breaks the connection off instead of answering. */
  loseNextAnswer(): void
  /** For writes that are accepted, answered Timeout, and kept or lost later. */
  readonly replication: Pick<Replication, 'stop' | 'goOn' | 'timeouts'>
  /** Ends every reading under way as a server does that shuts down: RST_STREAM with code 0, which gRPC makes code 13. */
  endReadings(): void
  /** From now on every call is refused, as to a user without rights. */
  refuse(how: 'ACCESS_DENIED' | undefined): void
  /** Makes it the leader of its cluster, which is then whole. A first node leads from the start. */
  lead(): void
  /** The same, after as long as an election took that followed a freeze: 7.6 s. */
  leadAfterElection(): Promise<void>
  /** Cuts it off from the rest of its cluster, which then has no leader until one is made: clients still reach it. */
  isolate(): void
  /** For the other nodes of its cluster. */
  readonly cluster: Cluster
  /** Appends as the server's own housekeeping does. */
  writeSystemEvents(count: number): Promise<void>
  close(): Promise<void>
}

const RESTART_MS = 2_200
const ELECTION_MS = 7_600

/**
 * Starts a double over the database at `path` on any free port, or on `port`. The cluster's data is gone when its last
 * node is closed.
 */
export async function startEventStoreDbDouble({
  path = ':memory:',
  port: wanted = 0,
  version = '24.10.0',
  cluster: joined,
  tls,
  user,
  maxEventBytes,
  commitTimeoutMs = 2_000,
}: {
  path?: string
  port?: number
  /** The version that it says it has. */
  version?: string
  /** The cluster that it joins. */
  cluster?: Cluster
  /** With a key and a certificate it speaks TLS only. */
  tls?: { key: string; cert: string }
  /** "name:password" without which nothing is served. */
  user?: string
  /** The most that one event may have, as servers since 25 are set to; none otherwise. */
  maxEventBytes?: number
  /** After how long a write that is not replicated is answered Timeout, in milliseconds (2,000, as a server comes). */
  commitTimeoutMs?: number
} = {}): Promise<EventStoreDbDouble> {
  const cluster = joined ?? (await someCluster(path))
  const { log } = cluster
  const { store, commits } = log
  const calls = new Map<string, number>()
  const readings = new Set<GrpcCall<unknown, unknown>>()
  let eventsSent = 0
  let thawed = Promise.withResolvers<void>()
  thawed.resolve()
  let losing = false
  let refusal: Parameters<EventStoreDbDouble['refuse']>[0]
  const server = grpcServer(tls)
  const replicating = replication(commitTimeoutMs)

  /** Why a call with these headers is not served; throws where that ends the call, whatever its method. */
  function refusalOf({ headers }: Pick<GrpcCall<unknown, unknown>, 'headers'>) {
    const { authorization } = headers
    if (user !== undefined && authorization !== undefined)
      if (authorization !== `Basic ${Buffer.from(user).toString('base64')}`)
        throw new GrpcStatus(16, 'Received HTTP status code 401')
    if (refusal || (user !== undefined && authorization === undefined)) return 'ACCESS_DENIED'
    if (headers['requires-leader'] !== 'true' || cluster.leader === node) return undefined
    if (node.isolated || !cluster.leader) return 'NO_LEADER'
    throw notLeader('127.0.0.1', cluster.leader.port)
  }
  function refuseToServe(call: Parameters<typeof refusalOf>[0]): void {
    const why = refusalOf(call)
    if (why) throw why === 'NO_LEADER' ? noLeader() : accessDenied()
  }
  async function begin(name: string): Promise<void> {
    calls.set(name, (calls.get(name) ?? 0) + 1)
    await thawed.promise
  }
  const appending = (call: Pick<GrpcCall<unknown, unknown>, 'headers' | 'hangUp'>) => ({
    log,
    replication: replicating,
    refusal: () => refusalOf(call),
    maxEventBytes,
    async answering() {
      await thawed.promise
      if (!losing) return true
      losing = false
      call.hangUp()
      return false
    },
  })

  server.handle(StreamsService.read, async (call) => {
    await begin('Read')
    refuseToServe(call)
    const sending: typeof call = {
      ...call,
      async send(message) {
        await thawed.promise
        eventsSent += 1
        await call.send(message)
      },
    }
    readings.add(call)
    try {
      for await (const request of call.requests) await readEvents(log, sending, request)
    } finally {
      readings.delete(call)
    }
  })
  server.handle(StreamsService.append, async (call) => {
    await begin('Append')
    await append(appending(call), call)
  })
  server.handle(StreamsService.batchAppend, async (call) => {
    await begin('BatchAppend')
    await batchAppend(appending(call), call)
  })
  server.handle(StreamsService.delete, async (call) => {
    await begin('Delete')
    refuseToServe(call)
    const place = new streams.DeleteResp.Position().setCommitPosition(
      await remove(log, call, 'until it is written again'),
    )
    await call.send(new streams.DeleteResp().setPosition(place))
  })
  server.handle(StreamsService.tombstone, async (call) => {
    await begin('Tombstone')
    refuseToServe(call)
    const place = new streams.TombstoneResp.Position().setCommitPosition(await remove(log, call, 'for good'))
    await call.send(new streams.TombstoneResp().setPosition(place))
  })
  server.handle(ServerFeaturesService.getSupportedMethods, async (call) => {
    await thawed.promise
    const methods = ['append', 'batchappend', 'read', 'delete', 'tombstone'].map((name) =>
      new features.SupportedMethod().setServiceName('event_store.client.streams.streams').setMethodName(name),
    )
    await call.send(
      new features.SupportedMethods().setEventStoreServerVersion(version).setMethodsList(methods),
    )
  })
  server.handle(GossipService.read, async (call) => {
    await begin('Gossip')
    await call.send(gossipOf(cluster, node))
  })

  const writeSystemEvents = async (count: number) => {
    const events = someEvents(count, '$statsCollected')
    await appendNext(store, '$stats-127.0.0.1:2113', events)
    commits.notify()
  }
  // A new node is not empty either: users, settings, epochs.
  if ((await store.head()) === '') await writeSystemEvents(5)
  const port = await server.listen(wanted)
  const node: Node = { port, alive: true, isolated: false }
  cluster.nodes.push(node)
  cluster.leader ??= node

  const lead = () => {
    cluster.leader = node
    node.isolated = false
  }
  const kill = async () => {
    node.alive = false
    await server.kill()
  }
  const start = async () => {
    await server.listen(port)
    node.alive = true
  }
  return {
    cluster,
    url: tls ? `esdb://127.0.0.1:${port}` : `esdb://127.0.0.1:${port}?tls=false`,
    port,
    store,
    calls,
    get eventsSent() {
      return eventsSent
    },
    freeze() {
      thawed = Promise.withResolvers()
    },
    thaw: () => thawed.resolve(),
    kill,
    start,
    async restart() {
      await kill()
      await systemClock.delay(RESTART_MS)
      await start()
    },
    replication: replicating,
    loseNextAnswer() {
      losing = true
    },
    endReadings() {
      for (const call of readings) call.reset()
    },
    refuse(how) {
      refusal = how
    },
    lead,
    async leadAfterElection() {
      await systemClock.delay(ELECTION_MS)
      lead()
    },
    isolate() {
      if (cluster.leader === node) cluster.leader = undefined
      node.isolated = true
    },
    writeSystemEvents,
    async close() {
      thawed.resolve()
      await server.kill().catch(() => 'not running')
      cluster.nodes.splice(cluster.nodes.indexOf(node), 1)
      if (cluster.nodes.length === 0) await cluster.close()
    },
  }
}
