import { EventStoreDBClient, UnavailableError } from '@eventstore/db-client'
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import type { Clock } from '../clock/clock.ts'

/** What a call of the generated client takes beside its request. */
type CallArguments = Parameters<StreamsClient['batchAppend']>

/**
 * The parts of the client that it keeps to itself and that are needed here: its appends share one table of the whole
 * process, in which the failure of one call rejects the appends of others and lets their later answers, or what was
 * waiting to be sent, end the process. So appends have a call of their own (batch-append.ts) on the client's connection.
 */
type Internals = {
  getGRPCClient<Client>(type: new (...given: never[]) => Client, name: string): Promise<Client>
  callArguments(base: { requiresLeader: boolean }, options: { deadline: number }): CallArguments
  handleError(client: StreamsClient, error: Error): Promise<void>
  getChannel(): Promise<{ close(): void }>
}

/** A connection to the server or cluster. It opens with the first call, and opens again after it broke. */
export type Connection = { client: EventStoreDBClient; internals: Internals }

/** Throws an Error that says what is wrong with the connection string. */
export function connect(url: string): Connection {
  const client = EventStoreDBClient.connectionString(connectionString(url))
  // Private to TypeScript only; that they are there is checked at once.
  const internals = client as unknown as Internals
  for (const name of ['getGRPCClient', 'callArguments', 'handleError', 'getChannel'] as const)
    if (typeof internals[name] !== 'function')
      throw new Error(`@eventstore/db-client is of a version that this service does not know (no ${name})`)
  return { client, internals }
}

/** Calls fail in crowds: one of them is enough to look for another node. */
const LEAVE_EVERY_MS = 500

/**
 * Lets calls that begin later look for a node anew: the client does that by itself where a connection breaks and where a
 * follower knows its leader, but not where a node answers that it knows of none. Never rejects.
 */
export function leavingTheNode({ internals }: Connection, clock: Clock): () => Promise<void> {
  let leftAt = Number.NEGATIVE_INFINITY
  return async () => {
    const now = clock.now().epochMilliseconds
    if (now - leftAt < LEAVE_EVERY_MS) return
    leftAt = now
    try {
      const client = await internals.getGRPCClient(StreamsClient, 'leave')
      await internals.handleError(client, new UnavailableError())
    } catch {
      // No node was found at all: that is looked for with the next call anyway.
    }
  }
}

/** Ends every call on the connection, then the connection. Never rejects. */
export async function disconnect({ client, internals }: Connection): Promise<void> {
  await client.dispose().catch(() => 'no call was under way')
  // Without a connection this makes one, which may have to look for a node first: not to be waited for.
  void internals.getChannel().then(
    (channel) => channel.close(),
    () => 'there was none',
  )
}

/** The later of two entries counts; `false` would make wrong expected versions look like successes. */
function connectionString(url: string): string {
  const esdb = url.replace(/^kurrentdb/, 'esdb')
  return `${esdb}${esdb.includes('?') ? '&' : '?'}throwOnAppendFailure=true`
}
