import { createServer, type RequestListener } from 'node:http'

export type Listener = {
  /** `http://HOST:PORT`, as a browser on this machine reaches it. */
  url: string
  /** Answers requests from now on; until then they are told to come back (503). */
  serve(handler: RequestListener): void
  /** Takes no new connection, lets answers under way end (bounded), then closes. */
  close(): Promise<void>
}

/** How many ports are tried where none was asked for by name. */
const PORTS_TO_TRY = 100

/** How long answers under way may take once the process is stopping. */
const GRACE_MS = 5_000

/** The most connections at once; one more is closed. Readers of the feed keep theirs open. */
const CONNECTIONS = 2_000

/** How long a request may take until its headers are there, and until its body is. */
const HEADERS_MS = 10_000
const REQUEST_MS = 15_000

/**
 * Begins to listen. If the port is taken, the next free one does unless `portIsFixed`. Rejects with the system's error
 * (`EADDRINUSE`, `EACCES`, …).
 */
export async function listen(options: {
  host: string
  port: number
  portIsFixed: boolean
  /** Milliseconds, where not 15 s: a request that is not there by then is answered 408, and its connection ends. */
  requestMs?: number
}): Promise<Listener> {
  const { host, requestMs = REQUEST_MS } = options
  let handler: RequestListener = (_, response) => {
    response.writeHead(503, { 'Retry-After': '1', 'Content-Length': '0' }).end()
  }
  const timeouts = {
    headersTimeout: Math.min(HEADERS_MS, requestMs),
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(1000, requestMs),
  }
  const server = createServer(timeouts, (request, response) => handler(request, response))
  server.maxConnections = CONNECTIONS
  // Longer than the usual proxy's, so that the proxy is the one to close an idle connection.
  server.keepAliveTimeout = 65_000

  const tryPort = (port: number) =>
    new Promise<boolean>((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE' && !options.portIsFixed) resolve(false)
        else reject(error)
      }
      server.once('error', onError)
      server.listen(port, host, () => {
        server.off('error', onError)
        resolve(true)
      })
    })
  let port = options.port
  while (!(await tryPort(port))) {
    if (port === 0 || port >= options.port + PORTS_TO_TRY)
      throw new Error(`no port is free from ${options.port} on`)
    port += 1
  }

  const address = server.address()
  const taken = typeof address === 'object' && address !== null ? address.port : port
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${name}:${taken}`,
    serve: (given) => {
      handler = given
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
        AbortSignal.timeout(GRACE_MS).addEventListener('abort', () => server.closeAllConnections())
      }),
  }
}
