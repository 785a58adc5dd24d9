import { connect, type Socket } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calcomWebhook, mayBeSigned } from '../../../infrastructure/calcom/webhook.ts'
import { calcomWebhookRoutes } from '../../../services/http/calcom-webhook.ts'
import { listen } from '../../../services/http/listener.ts'
import { withDeadline } from '../../support/deadline.ts'
import { type HttpFixture, withHttp } from '../../support/http-fixture.ts'
import { signatureOf } from '../../support/signed-delivery.ts'

const test = suite('bodies in hand')

const MIB = 1_048_576
const secrets = ['s']

/** The edge with Cal.com's webhook, which nothing gets through to. */
const withWebhook = (play: (http: HttpFixture) => Promise<void>) =>
  withHttp(play, (deps) => ({
    ...deps,
    open: [
      calcomWebhookRoutes({
        readDelivery: calcomWebhook({ secrets }),
        mayBeSigned: mayBeSigned({ secrets }),
        signatureHeader: 'x-cal-signature-256',
        versionHeader: 'x-cal-webhook-version',
        knownVersions: [],
        deliveries: { read() {}, unreadable() {} },
        metrics: deps.metrics,
        intake: { receive: async () => {} },
      }),
    ],
  }))

type Sending = { socket: Socket; answer(): string; closed: Promise<void>; answered: Promise<void> }

/** A delivery that says how long it will be, and sends `body` of that. */
function sendPart(url: string, signature: string, length: number, body: Uint8Array | string): Sending {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let answer = ''
  const answered = new Promise<void>((resolve) => {
    socket.on('data', (data) => {
      answer += data
      resolve()
    })
  })
  const closed = new Promise<void>((resolve) => void socket.on('close', () => resolve()))
  socket.on('error', () => {})
  socket.write(
    `POST /webhooks/calcom HTTP/1.1\r\nHost: x\r\nX-Cal-Signature-256: ${signature}\r\nContent-Length: ${length}\r\n\r\n`,
  )
  if (body.length > 0) socket.write(body)
  return { socket, answer: () => answer, closed, answered }
}

const inForm = 'a'.repeat(64)

test(
  'answers what has no form of a signature, and what says that it is too long, before any of its body is there',
  withWebhook(async ({ url }) => {
    const unsigned = sendPart(url, 'no-secret-provided', MIB, '')
    await withDeadline(20_000, () => unsigned.answered)
    assert.match(unsigned.answer(), /^HTTP\/1.1 401 [\s\S]*SIGNATURE_REFUSED/)
    const long = sendPart(url, inForm, MIB + 1, '')
    await withDeadline(20_000, () => long.answered)
    assert.match(long.answer(), /^HTTP\/1.1 413 [\s\S]*BODY_TOO_LARGE/)
    for (const { socket } of [unsigned, long]) socket.destroy()
  }),
)

test(
  'holds 32 MiB of bodies at most, and has room again once their senders are gone',
  withWebhook(async ({ url, ask, logged, clock }) => {
    const almost = new Uint8Array(MIB - 1).fill(120)
    const all = Array.from({ length: 40 }, () => sendPart(url, inForm, MIB, almost))
    await withDeadline(20_000, () => answeredOf(all, 8))
    const refused = all.filter((one) => one.answer() !== '')
    assert.ok(refused.length >= 8, `${refused.length} refused`)
    for (const { answer } of refused) assert.match(answer(), /^HTTP\/1.1 503 [\s\S]*TOO_BUSY/)
    for (const { socket } of all) socket.destroy()
    await Promise.all(all.map(({ closed }) => closed))
    const ping = '{"triggerEvent":"PING"}'
    const deliver = () =>
      ask('POST', '/webhooks/calcom', {
        token: null,
        body: ping,
        headers: { 'X-Cal-Signature-256': signatureOf(ping, 's') },
      })
    // The service hears of a closed connection after its sender does.
    let { status } = await deliver()
    while (status === 503) status = (await deliver()).status
    assert.is(status, 200)
    const told = (msg: string) => logged.filter((line) => line.msg === msg)
    const begun = told('request refused, cannot be served now').filter(({ level }) => level === 'warn')
    assert.equal(
      begun.map(({ code }) => code),
      ['TOO_BUSY'],
    )
    assert.is(told('requests no longer refused').length, 0, 'not over yet')
    await clock.advance(10_000)
    await deliver()
    const [over, ...more] = told('requests no longer refused')
    assert.equal([over?.code, more.length], ['TOO_BUSY', 0])
    assert.ok(Number(over?.count) >= refused.length, `${over?.count} told`)
  }),
)

/** Resolves once so many of them are answered. */
const answeredOf = (all: readonly Sending[], many: number): Promise<void> =>
  new Promise((resolve) => {
    let left = many
    for (const { answered } of all)
      void answered.then(() => {
        left -= 1
        if (left === 0) resolve()
      })
  })

test('ends a request that does not come to its end', async () => {
  const listener = await listen({ host: '127.0.0.1', port: 0, portIsFixed: true, requestMs: 50 })
  listener.serve((request) => void request.resume())
  const trickling = sendPart(listener.url, inForm, MIB, 'x')
  await withDeadline(20_000, () => trickling.closed)
  assert.match(trickling.answer(), /^HTTP\/1.1 408 /)
  await listener.close()
})

test.run()
