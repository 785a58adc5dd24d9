import { createServer, type Socket } from 'node:net'
import { BSON } from 'mongodb'

const HEADER_BYTES = 16
const OP_REPLY = 1
const OP_QUERY = 2004
const OP_MSG = 2013

/** A server that says of itself what MongoDB 3.6 says, and answers nothing else. */
export async function oldMongodb(): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    let received = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes])
      while (received.length >= HEADER_BYTES && received.length >= received.readInt32LE(0)) {
        const length = received.readInt32LE(0)
        socket.write(answerTo(received.subarray(0, length)))
        received = received.subarray(length)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `mongodb://127.0.0.1:${address.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** Of the form that the request has: the very first is of the older one. */
function answerTo(request: Buffer): Buffer {
  const isQuery = request.readInt32LE(12) === OP_QUERY
  const hello = BSON.serialize({
    ok: 1,
    ismaster: true,
    minWireVersion: 0,
    maxWireVersion: 6,
    maxBsonObjectSize: 16777216,
  })
  // OP_REPLY: flags, cursor, first, count. OP_MSG: flags, then a section of kind 0.
  const before = isQuery ? Buffer.alloc(20) : Buffer.alloc(5)
  if (isQuery) before.writeInt32LE(1, 16)
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeInt32LE(HEADER_BYTES + before.length + hello.length, 0)
  header.writeInt32LE(request.readInt32LE(4), 8)
  header.writeInt32LE(isQuery ? OP_REPLY : OP_MSG, 12)
  return Buffer.concat([header, before, hello])
}
