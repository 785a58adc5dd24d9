import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createLogger, type LogLevel } from '../../../infrastructure/logging/logger.ts'

const logger = suite('the log')

/** A logger, and every line that it has written. */
function recorded(level: LogLevel = 'info') {
  const lines: string[] = []
  const log = createLogger({ level, destination: { write: (line) => lines.push(line) } })
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') }
}

logger('is a JSON object a line, with the level by name and the time in UTC', () => {
  const { log, last } = recorded()
  log.info({ calendars: 3 }, 'fetched')
  const { time, ...rest } = last()
  assert.equal(rest, { level: 'info', calendars: 3, msg: 'fetched' })
  assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
})

logger('leaves out what is below its level', () => {
  const { log, lines } = recorded('warn')
  log.info('not this')
  log.warn('this')
  assert.is(lines.length, 1)
})

logger('gives the fields of a child to each of its lines', () => {
  const { log, last } = recorded()
  log.child({ role: 'sync' }).child({ worker: 2 }).info('ready')
  assert.is(last().role, 'sync')
  assert.is(last().worker, 2)
})

logger('shows no secret at any depth, under any case of its name', () => {
  const { log, lines } = recorded()
  const hidden = 'hushhushhush'
  log.child({ apiKey: hidden, headers: { 'X-Goog-Channel-Token': hidden } }).warn(
    {
      headers: new Headers({ authorization: hidden, Cookie: hidden }),
      request: { config: { headers: { Authorization: hidden, 'set-cookie': [hidden] } } },
      credential: { kind: 'oauth', refreshToken: hidden },
      list: [{ accessToken: hidden }, { a: { b: { c: { d: { client_secret: hidden } } } } }],
      signature: hidden,
      'X-Cal-Signature-256': hidden,
      refresh_token: hidden,
      encryptionKeys: [Buffer.from(hidden)],
      bytes: Buffer.from(hidden),
      map: new Map([['password', hidden]]),
    },
    'refused',
  )
  assert.not.match(lines.join(''), hidden)
  assert.not.match(lines.join(''), Buffer.from(hidden).toString('base64'))
})

logger('takes secrets out of texts too', () => {
  const { log, lines } = recorded()
  log.info('sent Authorization: Bearer hushhush')
  log.info(
    { url: 'https://oauth2.example/token?code=hushhush&access_token=hushhush' },
    'GET /?token=hushhush',
  )
  log.info({ url: 'mongodb://root:hushhush@db/x' }, 'opened esdb://admin:hushhush@node:2113?tls=false')
  log.info('with cal_live_hushhush')
  log.error({ err: new Error('-----BEGIN PRIVATE KEY-----\nhushhush\n-----END PRIVATE KEY-----') }, 'no')
  assert.not.match(lines.join(''), 'hushhush')
})

logger('takes secrets out of JSON in a text, also where that is text in JSON', () => {
  const { log, lines } = recorded()
  const answer = JSON.stringify({ refresh_token: 'hushhush', clientSecret: 'a"hushhush', left: 'seen' })
  log.info(`answered ${answer}`)
  log.info(`answered ${JSON.stringify({ body: JSON.stringify({ access_token: 'hushhush', left: 'seen' }) })}`)
  assert.not.match(lines.join(''), 'hushhush')
  assert.is(lines.join('').match(/seen/g)?.length, 2)
})

logger('takes as much longer for a text as it is longer', () => {
  const { log } = recorded()
  const took = (length: number) => {
    const begun = process.cpuUsage().user
    for (const part of ['a.', 'bearer ', '\\\\', '"token":"', '-----BEGIN PRIVATE KEY-----', 'a://b'])
      log.info(part.repeat(length / part.length))
    return process.cpuUsage().user - begun
  }
  took(10_000)
  assert.ok(took(640_000) < 64 * 10 * Math.max(took(10_000), 1_000))
})

logger('shows an error with its cause and code, and none of what an HTTP client hangs on it', () => {
  const { log, last, lines } = recorded()
  const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
    code: 'ECONNREFUSED',
    port: 1,
  })
  const err = Object.assign(new Error('the calendar cannot be reached', { cause }), {
    status: 503,
    config: { headers: { note: 'hushhush' } },
    response: { data: 'hushhush' },
  })
  log.error({ err }, 'fetch failed')
  const shown = last().err
  assert.is(shown.message, 'the calendar cannot be reached')
  assert.is(shown.status, 503)
  assert.is(shown.cause.code, 'ECONNREFUSED')
  assert.match(shown.stack, 'logger.spec.ts')
  assert.not.match(lines.join(''), 'hushhush')
})

logger('keeps ids, codes and counts as they are', () => {
  const { log, last } = recorded()
  const fields = {
    credentialId: 'c1',
    code: 'NOT_FOUND',
    tokens: 3,
    channelId: 'ch',
    none: null,
    at: 'code=404',
  }
  log.info(fields, 'so')
  const { time: _time, level: _level, msg: _msg, ...rest } = last()
  assert.equal(rest, fields)
})

logger('survives what cannot be written as JSON', () => {
  const { log, last } = recorded()
  const loop: { self?: unknown } = {}
  loop.self = loop
  log.info({ loop, big: 10n, when: Temporal.Instant.from('2026-01-01T00:00:00Z'), nothing: undefined }, 'odd')
  assert.is(last().big, '10')
  assert.is(last().when, '2026-01-01T00:00:00Z')
})

logger.run()
