import { generateKeyPairSync } from 'node:crypto'
import { isAbsolute } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Configuration, readConfiguration } from '../../../infrastructure/config/configuration.ts'
import type { Environment } from '../../../infrastructure/config/environment.ts'
import { notYetAvailable } from '../../../infrastructure/config/not-yet-available.ts'
import { formatProblems } from '../../../infrastructure/config/problem.ts'
import { variables } from '../../../infrastructure/config/variables.ts'

const configuration = suite('the configuration')

const google = { GOOGLE_CLIENT_ID: 'client', GOOGLE_CLIENT_SECRET: 'client-secret' }
const noFiles = (path: string): string => {
  throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' })
}

function read(environment: Environment, files: { [path: string]: string } = {}): Configuration {
  const answer = readConfiguration(environment, (path) => files[path] ?? noFiles(path))
  if (!answer.ok) throw new Error(formatProblems(answer.problems))
  return answer.configuration
}

function problemsOf(environment: Environment, files: { [path: string]: string } = {}): string[] {
  const answer = readConfiguration(environment, (path) => files[path] ?? noFiles(path))
  return answer.ok ? [] : answer.problems.map(({ variable, problem }) => `${variable} ${problem}`)
}

/** Whether this value alone, beside a real Google, is a problem of that variable. */
function refuses(variable: string, value: string, beside: Environment = google): boolean {
  return problemsOf({ ...beside, [variable]: value }).some((line) => line.startsWith(`${variable} `))
}

configuration('with nothing set is the embedded service with the stand-ins', () => {
  const nothing = read({})
  assert.is(nothing.standIns, true)
  assert.equal(nothing.http, { host: '127.0.0.1', port: 3100, portIsFixed: false, publicUrl: undefined })
  assert.ok(isAbsolute(nothing.data.folder))
  assert.match(nothing.data.folder, /data$/)
  assert.is(nothing.google.root, 'stand-in')
  assert.equal(nothing.sync, {
    mode: 'apply',
    settleMs: 300,
    reconcileMs: 900_000,
    cronMs: 60_000,
    channelTtlMs: 604_800_000,
    cancelGraceMs: 0,
    echoGraceMs: 0,
    massChangeLimit: 25,
  })
  assert.equal([...nothing.roles], ['http', 'crons', 'sync', 'projections', 'publisher', 'applier'])
  assert.is(nothing.calcom.webhookSecrets.length, 1)
  assert.not.equal(nothing.calcom.webhookSecrets, read({}).calcom.webhookSecrets)
  assert.is(nothing.log.level, 'info')
})

configuration(
  'with a Google has the delays that a real one needs, and polls without a public address',
  () => {
    const real = read(google)
    assert.is(real.standIns, false)
    assert.is(real.google.root, 'https://www.googleapis.com/')
    assert.equal(real.google.oauthClient, { clientId: 'client', clientSecret: 'client-secret' })
    assert.is(real.google.tokenUrl, undefined)
    assert.is(real.sync.settleMs, 2000)
    assert.is(real.sync.cancelGraceMs, 60_000)
    assert.is(real.sync.echoGraceMs, 10_000)
    assert.is(real.sync.reconcileMs, 60_000)
    assert.equal(real.calcom.webhookSecrets, [])
    assert.is(read({ ...google, PUBLIC_URL: 'https://sync.example' }).sync.reconcileMs, 900_000)
  },
)

configuration('sets what is set, whatever the default with the stand-ins', () => {
  const { sync, calcom } = read({
    SETTLE_MS: '5',
    CANCEL_GRACE_MS: '6',
    ECHO_GRACE_MS: '7',
    CALCOM_WEBHOOK_SECRET: 'old, new',
  })
  assert.equal([sync.settleMs, sync.cancelGraceMs, sync.echoGraceMs], [5, 6, 7])
  assert.equal(calcom.webhookSecrets, ['old', 'new'])
})

configuration('a fraction may have as many digits as a program writes', () => {
  const { sync } = read({ RECONCILE_MINUTES: String(2 / 60), CHANNEL_TTL_HOURS: String(12 / 3600) })
  assert.equal([sync.reconcileMs, sync.channelTtlMs], [2_000, 12_000])
})

configuration('takes fractions where the contract says so', () => {
  const { sync } = read({ RECONCILE_MINUTES: '0.05', CRON_SECONDS: '.5', CHANNEL_TTL_HOURS: '0.25' })
  assert.equal([sync.reconcileMs, sync.cronMs, sync.channelTtlMs], [3000, 500, 900_000])
  assert.ok(refuses('SETTLE_MS', '0.5'))
})

