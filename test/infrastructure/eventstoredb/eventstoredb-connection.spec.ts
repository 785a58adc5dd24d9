import { writeFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventStoreDbOptions } from '../../../infrastructure/eventstoredb/eventstoredb-event-store.ts'
import { createLogger } from '../../../infrastructure/logging/logger.ts'
import { START } from '../../../ports/event-store/event-store.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { appendNext } from '../../support/append-next.ts'
import { blackHole } from '../../support/black-hole.ts'
import { someAuthority } from '../../support/certificates.ts'
import { withDeadline } from '../../support/deadline.ts'
import { readToEnd, someEvent, someEvents } from '../../support/events.ts'
import { openEventStoreDb } from '../../support/eventstoredb.ts'
import { type EventStoreDbDouble, startEventStoreDbDouble } from '../../support/eventstoredb-double.ts'
import { eventually, following, unavailable } from '../../support/following.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const connections = suite('Connections to EventStoreDB')

const test = (title: string, body: () => Promise<void>) =>
  connections(title, () => withDeadline(30_000, body))

async function withDouble(
  options: Parameters<typeof startEventStoreDbDouble>[0],
  body: (double: EventStoreDbDouble) => Promise<void>,
): Promise<void> {
  const double = await startEventStoreDbDouble(options)
  try {
    await body(double)
  } finally {
    await double.close()
  }
}

/** What the service and the client say while a connection string is opened. */
function said(url: string): { log: string; console: string; error: unknown } {
  let text = ''
  let console_ = ''
  const log = createLogger({ level: 'debug', destination: { write: (line: string) => (text += line) } })
  const { warn } = console
  // The client warns there.
  console.warn = (...given: unknown[]) => {
    console_ += given.join(' ')
  }
  try {
    void openEventStoreDb(url, { log }).close()
    return { log: text, console: console_, error: undefined }
  } catch (error) {
    return { log: text, console: console_, error }
  } finally {
    console.warn = warn
  }
}

test('every scheme of the servers works, with discovery too, and nothing hides wrong versions', () =>
  withDouble({}, async ({ url }) => {
    for (const given of [
      ...['kurrentdb', 'kurrentdb+discover', 'esdb+discover'].map((scheme) => url.replace('esdb', scheme)),
      url.replace('?', '/?'),
      `${url}&throwOnAppendFailure=false`,
      url.replace('?', '?throwOnAppendFailure=false&tlsVerifyCert=false&'),
      url.replace('//', '//admin:changeit@'),
    ]) {
      const store = openEventStoreDb(given)
      assert.ok((await appendNext(store, 'a-1', [someEvent()])).ok, given)
      assert.not.ok((await store.append('a-1', 'no-stream', [someEvent()])).ok)
      assert.ok((await store.readStream('a-1')).length > 0)
      await store.close()
    }
  }))

test('what is wrong with a connection string is told without its password', async () => {
  for (const url of [
    'http://admin:geheim@127.0.0.1',
    'esdb://admin:geheim',
    'esdb://admin:geheim@127.0.0.1:x',
    'esdb://admin:geheim@127.0.0.1?tls=maybe',
    'esdb://admin:geheim@127.0.0.1?tls=FALSE',
    'esdb://admin:geheim@127.0.0.1?gossipTimeout=long',
    'esdb://admin:geheim@127.0.0.1?maxSearchWindow=3',
    'kurrent://admin:geheim@127.0.0.1',
    'esdb://admin:geheim@127.0.0.1?tlsCAFile=/no/such/file',
    'esdb://admin:geheim@127.0.0.1?userCertFile=/no/such/file',
  ]) {
    const { error, log, console } = said(url)
    assert.instance(error, Error, url)
    assert.not.instance(error, StoreUnavailable)
    assert.match(String(error), /connection string/)
    assert.not.match(`${JSON.stringify(error)} ${error} ${log} ${console}`, 'geheim')
  }
})

