import { randomUUID } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mongodbConnection } from '../../../infrastructure/mongodb/mongodb-connection.ts'
import { mongodbReadStore } from '../../../infrastructure/mongodb/mongodb-read-store.ts'
import { mongodbSignalQueue } from '../../../infrastructure/mongodb/mongodb-signal-queue.ts'
import { mongodbVault } from '../../../infrastructure/mongodb/mongodb-vault.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { keyOfBytes } from '../../ports/vault/vault.contract.ts'
import { type MongodbServer, mongodbServer, SERVER_VARIABLE } from '../../support/mongodb-server.ts'

const UNREACHABLE_AFTER_MS = 1000
/** A call may look for a server twice: before it is sent, and again after its connection broke. */
const BOUND_MS = 5 * UNREACHABLE_AFTER_MS
const bookings = { name: 'bookings', indexes: ['user'] }
const credential = { kind: 'service-account', subject: 'host@example.com' } as const
const poll = { cause: { poll: true } } as const

const test = suite('MongoDB outage')
const program = process.env[SERVER_VARIABLE]
if (program === undefined)
  console.log(
    `SKIP MongoDB outage: set ${SERVER_VARIABLE} to a program that takes start DIR PORT, stop DIR, kill DIR`,
  )

function outage(sentence: string, body: (opened: Opened) => Promise<void>): void {
  if (program === undefined) {
    test.skip(sentence)
    return
  }
  test(sentence, async () => {
    const server = await mongodbServer(program)
    const connection = mongodbConnection(server.url, { unreachableAfterMs: UNREACHABLE_AFTER_MS })
    try {
      await body({
        server,
        connection,
        store: mongodbReadStore(connection),
        queue: mongodbSignalQueue(connection, { newId: randomUUID }),
        vault: mongodbVault(connection, { keys: [keyOfBytes(1)], newId: randomUUID }),
      })
    } finally {
      await connection.close()
      await server.remove()
    }
  })
}

outage('begins before the server does, and works once it answers', async ({ server, ...stores }) => {
  const { store, queue, vault } = stores
  for (const call of [
    () => store.prepare([bookings]),
    () => queue.signal({ kind: 'calendar', key: 'c' }, poll),
    () => vault.put('a', credential),
  ])
    await isUnavailableInTime(call)
  assert.is((await stores.connection.describe()).problem, 'REFUSED')
  await server.start()
  await store.prepare([bookings])
  await store.write([put('a', 1)])
  await queue.signal({ kind: 'calendar', key: 'c' }, poll)
  await vault.put('a', credential)
  assert.equal(await store.get('bookings', 'a'), { n: 1 })
  assert.is((await queue.lease({ leaseMs: 1000 }))?.key, 'c')
  assert.equal(await vault.use('a'), credential)
  assert.ok((await stores.connection.describe()).ok)
})

outage(
  'rejects in time what is under way when the server is killed, and goes on after it',
  async (opened) => {
    const { server, store, queue, vault } = opened
    await server.start()
    await store.prepare([bookings])
    await store.write([put('before', 1)], { projection: 'p', position: position(1) })
    await queue.signal({ kind: 'booking', key: 'before' }, poll)
    const key = await vault.calendars.keyOf({ provider: 'google', externalCalendarId: 'c@example.com' })
    // This server may lose what it took in its last second; what it was stopped with is safe.
    await server.stop()
    await server.start()

    const signal = (n: number) => queue.signal({ kind: 'calendar', key: `c${n}` }, poll)
    let answered = 0
    const half = Promise.withResolvers<void>()
    const calls = Promise.allSettled(
      Array.from({ length: 300 }, async (_, n) => {
        const call = n % 3 === 0 ? () => store.write([put(`b${n}`, n)]) : () => signal(n)
        await untilSettled(call)
        answered += 1
        if (answered === 100) half.resolve()
      }),
    )
    await half.promise
    await server.kill()
    for (const call of await calls) if (call.status === 'rejected') throw call.reason
    await isUnavailableInTime(() => store.get('bookings', 'before'))
    await isUnavailableInTime(() => queue.lease({ leaseMs: 1000 }))
    await isUnavailableInTime(() => vault.has('a'))

    await server.start()
    assert.equal(await store.get('bookings', 'before'), { n: 1 })
    assert.is(await store.checkpoint('p'), position(1))
    assert.is((await queue.lease({ leaseMs: 60_000, kinds: ['booking'] }))?.key, 'before')
    assert.equal(await vault.calendars.addressOf(key), {
      provider: 'google',
      externalCalendarId: 'c@example.com',
    })
    // As their callers do, everything again: what was stored is left, what was not is stored now.
    for (let n = 0; n < 300; n++) await (n % 3 === 0 ? store.write([put(`b${n}`, n)]) : signal(n))
    assert.is(await store.count('bookings', 'user', { prefix: 'u' }), 101)
    const [calendars] = await queue.status()
    assert.is(calendars?.due, 200)
  },
)

test.run()

type Opened = {
  server: MongodbServer
  connection: ReturnType<typeof mongodbConnection>
  store: ReturnType<typeof mongodbReadStore>
  queue: ReturnType<typeof mongodbSignalQueue>
  vault: ReturnType<typeof mongodbVault>
}

function position(n: number): string {
  return String(n).padStart(20, '0')
}

function put(id: string, n: number) {
  return { collection: 'bookings', id, put: { n }, keys: { user: [`u${id}`] }, position: position(n) }
}

/** In time, stored or StoreUnavailable. */
async function untilSettled(call: () => Promise<unknown>): Promise<unknown> {
  const started = performance.now()
  const outcome = await call().catch((error: unknown) => error)
  if (outcome instanceof Error) assert.instance(outcome, StoreUnavailable)
  assert.ok(performance.now() - started < BOUND_MS, 'in time')
  return outcome
}

async function isUnavailableInTime(call: () => Promise<unknown>): Promise<void> {
  assert.instance(await untilSettled(call), StoreUnavailable)
}