configuration('takes an empty value as not set, and drops space around a value', () => {
  assert.is(read({ PORT: '', LOG_LEVEL: '  ', HOST: undefined }).http.port, 3100)
  const trimmed = read({ PORT: ' 8080 \r', LOG_LEVEL: 'debug\r' })
  assert.is(trimmed.http.port, 8080)
  assert.is(trimmed.http.portIsFixed, true)
  assert.is(trimmed.log.level, 'debug')
})

configuration('ignores what is not ours', () => {
  assert.is(read({ PATH: '/bin', EDITOR: 'ed' }).standIns, true)
})

configuration('reports all problems together, each with its variable', () => {
  const lines = problemsOf({ PORT: '70000', LOG_LEVEL: 'loud', ROLES: 'http,cron', GOOGLE_CLIENT_ID: 'a' })
  assert.equal(lines.map((line) => line.split(' ')[0]).sort(), [
    'GOOGLE_CLIENT_SECRET',
    'LOG_LEVEL',
    'PORT',
    'ROLES',
  ])
  const message = formatProblems([{ variable: 'PORT', problem: 'must be a number' }])
  assert.is(message, 'The configuration is not usable:\n  PORT must be a number')
})

configuration('never repeats a value, for it may be a secret', () => {
  const wrong = 'hush hush:%,,'
  const everything = Object.fromEntries(Object.keys(variables).map((variable) => [variable, wrong]))
  assert.not.match(problemsOf(everything).join('\n'), /hush/)
  const files = { keys: '{"1": hush}', tokens: '[hush]', account: 'hush' }
  const inFiles = problemsOf(
    {
      CALCOM_API_URL: 'https://api.example',
      CALCOM_API_KEYS_FILE: 'keys',
      API_TOKENS_FILE: 'tokens',
      GOOGLE_SERVICE_ACCOUNT_FILE: 'account',
    },
    files,
  )
  assert.is(inFiles.length, 3)
  assert.not.match(inFiles.join('\n'), /hush/)
})

configuration('refuses values that mean nothing', () => {
  const wrong: [string, string[]][] = [
    ['PORT', ['-1', '65536', '80.5', 'http', '0x10']],
    ['HOST', ['http://x', 'a b']],
    ['SETTLE_MS', ['-1', 'soon', '1e3', '99999999']],
    ['MASS_CHANGE_LIMIT', ['-1', '2.5']],
    ['RECONCILE_MINUTES', ['0', '-1', 'NaN', '999999999', '0.0000001']],
    ['CRON_SECONDS', ['0', '', 'x'].filter(Boolean)],
    ['SYNC_MODE', ['on', 'APPLY']],
    ['ROLES', ['everything', 'http,,sync', ',']],
    ['GOOGLE_API_URL', ['google', 'ftp://x', 'http://user:pass@x']],
    ['GOOGLE_TOKEN_URL', ['x']],
    ['CALCOM_WEBHOOK_SECRET', ['a,,b', ',']],
    ['API_TOKEN', ['two words', 'é']],
    ['LOG_LEVEL', ['verbose']],
  ]
  for (const [variable, values] of wrong) {
    for (const value of values) assert.ok(refuses(variable, value), `${variable}=${value}`)
  }
})

configuration('wants an https address that Google can reach; http is for this machine only', () => {
  const accepted = [
    'https://sync.example',
    'http://localhost:3100',
    'http://127.0.0.5:1',
    'http://[::1]:3100/',
  ]
  for (const url of accepted) assert.not.ok(refuses('PUBLIC_URL', url), url)
  const refused = [
    'http://sync.example',
    'http://127.evil.example',
    'sync.example',
    'https://a@b',
    'https://a/?q',
    'ftp://a',
  ]
  for (const url of refused) assert.ok(refuses('PUBLIC_URL', url), url)
  assert.is(
    read({ ...google, PUBLIC_URL: 'https://sync.example/base/' }).http.publicUrl,
    'https://sync.example/base',
  )
})

configuration('takes encryption keys of exactly 32 bytes, the newest first', () => {
  const [newer, older] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const { data } = read({ ENCRYPTION_KEY: `${newer.toString('base64')}, ${older.toString('base64')}` })
  assert.is(data.encryptionKey, `${newer.toString('base64')},${older.toString('base64')}`)
  for (const bytes of [16, 31, 33, 64])
    assert.ok(refuses('ENCRYPTION_KEY', Buffer.alloc(bytes).toString('base64')))
  assert.ok(refuses('ENCRYPTION_KEY', 'x'.repeat(44)))
  assert.ok(refuses('ENCRYPTION_KEY', `${'x'.repeat(43)}=`))
  assert.ok(refuses('ENCRYPTION_KEY', `${newer.toString('base64')},`))
})

