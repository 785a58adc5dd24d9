import { createServer } from 'node:http2'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { offerGzip } from '../../../infrastructure/eventstoredb/grpc-compression.ts'
import type { Logger } from '../../../ports/logger.ts'
import { withDeadline } from '../../support/deadline.ts'
import { openEventStoreDb } from '../../support/eventstoredb.ts'

const test = suite('gzip towards the event store')

test('is not offered on the wire unless it is asked for', async () => {
  for (const compression of [false, true, false]) {
    const offered = await withDeadline(10_000, () => offerOnTheWire(compression))
    assert.is(offered, compression ? 'identity,deflate,gzip' : 'identity')
  }
})

test('stays as it is, with a warning, where the filter of grpc-js is not the one that is known', () => {
  class Renamed {
    sendHeaders() {}
  }
  class Other {
    async sendMetadata(metadata: unknown, more: unknown) {
      return [metadata, more, 'grpc-accept-encoding']
    }
  }
  class Elsewhere {
    async sendMetadata(metadata: unknown) {
      return metadata
    }
  }
  const gone = () => {
    throw new Error('Cannot find module')
  }
  for (const filter of [() => Renamed, () => Other, () => Elsewhere, () => undefined, gone]) {
    const { log, warnings } = collectingLog()
    assert.is(offerGzip(false, log, filter), false)
    assert.is(warnings.length, 1)
    assert.is(offerGzip(true, log, filter), true)
    assert.is(warnings.length, 1)
  }
})

test('is turned off in the filter of the client itself, without a warning', () => {
  const { log, warnings } = collectingLog()
  assert.is(offerGzip(false, log), true)
  assert.equal(warnings, [])
})

test.run()

/** The header that a call brings to a server which then hangs up. */
async function offerOnTheWire(compression: boolean): Promise<unknown> {
  const server = createServer()
  const offered = new Promise((resolve) =>
    server.on('stream', (stream, headers) => {
      resolve(headers['grpc-accept-encoding'])
      stream.on('error', () => stream.destroy())
      stream.session?.destroy()
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const store = openEventStoreDb(`esdb://127.0.0.1:${address.port}?tls=false`, {
    compression,
    retryWithinMs: 0,
  })
  const call = store.head().catch(() => 'hung up on')
  const header = await offered
  await call
  await store.close()
  server.close()
  return header
}

function collectingLog(): { log: Logger; warnings: unknown[] } {
  const warnings: unknown[] = []
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (...given: unknown[]) => void warnings.push(given),
    error: () => undefined,
    child: () => log,
  }
  return { log, warnings }
}
