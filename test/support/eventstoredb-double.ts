/*
 * A double of an EventStoreDB 24 node: its gRPC Streams API (Read, Append, BatchAppend), server features and gossip, over
 * real HTTP/2 and the client's own message definitions, on the embedded store. Built after the server's published source
 * and what was seen on a KurrentDB 26.1 node. The same contract suite runs on it and on a real server.
 *
 * As the server does: correlated batch appends with error details, idempotent appends, wrong expected versions on both
 * append paths, stream-not-found, filtered subscriptions with checkpoints counted as the server counts them (none at the
 * end of a catch-up: its older way, the harder one), caught-up, system events in $all, positions that are places in a
 * log, gzip where the client offers it, ports that refuse when it is down, RST_STREAM at a shutdown.
 *
 * Its limits: one node, which can at most say that another is the leader; no TLS, users or access control lists (`deny`
 * refuses everything); data is JSON only; no deleting, truncating, links, projections or persistent subscriptions; no
 * transactions, so commit and prepare are always equal; never "fell behind"; frozen, it still acknowledges HTTP/2 pings;
 * its speed says nothing of the server's.
 */
import { randomUUID } from 'node:crypto'
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js'
import gossip from '@eventstore/db-client/generated/gossip_pb.js'
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import features from '@eventstore/db-client/generated/serverfeatures_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import { systemClock } from '../../infrastructure/clock/clock.ts'
import { commitSignal } from '../../infrastructure/event-store/commit-signal.ts'
import type { EventStore } from '../../infrastructure/event-store/event-store.ts'
import { sqliteEventStore } from '../../infrastructure/event-store/sqlite-event-store.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { someEvents } from './events.ts'
import { append, batchAppend } from './eventstoredb-appends.ts'
import { accessDenied, notLeader } from './eventstoredb-messages.ts'
import { readEvents } from './eventstoredb-reads.ts'
import { type GrpcCall, grpcServer } from './grpc-server.ts'

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
  /** Stores the next append and breaks the connection off instead of answering. */
  loseNextAnswer(): void
  /** Ends every reading under way as a server does that shuts down: RST_STREAM with code 0, which gRPC makes code 13. */
  endReadings(): void
  /** From now on every call is refused: as to a user without rights, or as by a follower whose leader is elsewhere. */
  refuse(how: 'ACCESS_DENIED' | { leader: { host: string; port: number } } | undefined): void
  /** Appends as the server's own housekeeping does. */
  writeSystemEvents(count: number): Promise<void>
  close(): Promise<void>
}

/** Starts a double over the database at `path` on any free port, or on `port`. */
export async function startEventStoreDbDouble({
  path = ':memory:',
  port: wanted = 0,
  version = '24.10.0',
  batch = true,
}: {
  path?: string
  port?: number
  /** The version that it says it has. */
  version?: string
  /** Whether it offers BatchAppend; clients use Append otherwise. */
  batch?: boolean
} = {}): Promise<EventStoreDbDouble> {
  const database = openDatabase(path)
  const store = sqliteEventStore(database, { clock: systemClock })
  const commits = commitSignal()
  const calls = new Map<string, number>()
  const readings = new Set<GrpcCall<unknown, unknown>>()
  let eventsSent = 0
  let thawed = Promise.withResolvers<void>()
  thawed.resolve()
  let losing = false
  let refusal: Parameters<EventStoreDbDouble['refuse']>[0]
  const server = grpcServer()

  function denied(): boolean {
    if (typeof refusal === 'object') throw notLeader(refusal.leader.host, refusal.leader.port)
    return refusal === 'ACCESS_DENIED'
  }
  async function begin(name: string): Promise<void> {
    calls.set(name, (calls.get(name) ?? 0) + 1)
    await thawed.promise
  }
  const appending = (hangUp: () => void) => ({
    store,
    denied,
    stored: () => commits.notify(),
    async answering() {
      await thawed.promise
      if (!losing) return true
      losing = false
      hangUp()
      return false
    },
  })

  server.handle(StreamsService.read, async (call) => {
    await begin('Read')
    if (denied()) throw accessDenied()
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
      for await (const request of call.requests) await readEvents({ store, commits }, sending, request)
    } finally {
      readings.delete(call)
    }
  })
  server.handle(StreamsService.append, async (call) => {
    await begin('Append')
    await append(appending(call.hangUp), call)
  })
  server.handle(StreamsService.batchAppend, async (call) => {
    await begin('BatchAppend')
    await batchAppend(appending(call.hangUp), call)
  })
  server.handle(ServerFeaturesService.getSupportedMethods, async (call) => {
    await thawed.promise
    const methods = [...['append', 'read', 'delete', 'tombstone'], ...(batch ? ['batchappend'] : [])].map(
      (name) =>
        new features.SupportedMethod()
          .setServiceName('event_store.client.streams.streams')
          .setMethodName(name),
    )
    await call.send(
      new features.SupportedMethods().setEventStoreServerVersion(version).setMethodsList(methods),
    )
  })
  server.handle(GossipService.read, async (call) => {
    await thawed.promise
    const member = new gossip.MemberInfo()
      .setInstanceId(new shared.UUID().setString(randomUUID()))
      .setState(gossip.MemberInfo.VNodeState.LEADER)
      .setIsAlive(true)
      .setHttpEndPoint(new gossip.EndPoint().setAddress('127.0.0.1').setPort(port))
    await call.send(new gossip.ClusterInfo().setMembersList([member]))
  })

  const writeSystemEvents = async (count: number) => {
    const events = someEvents(count, '$statsCollected')
    await store.append('$stats-127.0.0.1:2113', 'any', events)
    commits.notify()
  }
  // A new node is not empty either: users, settings, epochs.
  if ((await store.head()) === '') await writeSystemEvents(5)
  const port = await server.listen(wanted)

  return {
    url: `esdb://127.0.0.1:${port}?tls=false`,
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
    kill: () => server.kill(),
    async start() {
      await server.listen(port)
    },
    loseNextAnswer() {
      losing = true
    },
    endReadings() {
      for (const call of readings) call.reset()
    },
    refuse(how) {
      refusal = how
    },
    writeSystemEvents,
    async close() {
      thawed.resolve()
      await server.kill().catch(() => 'not running')
      await store.close()
      await database.close()
    },
  }
}