configuration('runs the roles named', () => {
  assert.equal([...read({ ROLES: 'sync, http' }).roles], ['http', 'sync'])
  assert.is(read({ ROLES: 'all' }).roles.size, 6)
})

configuration('takes an emulator of Google without a client, and never sends a placeholder to Google', () => {
  const emulated = read({ GOOGLE_API_URL: 'http://127.0.0.1:4000' })
  assert.is(emulated.standIns, false)
  assert.equal(emulated.google.oauthClient, { clientId: 'emulator', clientSecret: 'emulator' })
  assert.is(emulated.google.apiUrl, 'http://127.0.0.1:4000/')
  assert.is(emulated.google.tokenUrl, 'http://127.0.0.1:4000/token')
  assert.is(emulated.google.root, 'http://127.0.0.1:4000/')
  const proxied = read({ ...google, GOOGLE_API_URL: 'https://proxy.example/g/' })
  assert.is(proxied.google.tokenUrl, undefined)
  assert.is(proxied.google.oauthClient?.clientId, 'client')
  const named = read({ GOOGLE_API_URL: 'http://localhost:1', GOOGLE_TOKEN_URL: 'http://localhost:1/oauth' })
  assert.is(named.google.tokenUrl, 'http://localhost:1/oauth')
})

configuration('reads the service account, for whose domains no credential is stored', () => {
  const pem = (type: 'rsa' | 'ed25519') => {
    const { privateKey } =
      type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519')
    return privateKey.export({ type: 'pkcs8', format: 'pem' })
  }
  const fileWith = (private_key: unknown) => JSON.stringify({ client_email: 'a@b', private_key, type: 'x' })
  const key = fileWith(pem('rsa'))
  const { google: set } = read(
    { GOOGLE_SERVICE_ACCOUNT_FILE: 'key.json', GOOGLE_DELEGATED_DOMAINS: 'Example.com, b.org' },
    { 'key.json': key },
  )
  assert.is(set.serviceAccount?.clientEmail, 'a@b')
  assert.equal(set.delegatedDomains, ['example.com', 'b.org'])
  assert.is(set.oauthClient, undefined)
  assert.ok(refuses('GOOGLE_SERVICE_ACCOUNT_FILE', 'missing.json', {}))
  for (const bad of [
    'no JSON',
    '{}',
    fileWith('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'),
    fileWith(pem('ed25519')),
  ]) {
    const [line = '', ...more] = problemsOf({ GOOGLE_SERVICE_ACCOUNT_FILE: 'key.json' }, { 'key.json': bad })
    assert.match(line, /^GOOGLE_SERVICE_ACCOUNT_FILE must name .*an RSA key$/)
    assert.equal(more, [])
  }
})

configuration('names the variable that another one needs', () => {
  const needs: [Environment, string][] = [
    [{ GOOGLE_CLIENT_ID: 'a' }, 'GOOGLE_CLIENT_SECRET'],
    [{ GOOGLE_CLIENT_SECRET: 'a' }, 'GOOGLE_CLIENT_SECRET'],
    [{ GOOGLE_TOKEN_URL: 'https://t.example' }, 'GOOGLE_TOKEN_URL'],
    [{ ...google, GOOGLE_DELEGATED_DOMAINS: 'a.example' }, 'GOOGLE_DELEGATED_DOMAINS'],
    [{ ...google, CALCOM_API_URL: 'https://api.example' }, 'CALCOM_API_URL'],
    [{ ...google, CALCOM_API_KEY: 'cal_1' }, 'CALCOM_API_KEY'],
    [{ CALCOM_API_URL: 'https://api.example', CALCOM_API_KEY: 'cal_1' }, 'CALCOM_API_URL'],
    [{ KAFKA_SASL_USERNAME: 'a' }, 'KAFKA_SASL_USERNAME'],
    [{ KAFKA_SASL_MECHANISM: 'plain' }, 'KAFKA_SASL_MECHANISM'],
    [{ EVENTSTORE_COMPRESSION: 'on' }, 'EVENTSTORE_COMPRESSION'],
  ]
  for (const [environment, variable] of needs) {
    const lines = problemsOf(environment)
    assert.ok(
      lines.some((line) => line.startsWith(`${variable} `)),
      `${variable}: ${lines.join()}`,
    )
  }
})

