import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openPushEdge, type PushEdge, pushHeaders } from '../../support/push-edge.ts'

const CALENDAR = '0123456789abcdef0123456789abcdef'
const PATH = '/webhooks/google'
const test = suite('POST /webhooks/google')

async function withChannel(body: (edge: PushEdge, channelId: string) => Promise<void>): Promise<void> {
  const edge = await openPushEdge()
  try {
    await body(edge, await edge.channel(CALENDAR, { resourceId: 'resource-1' }))
  } finally {
    await edge.close()
  }
}

type Sent = { status: number; connection: string | undefined; localPort: number }

/** Posts `body` over the agent's connection. */
function post(
  edge: PushEdge,
  options: { agent: Agent; headers: { [name: string]: string }; chunks: Buffer[] },
): Promise<Sent> {
  const { agent, headers, chunks } = options
  return new Promise((resolve, reject) => {
    const sending = request(`${edge.server.url}${PATH}`, { method: 'POST', agent, headers }, (answer) => {
      const localPort = answer.socket.localPort ?? 0
      answer
        .resume()
        .on('end', () =>
          resolve({ status: answer.statusCode ?? 0, connection: answer.headers.connection, localPort }),
        )
    })
    sending.on('error', reject)
    for (const chunk of chunks) sending.write(chunk)
    sending.end()
  })
}

test('takes POST alone, says so, and lets every other path pass', () =>
  withChannel(async (edge, channelId) => {
    for (const method of ['GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']) {
      const answer = await fetch(`${edge.server.url}${PATH}`, { method, headers: pushHeaders(channelId) })
      assert.equal([answer.status, answer.headers.get('allow')], [405, 'POST'])
    }
    for (const path of ['/', '/webhooks', '/webhooks/googl', `${PATH}/more`, '/Webhooks/google'])
      assert.is(await (await fetch(`${edge.server.url}${path}`)).text(), 'another route')
    assert.is((await fetch(`${edge.server.url}${PATH}?a=b`, { method: 'POST' })).status, 400)
    assert.is(await edge.signalled(CALENDAR), 0)
  }))

test('answers every status without a body', () =>
  withChannel(async (edge, channelId) => {
    for (const headers of [pushHeaders(channelId), pushHeaders('unknown'), {}]) {
      const answer = await fetch(`${edge.server.url}${PATH}`, { method: 'POST', headers })
      assert.equal([answer.headers.get('content-length'), await answer.text()], ['0', ''])
    }
  }))

test('keeps the connection through small bodies, whichever way they are sent', () =>
  withChannel(async (edge, channelId) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const headers = pushHeaders(channelId)
    const all: Sent[] = []
    for (const bytes of [0, 1, 1024, 10]) {
      const chunks = bytes === 0 ? [] : [Buffer.alloc(bytes, 'x')]
      all.push(await post(edge, { agent, headers: { ...headers, 'Content-Length': `${bytes}` }, chunks }))
      all.push(await post(edge, { agent, headers: { ...headers, 'X-Goog-Channel-Token': 'x' }, chunks: [] }))
    }
    agent.destroy()
    assert.equal(
      all.map(({ status }) => status),
      [200, 401, 200, 401, 200, 401, 200, 401],
    )
    assert.is(new Set(all.map(({ localPort }) => localPort)).size, 1)
    assert.is(await edge.signalled(CALENDAR), 4)
  }))

test('answers from the headers where the body is large, and closes without reading it', () =>
  withChannel(async (edge, channelId) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const headers = pushHeaders(channelId)
    const large = Buffer.alloc(1025, 'x')
    const told = await post(edge, {
      agent,
      headers: { ...headers, 'Content-Length': '1025' },
      chunks: [large],
    })
    const chunked = { ...headers, 'Transfer-Encoding': 'chunked' }
    const untold = await post(edge, { agent, headers: chunked, chunks: [large, large] })
    agent.destroy()
    assert.equal([told.status, told.connection], [200, 'close'])
    assert.equal([untold.status, untold.connection], [200, 'close'])
    assert.is(await edge.signalled(CALENDAR), 2)
  }))

test('answers before an endless body has come, takes little of it, and ends the connection', () =>
  withChannel(async (edge, channelId) => {
    const socket = connect(edge.server.port, '127.0.0.1')
    const lines = Object.entries({ ...pushHeaders(channelId), 'Content-Length': '1000000000' })
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\n${lines.map(([a, b]) => `${a}: ${b}\r\n`).join('')}\r\n`,
    )
    let answer = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text
    })
    let ended = false
    socket
      .on('error', () => {})
      .on('close', () => {
        ended = true
      })
    const block = Buffer.alloc(65_536, 'x')
    while (!ended) {
      if (socket.write(block)) await new Promise((resolve) => setImmediate(resolve))
      else await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {})
    }
    assert.match(answer, /^HTTP\/1.1 200 OK\r\n/)
    // What the buffers of the system on both sides hold, and no more.
    assert.ok(socket.bytesWritten < 20_000_000, `${socket.bytesWritten} bytes were sent`)
    assert.is(await edge.signalled(CALENDAR), 1)
  }))

test('goes on after a caller that hangs up in the middle', () =>
  withChannel(async (edge, channelId) => {
    const socket = connect(edge.server.port, '127.0.0.1')
    socket.write(`POST ${PATH} HTTP/1.1\r\nHost: x\r\nX-Goog-Chan`)
    await once(socket, 'connect')
    socket.destroy()
    assert.is(await edge.send(pushHeaders(channelId)), 200)
  }))

test.run()
