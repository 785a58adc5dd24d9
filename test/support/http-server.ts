import { createServer, type IncomingHttpHeaders } from 'node:http'

export type ReceivedRequest = { method: string; url: string; headers: IncomingHttpHeaders; body: Buffer }
export type ScriptedAnswer =
  | { status: number; headers?: Record<string, string>; body?: unknown }
  | 'HANG_UP'
  | 'SILENCE'

/** A server on a free port that notes what it gets and answers what the script says; strings go out as they are. */
export async function scriptedServer(answer: (request: ReceivedRequest) => ScriptedAnswer): Promise<{
  url: string
  received: ReceivedRequest[]
  close(): Promise<void>
}> {
  const received: ReceivedRequest[] = []
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming
      const request = { method, url, headers, body: Buffer.concat(chunks) }
      received.push(request)
      const say = answer(request)
      if (say === 'SILENCE') return
      if (say === 'HANG_UP') {
        incoming.socket.destroy()
        return
      }
      outgoing.writeHead(say.status, say.headers)
      outgoing.end(typeof say.body === 'string' ? say.body : JSON.stringify(say.body ?? ''))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
