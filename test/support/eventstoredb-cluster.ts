import { randomUUID } from 'node:crypto'
import gossip from '@eventstore/db-client/generated/gossip_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import { commitSignal } from '../../ports/event-store/commit-signal.ts'
import { type DoubleLog, doubleLog } from './eventstoredb-log.ts'

/** `isolated`: the other nodes do not reach it, nor it them. */
export type Node = { readonly port: number; alive: boolean; isolated: boolean }

/** Nodes that share a log. */
export type Cluster = {
  readonly log: DoubleLog
  readonly nodes: Node[]
  leader: Node | undefined
  close(): Promise<void>
}

/** A cluster without nodes over the database at `path`. */
export async function someCluster(path: string): Promise<Cluster> {
  const database = openDatabase(path)
  const store = sqliteEventStore(database, { clock: systemClock })
  return {
    log: await doubleLog(store, commitSignal()),
    nodes: [],
    leader: undefined,
    async close() {
      await store.close()
      await database.close()
    },
  }
}

/** What a node tells of its cluster. */
export function gossipOf({ nodes, leader }: Cluster, node: Node): gossip.ClusterInfo {
  const { LEADER, FOLLOWER, UNKNOWN } = gossip.MemberInfo.VNodeState
  const seen = nodes.filter((one) => one === node || !(node.isolated || one.isolated))
  const stateOf = (one: Node) => {
    if (one.isolated || !leader) return UNKNOWN
    return one === leader ? LEADER : FOLLOWER
  }
  const members = seen.map((one) =>
    new gossip.MemberInfo()
      .setInstanceId(new shared.UUID().setString(randomUUID()))
      .setState(stateOf(one))
      .setIsAlive(one.alive)
      .setHttpEndPoint(new gossip.EndPoint().setAddress('127.0.0.1').setPort(one.port)),
  )
  return new gossip.ClusterInfo().setMembersList(members)
}
