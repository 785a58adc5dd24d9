import { randomUUID } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { signatureHeader } from '../../infrastructure/calcom/webhook.ts'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { mongodbConnection } from '../../infrastructure/mongodb/mongodb-connection.ts'
import { created } from '../fixtures/calcom/deliveries.ts'
import { brokerProxy } from '../support/broker-proxy.ts'
import { withDeadline } from '../support/deadline.ts'
import { startEventStoreDbDouble } from '../support/eventstoredb-double.ts'
import { mongodbForTests, withDatabase } from '../support/mongodb.ts'
import {
  connectAndBook,
  type OutlivingWorld,
  WEBHOOK_SECRET,
  withOutlivingWorld,
} from '../support/outliving-world.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { signatureOf } from '../support/signed-delivery.ts'

const test = suite('a store that is taken from the running service, and given back')

const mongodb = await mongodbForTests()
const onMongodb = mongodb ? test : test.skip
if (!mongodb) console.log('SKIP set MONGODB_URL, or start Docker, to take MongoDB from the service')

type Asked = 'command' | 'push' | 'delivery' | 'query' | 'feed'
type Answers = { [asked in Asked]: string }
type Store = { away(): Promise<void>; back(): Promise<void> }

const AWAY = '503 STORE_UNAVAILABLE'
const well: Answers = { command: '200', push: '200', delivery: '200', query: '200', feed: '200' }

test('EventStoreDB: pushes and queries go on, all else is refused, and what was pushed is carried over afterwards', async () => {
  const double = await startEventStoreDbDouble()
  try {
    await taken(
      { EVENTSTORE_URL: double.url },
      { away: double.kill, back: double.start },
      { ...well, command: AWAY, delivery: AWAY, feed: AWAY },
    )
  } finally {
    await double.close()
  }
})

onMongodb('MongoDB: only the feed goes on, and a change of the time without it is carried over', async () => {
  const url = withDatabase(mongodb?.url ?? '', `calendar-sync-test-${randomUUID()}`)
  const [, address = ''] = /\/\/(?:[^@/]*@)?([^/?]+)/.exec(url) ?? []
  const line = await brokerProxy(address)
  try {
    await taken(
      { MONGODB_URL: url.replace(address, `127.0.0.1:${line.route().port}`) },
      { away: line.cut, back: line.mend },
      // A push has no body to be told by.
      { command: AWAY, push: '503', delivery: AWAY, query: AWAY, feed: '200' },
    )
  } finally {
    await line.close()
    const connection = mongodbConnection(url)
    await connection.use(() => connection.vaultDatabase.dropDatabase())
    await connection.use(() => connection.database.dropDatabase())
    await connection.close()
  }
})

test.run()

const ENCRYPTION_KEY = Buffer.alloc(32).toString('base64')

/** Takes the store away while the host moves a meeting, asks all kinds of things meanwhile, and gives it back. */
async function taken(env: { [variable: string]: string }, store: Store, meanwhile: Answers): Promise<void> {
  await withOutlivingWorld(
    async (outliving) => {
      const service = await outliving.start()
      const world = outliving.worldOf(service)
      const [booked] = await connectAndBook(world, 1)
      const { bookingUid = '', eventId = '' } = booked ?? {}
      const answers = () => ask(service, outliving, bookingUid)
      assert.equal(await answers(), well)

      await store.away()
      const { start, end } = outliving.calendar.times(eventId)
      const later = (time: string) => Temporal.Instant.from(time).add({ hours: 1 })
      outliving.calendar.change(eventId, { start: later(start), end: later(end) })
      await world.until('Readiness without the store', async () =>
        (await fetch(`${service.url}/health/ready`)).status === 503 ? true : undefined,
      )
      assert.equal(await Promise.all([answers(), answers()]), [meanwhile, meanwhile])
      assert.is((await fetch(`${service.url}/health/live`)).status, 200)

      await store.back()
      const told = () => linesOfEdge(service).length === 2
      await withDeadline(120_000, async () => {
        while (!told()) await systemClock.delay(50)
      })
      const [begun, over] = linesOfEdge(service)
      assert.equal(
        [begun?.msg, over?.msg],
        ['stores of the HTTP edge unavailable, retrying', 'stores of the HTTP edge available again'],
      )
      assert.ok(String(begun?.reason).length > 0, 'it says why')
      assert.not.match(JSON.stringify(begun), /\bat \S+:\d+:\d+/)

      assert.equal(await answers(), well)
      const [published] = await world.until('The move', async () => {
        const events = await world.feed()
        return events.length > 0 ? events : undefined
      })
      assert.equal([published?.type, published?.subject], ['BookingRescheduled', bookingUid])
    },
    { ...env, ENCRYPTION_KEY, LOG_LEVEL: 'info' },
  )
}

/** What each kind of request is answered: its status, and the code of its problem. */
async function ask(
  { url, token }: ServiceProcess,
  { standIns }: OutlivingWorld,
  uid: string,
): Promise<Answers> {
  const api = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const other = `${randomUUID()}@example.com`
  const registration = { userId: '1', provider: 'google', externalCalendarId: other, credentialId: 'c' }
  const delivery = JSON.stringify({ ...created, payload: { ...created.payload, uid: randomUUID() } })
  const [channel] = standIns.google.core.channels()
  const get = (path: string) => answered(fetch(`${url}${path}`, { headers: api }))
  const post = (path: string, headers: { [name: string]: string }, body?: string) =>
    answered(fetch(`${url}${path}`, { method: 'POST', headers, body: body ?? null }))
  const push = {
    'X-Goog-Channel-ID': channel?.id ?? '',
    'X-Goog-Channel-Token': channel?.token ?? '',
    'X-Goog-Resource-ID': channel?.resourceId ?? '',
    'X-Goog-Resource-URI': channel?.resourceUri ?? '',
    'X-Goog-Resource-State': 'exists',
    'X-Goog-Message-Number': '1000',
  }
  const signature = { [signatureHeader]: signatureOf(delivery, WEBHOOK_SECRET) }
  // At once: each waits for as long as a restart of the store may take.
  const [command, pushed, delivered, query, feed] = await Promise.all([
    post('/commands/RegisterCalendarSync', api, JSON.stringify(registration)),
    post('/webhooks/google', push),
    post('/webhooks/calcom', signature, delivery),
    get(`/bookings/${uid}`),
    get('/booking-events'),
  ])
  return { command, push: pushed, delivery: delivered, query, feed }
}

/** Every answer of 503 says when to ask again. */
async function answered(asking: Promise<Response>): Promise<string> {
  const answer = await asking
  const text = await answer.text()
  if (answer.status === 200 || text === '') return String(answer.status)
  assert.ok(answer.headers.has('Retry-After'), text)
  return `${answer.status} ${JSON.parse(text).code}`
}

/** The lines of the log that tell of an outage at the edge. */
const linesOfEdge = (service: ServiceProcess): { [fact: string]: unknown }[] =>
  service
    .output()
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
    .filter(({ what }) => what === 'stores of the HTTP edge')
