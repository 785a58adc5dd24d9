import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { clientFailures } from '../../composition/client-failures.ts'
import { createLogger } from '../../infrastructure/logging/logger.ts'
import { createMetrics } from '../../infrastructure/metrics/metrics.ts'

const test = suite('failures in clients that nobody waits for')

/** An error as if made at `place`. */
const errorFrom = (place: string, message = 'it broke') =>
  Object.assign(new Error(message), {
    stack: `Error: ${message}\n    at new Promise (<anonymous>)\n    at node:internal/x:1:1\n    at call (${place}:1:2)\n    at ours (/app/main.ts:3:4)`,
  })
const CLIENT = '/app/node_modules/@grpc/grpc-js/build/src/call.js'

function watched() {
  let now = Temporal.Instant.from('2026-03-02T08:00:00Z')
  let text = ''
  const failures = clientFailures({
    now: () => now,
    log: createLogger({ level: 'info', destination: { write: (line: string) => (text += line) } }),
    metrics: createMetrics(),
  })
  return {
    failures,
    lines: () => text.split('\n').length - 1,
    pass(hours: number) {
      now = now.add({ hours })
    },
  }
}

test('only an error that was made in the code of a client is one of its failures', () => {
  const { failures, lines } = watched()
  assert.is(failures.take(errorFrom(CLIENT)), true)
  assert.is(failures.take(errorFrom('/app/node_modules/mongodb/lib/sdam/topology.js')), true)
  assert.is(failures.take(errorFrom('/app/node_modules/kafkajs/src/network/connection.js')), true)
  assert.is(failures.take(errorFrom('/app/services/sync/brake.ts')), false)
  assert.is(failures.take(errorFrom('/app/node_modules/koa/lib/application.js')), false)
  assert.is(failures.take(errorFrom('/app/node_modules/mongodb-other/index.js')), false)
  assert.is(failures.take(new Error('ours')), false)
  assert.is(failures.take('a text'), false)
  assert.is(failures.take(undefined), false)
  assert.equal(
    failures.needsPerson().map(({ code, sentence }) => [code, /client of (\w+)/.exec(sentence)?.[1]]),
    [
      ['CLIENT_FAILED', 'EventStoreDB'],
      ['CLIENT_FAILED', 'MongoDB'],
      ['CLIENT_FAILED', 'Kafka'],
    ],
  )
  assert.is(lines(), 3)
})

test('many of one text are one line, many of different texts are few, and all are counted', () => {
  const { failures, lines } = watched()
  for (let n = 0; n < 100; n++) failures.take(errorFrom(CLIENT))
  assert.is(lines(), 1)
  for (let n = 0; n < 100; n++) failures.take(errorFrom(CLIENT, `it broke at ${n}`))
  assert.is(lines(), 20)
  assert.match(failures.needsPerson()[0]?.sentence ?? '', /failed 200 times/)
})

test('a day after the last one nobody is told any more', () => {
  const { failures, pass } = watched()
  failures.take(errorFrom(CLIENT))
  pass(24)
  assert.is(failures.needsPerson().length, 1)
  pass(1)
  assert.is(failures.needsPerson().length, 0)
})

test.run()
