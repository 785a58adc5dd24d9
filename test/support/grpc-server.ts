import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  constants as h2,
  type IncomingHttpHeaders,
  type Http2Server as PlainHttp2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { gzipSync } from 'node:zlib'

/** What of a generated method definition is needed here. */
export type GrpcMethod<Request, Response> = {
  path: string
  requestDeserialize: (bytes: Buffer) => Request
  responseSerialize: (message: Response) => Buffer
}

/** One call as its handler sees it. */
export type GrpcCall<Request, Response> = {
  readonly headers: IncomingHttpHeaders
  /** Ends when the client has sent its last message. */
  readonly requests: AsyncIterable<Request>
  /** Aborts when the call is over, whoever ended it. */
  readonly over: AbortSignal
  /** Takes a message, or one that is serialised already. Resolves once the client's flow control leaves room for more. */
  send(message: Response | Buffer): Promise<void>
  /** Ends the call with RST_STREAM and no status, as a server does that shuts down. */
  reset(code?: number): void
  /** Breaks the connection off, and with it every call on it. */
  hangUp(): void
}

/** Thrown by a handler: ends its call with this gRPC status, and with `trailers`. */
export class GrpcStatus extends Error {
  readonly code: number
  readonly trailers: { [name: string]: string }
  constructor(code: number, message: string, trailers: { [name: string]: string } = {}) {
    super(message)
    this.code = code
    this.trailers = trailers
  }
}

export type GrpcServer = {
  /** Adds a method; to be called before `listen`. */
  handle<Request, Response>(
    method: GrpcMethod<Request, Response>,
    handler: (call: GrpcCall<Request, Response>) => Promise<void>,
  ): void
  /** Listens on loopback; 0 takes any free port. Resolves with the port. */
  listen(port: number): Promise<number>
  /** Destroys every connection in the middle of whatever it carries, and frees the port. */
  kill(): Promise<void>
}

/** As much is written at once. */
const WRITE_BYTES = 16 * 1024

type Http2Server = PlainHttp2Server | Http2SecureServer
type AnyHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => Promise<void>

/**
 * A gRPC server over HTTP/2, with TLS where it is given a key, as much of it as a double needs. Unlike that of @grpc/grpc-js it compresses its
 * messages with gzip where the client offers it, as the real server does, and its calls can be broken off at any point.
 */
export function grpcServer(tls?: { key: string; cert: string }): GrpcServer {
  const handlers = new Map<string, AnyHandler>()
  const sessions = new Set<ServerHttp2Session>()
  /** Of connections that never became a session too: TLS where none is spoken. */
  const sockets = new Set<Socket>()
  let server: Http2Server | undefined

  return {
    handle(method, handler) {
      handlers.set(method.path, (stream, headers) => serve(method, handler, stream, headers))
    },
    listen: (port) =>
      new Promise((resolve, reject) => {
        const opened: Http2Server = tls ? createSecureServer(tls) : createServer()
        server = opened
        opened.on('connection', (socket: Socket) => {
          sockets.add(socket)
          socket.once('close', () => sockets.delete(socket))
        })
        opened.on('session', (session) => {
          sessions.add(session)
          session.once('close', () => sessions.delete(session))
          session.on('error', () => session.destroy())
        })
        opened.on('stream', (stream: ServerHttp2Stream, headers) => {
          stream.on('error', () => stream.destroy())
          const handler = handlers.get(String(headers[h2.HTTP2_HEADER_PATH]))
          if (handler) void handler(stream, headers)
          else finish(stream, undefined, new GrpcStatus(12, 'unknown method'))
        })
        opened.once('error', reject)
        opened.listen(port, '127.0.0.1', () => {
          // A TCP server's address is an object.
          resolve((opened.address() as AddressInfo).port)
        })
      }),
    async kill() {
      const closed = new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)))
      for (const session of sessions) session.destroy()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

async function serve<Request, Response>(
  method: GrpcMethod<Request, Response>,
  handler: (call: GrpcCall<Request, Response>) => Promise<void>,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const over = new AbortController()
  stream.once('close', () => over.abort())
  const gzip = String(headers['grpc-accept-encoding']).split(',').includes('gzip')
  const begin = () => {
    if (!stream.headersSent && !stream.destroyed)
      stream.respond(responseHeaders(gzip), { waitForTrailers: true })
  }
  // What is sent within one turn goes out in one write, as a server's buffered output does.
  let gathered: Buffer[] = []
  let bytes = 0
  const flush = () => {
    if (gathered.length === 0) return true
    const all = Buffer.concat(gathered, bytes)
    gathered = []
    bytes = 0
    return stream.destroyed || stream.closed || stream.write(all)
  }
  try {
    await handler({
      headers,
      requests: messages(stream, method.requestDeserialize),
      over: over.signal,
      async send(message) {
        begin()
        if (stream.destroyed || stream.closed) return
        const frame = framed(Buffer.isBuffer(message) ? message : method.responseSerialize(message), gzip)
        if (gathered.push(frame) === 1) setImmediate(flush)
        bytes += frame.length
        if (bytes >= WRITE_BYTES && !flush()) await drained(stream, over.signal)
      },
      reset: (code = h2.NGHTTP2_NO_ERROR) => stream.close(code),
      hangUp: () => stream.session?.destroy(),
    })
    begin()
    flush()
    finish(stream, gzip, undefined)
  } catch (error) {
    if (over.signal.aborted) return
    flush()
    finish(stream, gzip, error instanceof GrpcStatus ? error : new GrpcStatus(2, String(error)))
  }
}

function finish(stream: ServerHttp2Stream, gzip: boolean | undefined, status: GrpcStatus | undefined): void {
  if (stream.destroyed || stream.closed) return
  if (!stream.headersSent) stream.respond(responseHeaders(gzip ?? false), { waitForTrailers: true })
  stream.once('wantTrailers', () =>
    stream.sendTrailers({
      'grpc-status': String(status?.code ?? 0),
      ...(status && { 'grpc-message': encodeURIComponent(status.message), ...status.trailers }),
    }),
  )
  stream.end()
}

const responseHeaders = (gzip: boolean) => ({
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-encoding': gzip ? 'gzip' : 'identity',
})

function framed(message: Buffer, gzip: boolean): Buffer {
  const body = gzip ? gzipSync(message) : message
  const frame = Buffer.allocUnsafe(body.length + 5)
  frame.writeUInt8(gzip ? 1 : 0, 0)
  frame.writeUInt32BE(body.length, 1)
  body.copy(frame, 5)
  return frame
}

async function* messages<Message>(
  stream: ServerHttp2Stream,
  deserialize: (bytes: Buffer) => Message,
): AsyncGenerator<Message> {
  let rest = Buffer.alloc(0)
  // A handler may end its call with a status while the client still sends.
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1)
      yield deserialize(rest.subarray(5, end))
      rest = rest.subarray(end)
    }
  }
}

const drained = (stream: ServerHttp2Stream, over: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      stream.removeListener('drain', done)
      over.removeEventListener('abort', done)
      resolve()
    }
    stream.once('drain', done)
    over.addEventListener('abort', done, { once: true })
    if (over.aborted) done()
  })
