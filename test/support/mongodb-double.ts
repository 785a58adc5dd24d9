import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { BSON } from 'mongodb'
import type { Certified } from './certificates.ts'
import { endableServer, type RunningServer } from './endable-server.ts'

const HEADER_BYTES = 16
const OP_REPLY = 1
const OP_QUERY = 2004
const OP_MSG = 2013

/**
 * OLD: says of itself what MongoDB 3.6 says. REFUSES_CREDENTIALS: as a MongoDB 8 whose user has another password.
 * STANDALONE: one that is no replica set, with nothing in it.
 */
export type MongodbKind = 'OLD' | 'REFUSES_CREDENTIALS' | 'STANDALONE'

type Command = { [name: string]: unknown }

/** A server of MongoDB's wire protocol that answers no more than what shows its kind. */
export function mongodbDouble(
  kind: MongodbKind,
  { port = 0, certified }: { port?: number; certified?: Certified } = {},
): Promise<RunningServer> {
  const serve = (socket: Socket) => {
    let received = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes])
      while (received.length >= HEADER_BYTES && received.length >= received.readInt32LE(0)) {
        const length = received.readInt32LE(0)
        socket.write(answerTo(received.subarray(0, length), kind))
        received = received.subarray(length)
      }
    })
  }
  return endableServer(certified ? createTlsServer(certified, serve) : createServer(serve), port)
}

/** Of the form that the request has: the very first is of the older one. */
function answerTo(request: Buffer, kind: MongodbKind): Buffer {
  const isQuery = request.readInt32LE(12) === OP_QUERY
  const command = isQuery ? { hello: 1 } : BSON.deserialize(request.subarray(HEADER_BYTES + 5))
  const answer = BSON.serialize(said(command, kind))
  // OP_REPLY: flags, cursor, first, count. OP_MSG: flags, then a section of kind 0.
  const before = isQuery ? Buffer.alloc(20) : Buffer.alloc(5)
  if (isQuery) before.writeInt32LE(1, 16)
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeInt32LE(HEADER_BYTES + before.length + answer.length, 0)
  header.writeInt32LE(request.readInt32LE(4), 8)
  header.writeInt32LE(isQuery ? OP_REPLY : OP_MSG, 12)
  return Buffer.concat([header, before, answer])
}

function said(command: Command, kind: MongodbKind): Command {
  if ('hello' in command || 'ismaster' in command || 'isMaster' in command)
    return {
      ok: 1,
      ismaster: true,
      isWritablePrimary: true,
      minWireVersion: 0,
      maxWireVersion: kind === 'OLD' ? 6 : 25,
      maxBsonObjectSize: 16_777_216,
      maxMessageSizeBytes: 48_000_000,
      maxWriteBatchSize: 100_000,
    }
  if ('saslStart' in command)
    return { ok: 0, code: 18, codeName: 'AuthenticationFailed', errmsg: 'Authentication failed.' }
  if ('buildInfo' in command) return { ok: 1, version: '8.0.4' }
  if ('find' in command)
    return {
      ok: 1,
      cursor: { id: BSON.Long.fromNumber(0), ns: `${command.$db}.${command.find}`, firstBatch: [] },
    }
  return { ok: 1 }
}
