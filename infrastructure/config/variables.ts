import { z } from 'zod'
import { calcomDatabaseUrlProblem } from '../calcom/calcom-database-url.ts'
import { parseEventStoreDbUrl } from '../eventstoredb/eventstoredb-url.ts'
import { mongodbUrlProblem } from '../mongodb/mongodb-url.ts'

/** The parts that a process can run. */
export const roles = ['http', 'crons', 'sync', 'projections', 'publisher', 'applier'] as const
export type Role = (typeof roles)[number]

/** No timer of Node's can run longer: 2^31 - 1 ms, a little under 25 days. */
const LONGEST_TIMER_MS = 2_147_483_647
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** Zod's own messages are replaced throughout, so that no message can repeat a value: some values are secrets. */
const text = z.string()

function matching(pattern: RegExp, problem: string) {
  return text.regex(pattern, { error: problem })
}

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` })
}

function wholeNumber(from: number, to: number) {
  const error = `must be a whole number from ${from} to ${to}`
  return text
    .regex(/^\d{1,15}$/, { error, abort: true })
    .transform(Number)
    .refine((value) => value >= from && value <= to, { error })
}

/** A time in units of `unitMs`, fractions allowed; read as whole milliseconds. */
function duration(unitMs: number, unit: string, longestMs: number) {
  const error = `must be a number of ${unit} greater than 0 and at most ${Math.floor(longestMs / unitMs)}; fractions are allowed`
  return text
    .regex(/^(\d{1,15}(\.\d{1,40})?|\.\d{1,40})$/, { error, abort: true })
    .transform((value) => Math.round(Number(value) * unitMs))
    .refine((ms) => ms >= 1 && ms <= longestMs, { error })
}

/** Items between commas, trimmed. Not empty, and neither is an item. */
function list(problem: string, accepts: (item: string) => boolean = (item) => item !== '') {
  return text
    .transform((value) => value.split(',').map((part) => part.trim()))
    .refine((items) => items.every(accepts), { error: problem })
}

function address(problem: string, accepts: (url: URL) => boolean) {
  return text
    .refine((value) => URL.canParse(value) && accepts(new URL(value)), { error: problem, abort: true })
    .transform((value) => new URL(value))
}

const isWeb = (url: URL) => url.protocol === 'https:' || url.protocol === 'http:'
const isPlain = (url: URL) =>
  url.username === '' && url.password === '' && url.search === '' && url.hash === ''

/** Whether the host of an address is this machine itself: `localhost`, 127.0.0.0/8 or `[::1]`. */
function isLoopback(host: string): boolean {
  // The URL class has written every form of an IPv4 address as four decimal numbers already.
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

/** An address that paths are added to: it ends in a slash. */
function root() {
  return address(
    'must be an http or https address without user, query or fragment',
    (url) => isWeb(url) && isPlain(url),
  ).transform((url) => (url.href.endsWith('/') ? url.href : `${url.href}/`))
}

function isBroker(item: string): boolean {
  const [, port] = /^[A-Za-z0-9._-]+:(\d{1,5})$/.exec(item) ?? []
  return Number(port) >= 1 && Number(port) <= 65_535
}

/** Text in which `problemOf` finds no problem; otherwise gives it in words that do not repeat the value. */
function understood(problemOf: (value: string) => string | undefined) {
  return text.superRefine((value, context) => {
    const message = problemOf(value)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })
}

/** 32 bytes as base64 is written, bit for bit: a decoder would also take what was meant otherwise. */
const isEncryptionKey = (text: string) => {
  const key = Buffer.from(text, 'base64')
  return key.length === 32 && key.toString('base64') === text
}

/** Every variable that is read: how its text is checked, and what it is inside. One that is not set has no entry. */
export const variables = {
  PORT: wholeNumber(0, 65_535),
  HOST: matching(/^[A-Za-z0-9.:_-]+$/, 'must be a host name or an IP address'),
  DATA_DIR: text,

  EVENTSTORE_URL: understood((url) => {
    const parsed = parseEventStoreDbUrl(url)
    return parsed.ok ? undefined : parsed.problem
  }),
  EVENTSTORE_COMPRESSION: oneOf(['off', 'on']),
  MONGODB_URL: understood(mongodbUrlProblem),
  KAFKA_BROKERS: list(
    'must be a list HOST:PORT,HOST:PORT of names or IPv4 addresses, with ports from 1 to 65535',
    isBroker,
  ),
  KAFKA_TOPIC: matching(
    // Brokers take 249, and the name of the topic of its position is longer by `-position`.
    /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,240}$/,
    'must be 1 to 240 letters, digits, dots, dashes or underscores, and not . or ..',
  ),
  KAFKA_SSL: oneOf(['true', 'false']).transform((value) => value === 'true'),
  KAFKA_SASL_MECHANISM: oneOf(['plain', 'scram-sha-256', 'scram-sha-512']),
  KAFKA_SASL_USERNAME: text,
  KAFKA_SASL_PASSWORD: text,

  PUBLIC_URL: address(
    'must be an https address (http only for localhost, 127.x.x.x or [::1]) without user, query or fragment',
    (url) =>
      (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) && isPlain(url),
  ).transform((url) => url.href.replace(/\/+$/, '')),
  GOOGLE_CLIENT_ID: text,
  GOOGLE_CLIENT_SECRET: text,
  GOOGLE_SERVICE_ACCOUNT_FILE: text,
  GOOGLE_API_URL: root(),
  GOOGLE_TOKEN_URL: address('must be an http or https address', isWeb).transform((url) => url.href),
  GOOGLE_DELEGATED_DOMAINS: list('must be a list of domains: example.com,example.org', (item) =>
    /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(item),
  ).transform((domains) => domains.map((domain) => domain.toLowerCase())),

  CALCOM_WEBHOOK_SECRET: list('must be a secret, or several with commas between'),
  CALCOM_API_URL: root(),
  CALCOM_API_KEYS_FILE: text,
  CALCOM_API_KEY: matching(/^\S+$/, 'must not contain spaces'),
  CALCOM_DATABASE_URL: understood(calcomDatabaseUrlProblem),
  CALCOM_APPLY: oneOf(['api', 'none']),
  BOOKING_RECONCILE_MINUTES: duration(MINUTE_MS, 'minutes', LONGEST_TIMER_MS),

  API_TOKEN: matching(/^[\x21-\x7e]+$/, 'must be letters, digits and signs of ASCII without spaces'),
  API_TOKENS_FILE: text,
  ENCRYPTION_KEY: list(
    'must be 32 bytes in base64, or several such keys with commas between, the newest first',
    isEncryptionKey,
  ).transform((keys) => keys.join(',')),
  ROLES: list(`must be all, or a list of ${roles.join(', ')}`, (item) => ['all', ...roles].includes(item)),

  LEASE_SECONDS: duration(1000, 'seconds', HOUR_MS),

  SETTLE_MS: wholeNumber(0, HOUR_MS),
  RECONCILE_MINUTES: duration(MINUTE_MS, 'minutes', LONGEST_TIMER_MS),
  CRON_SECONDS: duration(1000, 'seconds', HOUR_MS),
  // Google cuts a longer life to 30 days; more is no mistake.
  CHANNEL_TTL_HOURS: duration(HOUR_MS, 'hours', 8760 * HOUR_MS),
  CANCEL_GRACE_MS: wholeNumber(0, HOUR_MS),
  ECHO_GRACE_MS: wholeNumber(0, HOUR_MS),
  MASS_CHANGE_LIMIT: wholeNumber(0, 1_000_000),
  SYNC_MODE: oneOf(['apply', 'observe', 'off']),

  NOTICE_WEBHOOK_URL: address('must be an http or https address', isWeb).transform((url) => url.href),
  OTEL_EXPORTER_OTLP_ENDPOINT: address('must be an http or https address', isWeb).transform(
    (url) => url.href,
  ),
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
} satisfies { [variable: string]: z.ZodType<unknown, string> }

export type Variable = keyof typeof variables
/** The values of the variables that are set. */
export type Settings = { readonly [V in Variable]?: z.output<(typeof variables)[V]> }
