import { connect } from 'node:net'

/** One request as it goes over the wire, and which counter its answer belongs to. */
export type PreparedRequest = { bytes: Buffer; counter: number }

export type LoadResult = {
  /** Answers of status 200 a second. */
  perSecond: number
  /** Milliseconds from request to answer, ascending. */
  latencies: Float64Array
  /** Answers of any other status. */
  others: number
}

/**
 * Sends requests over keep-alive connections, on each the next one as soon as the last is answered, for `ms`
 * milliseconds or until the server is gone. `sent` and `acknowledged` are counted up as it goes, by `counter`.
 */
export async function keepAliveLoad(options: {
  port: number
  connections: number
  ms: number
  next: () => PreparedRequest
  sent: Uint32Array
  acknowledged: Uint32Array
}): Promise<LoadResult> {
  const { port, connections, ms, next, sent, acknowledged } = options
  const latencies: number[] = []
  let others = 0
  const begun = performance.now()
  const end = begun + ms

  /** Resolves when the time is over and the last answer is there, or the connection is gone. */
  const drive = () =>
    new Promise<void>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      let request: PreparedRequest
      let at = 0
      let text = ''
      const send = () => {
        at = performance.now()
        if (at >= end) {
          socket.destroy()
          return
        }
        request = next()
        count(sent, request.counter)
        socket.write(request.bytes)
      }
      socket.setEncoding('latin1')
      socket.on('connect', send)
      socket.on('data', (chunk: string) => {
        text += chunk
        if (!isComplete(text)) return
        if (text.startsWith('HTTP/1.1 200 ')) {
          latencies.push(performance.now() - at)
          count(acknowledged, request.counter)
        } else others += 1
        text = ''
        send()
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve())
    })

  await Promise.all(Array.from({ length: connections }, drive))
  const seconds = (performance.now() - begun) / 1000
  return { perSecond: latencies.length / seconds, latencies: Float64Array.from(latencies).sort(), others }
}

const count = (counters: Uint32Array, index: number) => {
  counters[index] = (counters[index] ?? 0) + 1
}

/** Whether the text holds a whole answer: both servers give the length of each. */
function isComplete(text: string): boolean {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return false
  const [, length] = /\r\ncontent-length: (\d+)/i.exec(text) ?? []
  return text.length >= head + 4 + Number(length ?? 0)
}