test('that a certificate is verified in spite of tlsVerifyCert=false is told, and nothing of the string', async () => {
  const { error, log, console } = said('esdb://admin:geheim@127.0.0.1?tlsVerifyCert=false')
  assert.is(error, undefined)
  assert.match(log, 'tlsCAFile')
  assert.is(console, '')
  assert.not.match(log, 'geheim')
  // Without TLS there is nothing to verify.
  assert.equal(said('esdb://127.0.0.1?tls=false&tlsVerifyCert=false'), {
    log: '',
    console: '',
    error: undefined,
  })
})

test('with TLS it is the authority that is given that counts, and name and password are sent', async () => {
  const folder = temporaryFolder()
  const authority = someAuthority()
  const caFile = `${folder.path}/ca.pem`
  writeFileSync(caFile, authority.cert)
  const otherFile = `${folder.path}/other.pem`
  writeFileSync(otherFile, someAuthority().cert)
  try {
    await withDouble({ tls: authority.issue(['localhost']), user: 'sync:p:w @/1' }, async ({ port }) => {
      const condition = async (user: string, settings: string) => {
        const url = `esdb://${user}localhost:${port}?${settings}`
        const store = openEventStoreDb(url, { callTimeoutMs: 2_000, retryWithinMs: 0 })
        const found = await store.describe()
        if (found.ok) {
          assert.ok((await appendNext(store, 'a-1', [someEvent()])).ok)
          assert.ok((await store.readStream('a-1')).length > 0)
          assert.is((await readToEnd(store, { after: found.head, limit: 10 })).length, 1)
        } else await unavailable(appendNext(store, 'a-1', [someEvent()]))
        await store.close()
        return found.ok ? 'OK' : found.trouble
      }
      const user = `sync:${encodeURIComponent('p:w @/1')}@`
      const trusted = `tlsCAFile=${encodeURIComponent(caFile)}`
      assert.is(await condition(user, trusted), 'OK')
      assert.is(await condition(user, `${trusted}&tlsVerifyCert=true`), 'OK')
      assert.is(await condition('sync:wrong@', trusted), 'AUTHENTICATION')
      assert.is(await condition('', trusted), 'AUTHENTICATION')
      assert.is(await condition(user, `tlsCAFile=${encodeURIComponent(otherFile)}`), 'TLS')
      assert.is(await condition(user, 'tlsVerifyCert=false'), 'TLS')
      assert.is(await condition(user, 'tls=false'), 'TLS')
    })
  } finally {
    folder.remove()
  }
})

/** Far shorter than by default, so that a dead connection is noticed within the test. */
const KEEPALIVE = 'keepAliveInterval=300&keepAliveTimeout=300'
const IMPATIENT: Partial<EventStoreDbOptions> = { callTimeoutMs: 500, retryWithinMs: 100 }

test('when the network swallows everything calls end in time, and a new connection is made by itself', () =>
  withDouble({}, async (double) => {
    const line = await blackHole(double.port)
    const { warn } = console
    // The client finds this keepalive short.
    console.warn = () => undefined
    const store = openEventStoreDb(`esdb://127.0.0.1:${line.port}?tls=false&${KEEPALIVE}`, IMPATIENT)
    console.warn = warn
    try {
      await store.append('a-1', 'no-stream', [someEvent()])
      const follower = following(store, { after: START, filter: { categories: ['a'] } })
      await follower.until((events) => events.length === 1)
      line.swallow()
      const begun = performance.now()
      await Promise.all([
        unavailable(store.append('a-2', 'no-stream', [someEvent()])),
        unavailable(store.readStream('a-1')),
        unavailable(store.readAll({ after: START, limit: 10 })),
        unavailable(store.head()),
      ])
      const took = performance.now() - begun
      assert.ok(took < 3_000, `${took} ms`)
      // Once more: now the client itself may have noticed, and tries to connect in vain.
      await unavailable(store.append('a-2', 'no-stream', [someEvent()]))
      line.mend()
      assert.ok((await eventually(() => store.append('a-3', 'no-stream', someEvents(2)))).ok)
      await follower.until((events) => events.some(({ stream }) => stream === 'a-3'))
      await follower.end()
    } finally {
      await store.close()
      await line.close()
    }
  }))

connections.run()
