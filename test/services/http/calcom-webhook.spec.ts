import { createHmac } from 'node:crypto'
import Koa from 'koa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { BookingDelivery } from '../../../infrastructure/booking-webhook/booking-webhook.ts'
import { calcomWebhook, signatureHeader } from '../../../infrastructure/calcom/webhook.ts'
import { createLogger } from '../../../infrastructure/logging/logger.ts'
import { StoreUnavailable } from '../../../infrastructure/store-unavailable.ts'
import { calcomWebhookRoutes } from '../../../services/http/calcom-webhook.ts'
import { problemDocuments } from '../../../services/http/errors.ts'
import { created, ping } from '../../fixtures/calcom/deliveries.ts'
import { listening } from '../../support/listening.ts'

const test = suite('POST /webhooks/calcom')
const sign = (body: string, secret: string) => createHmac('sha256', secret).update(body).digest('hex')

/** The route with these secrets, over an intake that notes what reaches it, or fails with `failure`. */
async function withRoute(
  options: { secrets: string[]; failure?: Error },
  body: (
    send: (text: string, secret?: string, headers?: { [name: string]: string }) => Promise<Response>,
    received: BookingDelivery[],
  ) => Promise<void>,
): Promise<void> {
  const received: BookingDelivery[] = []
  const routes = calcomWebhookRoutes({
    readDelivery: calcomWebhook({ secrets: options.secrets }),
    signatureHeader,
    intake: {
      async receive(delivery) {
        if (options.failure) throw options.failure
        received.push(delivery)
      },
    },
  })
  let ids = 0
  const app = new Koa()
  app.use(problemDocuments({ log: createLogger({ level: 'silent' }), newId: () => `id-${++ids}` }))
  app.use(routes.routes())
  const server = await listening(app.callback())
  try {
    const send = (text: string, secret = 'secret', headers = {}) =>
      fetch(`${server.url}/webhooks/calcom`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', [signatureHeader]: sign(text, secret), ...headers },
        body: text,
      })
    await body(send, received)
  } finally {
    await server.close()
  }
}

const textOf = (delivery: unknown) => JSON.stringify(delivery)

test('hands a signed delivery on and says what it took', () =>
  withRoute({ secrets: ['secret'] }, async (send, received) => {
    const answer = await send(textOf(created))
    assert.is(answer.status, 200)
    assert.equal(await answer.json(), { received: 'BOOKING_CREATED' })
    assert.equal(
      received.map(({ trigger }) => trigger),
      ['BOOKING_CREATED'],
    )
    assert.equal(await (await send(textOf(ping))).json(), { received: 'PING' })
  }))

test('takes the same delivery as often as it comes, and under the former secret while both are set', () =>
  withRoute({ secrets: ['new', 'secret'] }, async (send, received) => {
    for (const secret of ['secret', 'secret', 'new'])
      assert.is((await send(textOf(created), secret)).status, 200)
    assert.is(received.length, 3)
    assert.is((await send(textOf(created), 'older')).status, 401)
  }))

test('checks the signature over the bytes as they came', () =>
  withRoute({ secrets: ['secret'] }, async (send, received) => {
    const pretty = `${JSON.stringify(created, undefined, 3)}\n`
    assert.is((await send(pretty)).status, 200)
    assert.is(
      (await send(pretty, 'secret', { [signatureHeader]: sign(textOf(created), 'secret') })).status,
      401,
    )
    assert.is(received.length, 1)
  }))

test('answers 401 to whatever is not signed, all in the same words', () =>
  withRoute({ secrets: ['secret'] }, async (send, received) => {
    const words = new Set<string>()
    const signatures = [
      '',
      'no-secret-provided',
      'f'.repeat(64),
      'zz',
      sign(textOf(created), 'secret').slice(1),
    ]
    for (const signature of signatures) {
      for (const text of [textOf(created), 'not JSON', '']) {
        const answer = await send(text, 'secret', { [signatureHeader]: signature })
        const problem: unknown = await answer.json()
        assert.is(answer.status, 401)
        assert.is(answer.headers.get('content-type'), 'application/problem+json')
        words.add(JSON.stringify({ ...Object(problem), correlationId: '' }))
      }
    }
    assert.is(words.size, 1)
    assert.equal(received, [])
  }))

test('takes nothing without a secret, not even what is signed with an empty one', () =>
  withRoute({ secrets: [] }, async (send, received) => {
    assert.is((await send(textOf(created))).status, 401)
    assert.is((await send(textOf(created), '')).status, 401)
    assert.equal(received, [])
  }))

test('lists all that is wrong with a signed body, by field', () =>
  withRoute({ secrets: ['secret'] }, async (send, received) => {
    const { uid: _, ...payload } = created.payload
    const answer = await send(textOf({ ...created, payload: { ...payload, startTime: 'soon' } }))
    assert.is(answer.status, 400)
    const { code, problems } = Object(await answer.json())
    assert.is(code, 'BODY_INVALID')
    assert.equal(
      problems.map(({ path }: { path: string }) => path),
      ['payload.uid', 'payload.startTime'],
    )
    const notJson: unknown = await (await send('not JSON')).json()
    assert.equal(Object(notJson).problems, [{ path: '', message: 'The body is not JSON in UTF-8.' }])
    assert.equal(received, [])
  }))

test('ignores triggers that it has no use for', () =>
  withRoute({ secrets: ['secret'] }, async (send, received) => {
    const answer = await send(textOf({ triggerEvent: 'MEETING_ENDED', payload: { any: 'thing' } }))
    assert.is(answer.status, 200)
    assert.equal(await answer.json(), { ignored: 'MEETING_ENDED' })
    assert.equal(received, [])
  }))

test('refuses more than a mebibyte, told and untold', () =>
  withRoute({ secrets: ['secret'] }, async (send, received) => {
    const padded = (bytes: number) => {
      const text = textOf({ ...created, padding: '' })
      return text.replace('"padding":""', `"padding":"${'x'.repeat(bytes - text.length)}"`)
    }
    assert.is((await send(padded(1_048_576))).status, 200)
    // Whether the whole body was sent before the answer came is up to the client.
    const statusOf = (answer: Promise<Response>) => answer.then(({ status }) => status)
    assert.is(await statusOf(send(padded(1_048_577))), 413)
    assert.is(received.length, 1)
  }))

test('answers 503, and when to come back, while the stores take nothing', () =>
  withRoute({ secrets: ['secret'], failure: new StoreUnavailable('full') }, async (send) => {
    const answer = await send(textOf(created))
    assert.is(answer.status, 503)
    assert.ok(Number(answer.headers.get('retry-after')) > 0)
    assert.is(Object(await answer.json()).code, 'STORE_UNAVAILABLE')
  }))

test.run()
