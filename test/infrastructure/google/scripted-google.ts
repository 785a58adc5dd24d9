import { once } from 'node:events'
import { createServer } from 'node:http'

/** A request as it came in. `token` is what stands after `Bearer`. */
export type Asked = {
  method: string
  path: string
  query: URLSearchParams
  token: string | undefined
  body: string
}

/** What is answered; 'hang': nothing, 'reset': the connection is cut. */
export type Scripted =
  | { status?: number; headers?: Record<string, string>; body?: unknown }
  | 'hang'
  | 'reset'

/** A server on a free port of this machine that answers as the test says; `asked` is all that came, in order. */
export async function scriptedGoogle(answer: (asked: Asked) => Scripted | Promise<Scripted>) {
  const asked: Asked[] = []
  let connections = 0
  let arrived = Promise.withResolvers<void>()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const url = new URL(request.url ?? '/', 'http://localhost')
    const one: Asked = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      token: request.headers.authorization?.replace(/^Bearer /, ''),
      body,
    }
    asked.push(one)
    arrived.resolve()
    arrived = Promise.withResolvers<void>()
    const scripted = await answer(one)
    if (scripted === 'hang') return
    if (scripted === 'reset') return void request.socket.resetAndDestroy()
    const text =
      scripted.body === undefined
        ? ''
        : typeof scripted.body === 'string'
          ? scripted.body
          : JSON.stringify(scripted.body)
    const type = typeof scripted.body === 'string' ? 'text/html' : 'application/json; charset=UTF-8'
    response.writeHead(scripted.status ?? 200, { 'content-type': type, ...scripted.headers }).end(text)
  })
  server.on('connection', () => connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    connections: () => connections,
    /** Resolves when the next request has come in. */
    nextRequest: () => arrived.promise,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Google's older error envelope. */
export const refusal = (status: number, reason: string, headers: Record<string, string> = {}): Scripted => ({
  status,
  headers,
  body: { error: { errors: [{ domain: 'global', reason, message: 'm' }], code: status, message: 'm' } },
})