configuration('takes a topic without brokers, and notes that nothing goes there', () => {
  const { notes, kafka } = read({ KAFKA_TOPIC: 'bookings' })
  assert.is(kafka, undefined)
  assert.match(notes.join(), /^KAFKA_TOPIC is set, and KAFKA_BROKERS is not/)
  assert.equal(read({}).notes, [])
})

configuration('never starts the stand-ins beside an outside store', () => {
  const outside = { EVENTSTORE_URL: 'esdb://x', MONGODB_URL: 'mongodb://x', KAFKA_BROKERS: 'a:1,b:2' }
  for (const [variable, value] of Object.entries(outside)) {
    const lines = problemsOf({ [variable]: value })
    assert.ok(
      lines.some((line) => line.startsWith('GOOGLE_CLIENT_ID or ')),
      variable,
    )
    assert.ok(
      lines.some((line) => line.startsWith('ENCRYPTION_KEY is needed')),
      variable,
    )
  }
})

configuration('tells a connection string that cannot be used, and repeats nothing of it', () => {
  const beside = { ...google, ENCRYPTION_KEY: Buffer.alloc(32).toString('base64') }
  const bad: { [variable: string]: string[] } = {
    EVENTSTORE_URL: [
      ...['http://host', 'esdb://', 'esdb://?tls=false', 'kurrentdb://', 'esdb://a,,b', 'esdb://host/db'],
      ...['esdb://host:0', 'esdb://host:99999', 'esdb://user:hunter2@host:21x3', 'esdb://[::1]:2113'],
      // What is in a password and was not encoded.
      ...['esdb://user:hun@ter2@host', 'esdb://user:hun:ter2@host', 'esdb://user:hun/ter2@host'],
      ...['esdb://user:hun?ter2@host', 'esdb://user:%zzhunter2@host', 'esdb://hunter2@host'],
      ...['esdb://host?tls=hunter2', 'esdb://host?hunter2=1', 'esdb://host?tlsCAFile=/no/hunter2'],
    ],
    MONGODB_URL: [
      ...[
        'postgres://host',
        'mongodb://',
        'mongodb://user:hunter2@/x',
        'mongodb://host/a.b',
        'mongodb://host/%zz',
      ],
      ...['mongodb://user:hunter2@host:0/x', 'mongodb://user:hunter2@host:99999/x', 'mongodb+srv://a,b/x'],
      ...['mongodb://user:hun@ter2@host', 'mongodb://user:hun/ter2@host', 'mongodb://user:%zzhunter2@host'],
      ...['mongodb://host/x?nonsense=hunter2', 'mongodb://host/x?tls=hunter2'],
      ...['mongodb://host/x?authMechanism=HUNTER2', 'mongodb://host/x?tls=true&tlsCAFile=/no/hunter2'],
      `mongodb://host/${'x'.repeat(60)}`,
    ],
    KAFKA_BROKERS: [
      ...['a', ':9092', 'a:9092,', 'a:9092,,b:9092', 'a b:9092', 'a:0', 'a:99999', '[::1]:9092'],
      ...['kafka://a:9092', 'user:hunter2@a:9092'],
    ],
  }
  for (const [variable, values] of Object.entries(bad))
    for (const value of values) {
      const [line = '', ...more] = problemsOf({ ...beside, [variable]: value })
      assert.match(line, new RegExp(`^${variable} (must|has|is|names) `), value)
      assert.not.match(line, /hun|ter2/i, value)
      assert.equal(more, [], value)
    }
  const good: [string, string][] = [
    ['EVENTSTORE_URL', 'esdb://user:h%40%3A%2Funter2@a:1,b.example:2/?tls=false&keepAliveInterval=1'],
    ['EVENTSTORE_URL', 'kurrentdb+discover://cluster.example?tls_verify_cert=false'],
    ['MONGODB_URL', 'mongodb://user:p%40ss@a:1,b/?replicaSet=rs0'],
    ['MONGODB_URL', 'mongodb+srv://db.example/x'],
    ['KAFKA_BROKERS', 'a:9092 , b.example:1'],
  ]
  for (const [variable, value] of good) assert.equal(problemsOf({ ...beside, [variable]: value }), [], value)
})

configuration('tells all that is wrong with the brokers together', () => {
  const variables = problemsOf({
    ...google,
    KAFKA_BROKERS: 'a',
    KAFKA_SSL: 'yes',
    KAFKA_SASL_MECHANISM: 'gssapi',
    KAFKA_SASL_USERNAME: 'user',
  }).map((line) => line.split(' ')[0])
  assert.equal(
    variables.sort(),
    ['ENCRYPTION_KEY', 'KAFKA_BROKERS', 'KAFKA_SASL_MECHANISM', 'KAFKA_SASL_MECHANISM', 'KAFKA_SSL'].sort(),
  )
})

