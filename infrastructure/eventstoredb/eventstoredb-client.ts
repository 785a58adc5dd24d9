import { EventStoreDBClient, UnavailableError } from '@eventstore/db-client'
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import { errorText } from '../logging/error-facts.ts'
import { parseEventStoreDbUrl } from './eventstoredb-url.ts'

/** The arguments of a call of the generated client, beside its request. */
type CallArguments = Parameters<StreamsClient['batchAppend']>

/**
 * Private parts of the client that are needed here. Its appends share one table of the whole process. The failure of
 * one call there rejects the appends of others. Their later answers, or requests still to be sent, can then end the
 * process. So appends have a call of their own (batch-append.ts) on the client's connection.
 */
type Internals = {
  getGRPCClient<Client>(type: new (...given: never[]) => Client, name: string): Promise<Client>
  callArguments(base: { requiresLeader: boolean }, options: { deadline: number }): CallArguments
  handleError(client: StreamsClient, error: Error): Promise<void>
  getChannel(): Promise<{ close(): void }>
  createChannel(): Promise<Channel>
}

/** The parts of grpc-js's channels that are relied on; a channel makes no connection before its first call. */
type Channel = {
  getTarget(): string
  close(): void
  internalChannel: { credentials: unknown; options: ChannelOptions }
}
type ChannelOptions = { [name: string]: string | number }

/**
 * Options that the client does not set. Connections are a channel's own: grpc-js otherwise hands a stuck one to the
 * channel that replaces it, and has no limit for how long connecting takes. It otherwise also tries again less and less
 * often, in the end every two minutes.
 */
const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2_000,
}

/** A connection to the server or cluster. It opens with the first call, and opens again after it broke. */
export type Connection = { client: EventStoreDBClient; internals: Internals }

/** Throws an Error that says what is wrong with the connection string, and repeats nothing of it. */
export function connect(url: string, log: Logger): Connection {
  const client = opened(connectionString(url, log))
  // Private to TypeScript only; that they are there is checked at once.
  const internals = client as unknown as Internals
  for (const name of [
    'getGRPCClient',
    'callArguments',
    'handleError',
    'getChannel',
    'createChannel',
  ] as const)
    if (typeof internals[name] !== 'function')
      throw new Error(`@eventstore/db-client is of a version that this service does not know (no ${name})`)
  const { createChannel, handleError } = internals
  internals.createChannel = async () => withOptions(await createChannel())
  // The client calls it too, and lets nobody wait for it: where no node is found it would end the process.
  internals.handleError = async (of, error) => {
    try {
      await handleError(of, error)
    } catch (reason) {
      log.debug(
        { reason: errorText(reason) },
        'event store node not found, told by the calls that wait for one',
      )
    }
  }
  return { client, internals }
}

/** The same channel with CHANNEL_OPTIONS too; as it is where grpc-js is no longer what it was. */
function withOptions(channel: Channel): Channel {
  const { credentials, options } = channel.internalChannel ?? {}
  if (credentials === undefined || options === undefined) return channel
  channel.close()
  // The client's own class, whichever copy of grpc-js that is of.
  const ChannelClass = channel.constructor as new (
    target: string,
    credentials: unknown,
    options: ChannelOptions,
  ) => Channel
  return new ChannelClass(channel.getTarget(), credentials, { ...options, ...CHANNEL_OPTIONS })
}

function opened(url: string): EventStoreDBClient {
  try {
    return EventStoreDBClient.connectionString(url)
  } catch (error) {
    // The client's own error has the whole string as a property, and shows a part of it.
    const { message } = error instanceof Error ? error : new Error(String(error))
    const why = message.replace(/^Unexpected ".*?" at position/s, 'wrong at character')
    throw new Error(`the connection string of the event store is refused by its client: ${why}`)
  }
}

/**
 * Lets calls that begin later look for a node anew, and connect anew. The client does that by itself when a connection
 * breaks, and when a follower knows its leader. It does not when a node knows of no leader, or when nothing comes back.
 * Calls fail in crowds: it is done once in `everyMs` at most. Calls under way go on. Never rejects.
 */
export function leavingTheNode({ internals }: Connection, clock: Clock): (everyMs: number) => Promise<void> {
  let leftAt = Number.NEGATIVE_INFINITY
  return async (everyMs) => {
    const now = clock.now().epochMilliseconds
    if (now - leftAt < everyMs) return
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

/**
 * The connection string as the client takes it, without two options that must not reach it.
 * `throwOnAppendFailure=false` makes wrong expected versions look like successes. `tlsVerifyCert` is not honoured by
 * the client, which writes the whole string with its password to the console.
 */
function connectionString(url: string, log: Logger): string {
  const parsed = parseEventStoreDbUrl(url)
  if (!parsed.ok) throw new Error(`the connection string of the event store ${parsed.problem}`)
  const is = (name: string) => parsed.url.options.get(name)?.toLowerCase()
  if (is('tlsverifycert') === 'false' && is('tls') !== 'false')
    log.warn('event store certificate is verified all the same, name its authority by tlsCAFile')
  const [address = '', query = ''] = url.replace(/^kurrentdb/, 'esdb').split('?')
  const kept = query.split('&').filter((option) => !LEFT_OUT.has(nameOf(option)))
  return `${address}${kept.length === 0 ? '' : '?'}${kept.join('&')}`
}

const LEFT_OUT = new Set(['', 'tlsverifycert', 'throwonappendfailure'])

const nameOf = (option: string) => (option.split('=')[0] ?? '').toLowerCase().replace(/[_-]/g, '')