configuration(
  'refuses a topic for which the brokers would refuse the topic, or the one of its position',
  () => {
    const ENCRYPTION_KEY = Buffer.alloc(32).toString('base64')
    const problemsWith = (KAFKA_TOPIC: string) =>
      problemsOf({ ...google, ENCRYPTION_KEY, KAFKA_BROKERS: 'a:1', KAFKA_TOPIC })
    const longest = 'x'.repeat(249 - '-position'.length)
    for (const topic of ['a', 'a.b', '...', longest]) assert.equal(problemsWith(topic), [], topic)
    for (const topic of ['.', '..', 'a b', `${longest}x`]) assert.is(problemsWith(topic).length, 1, topic)
  },
)

configuration('says plainly what this version does not have, and never falls back', () => {
  const examples: { [variable: string]: string } = {
    EVENTSTORE_URL: 'esdb://node:2113?tls=false',
    MONGODB_URL: 'mongodb+srv://db.example/x',
    KAFKA_BROKERS: 'a.example:9092, b.example:9092',
    NOTICE_WEBHOOK_URL: 'https://notices.example',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
  }
  for (const { variable } of notYetAvailable) {
    assert.ok(Object.hasOwn(variables, variable), variable)
    const lines = problemsOf({ ...google, [variable]: examples[variable] })
    assert.ok(
      lines.some((line) => line.startsWith(`${variable} cannot be `)),
      `${variable}: ${lines.join()}`,
    )
  }
})

configuration(
  'carries changes out itself with the stand-ins, else where it is told to and has the API',
  () => {
    assert.is(read({}).calcom.apply, 'api')
    assert.is(read({ CALCOM_APPLY: 'none' }).calcom.apply, 'none')
    assert.is(read(google).calcom.apply, 'none')
    assert.match(
      problemsOf({ ...google, CALCOM_APPLY: 'api' }).join(),
      /^CALCOM_APPLY is set, and CALCOM_API_URL/,
    )
    const api = {
      ...google,
      CALCOM_APPLY: 'api',
      CALCOM_API_URL: 'https://api.cal.example',
      CALCOM_API_KEY: 'cal_1',
    }
    assert.equal(read(api).notes, [])
    const kafka = { ...api, KAFKA_BROKERS: 'a:1', ENCRYPTION_KEY: Buffer.alloc(32).toString('base64') }
    assert.match(
      read(kafka).notes.join(),
      /^CALCOM_APPLY is api, and KAFKA_BROKERS is set: .* no consumer may do so too$/,
    )
  },
)

configuration("takes Cal.com's API with a key, a file of keys, or both", () => {
  const url = { ...google, CALCOM_API_URL: 'https://api.cal.example' }
  const both = read(
    { ...url, CALCOM_API_KEY: 'cal_1', CALCOM_API_KEYS_FILE: 'keys' },
    { keys: '{"7":"cal_7"}' },
  )
  assert.equal(both.calcom.api, { url: 'https://api.cal.example/', apiKey: 'cal_1', apiKeysFile: 'keys' })
  assert.is(problemsOf({ ...url, CALCOM_API_KEYS_FILE: 'keys' }, { keys: '{"7":7}' }).length, 1)
})

configuration("takes Cal.com's database in place of its API, and repeats nothing of its address", () => {
  const url = 'postgresql://calendar_sync:hunter2@db.example:5432/calcom'
  assert.is(read({ ...google, CALCOM_DATABASE_URL: url }).calcom.databaseUrl, url)
  const socket = 'postgresql:///calcom?host=/run/postgresql'
  assert.equal(problemsOf({ ...google, CALCOM_DATABASE_URL: socket }), [])
  for (const wrong of [
    'mysql://u:hunter2@db/x',
    'postgres://u:hunter2@db',
    'postgres://u:hunter2@db:port/x',
  ]) {
    const [problem = '', ...others] = problemsOf({ ...google, CALCOM_DATABASE_URL: wrong })
    assert.match(problem, /^CALCOM_DATABASE_URL /, wrong)
    assert.not.match(problem, /hunter2/)
    assert.equal(others, [])
  }
  const both = { CALCOM_API_URL: 'https://api.cal.example', CALCOM_API_KEY: 'cal_1' }
  assert.is(problemsOf({ ...google, ...both, CALCOM_DATABASE_URL: url }).length, 1)
  assert.is(problemsOf({ CALCOM_DATABASE_URL: url }).length, 1)
})

configuration.run()
