import type { Fenced, PublisherProblem, Unavailable } from '../../ports/booking-event-publisher.ts'
import { errorText } from '../logging/error-facts.ts'

/** The facts of an error of kafkajs, with those that it wraps: each may have a `type` (the protocol's) or a `code`. */
type ErrorFacts = { name: string; type: string; code: string; message: string }

function errorFacts(error: unknown, depth = 0): ErrorFacts[] {
  if (!(error instanceof Error) || depth > 8) return []
  const text = (name: 'type' | 'code') => {
    const value: unknown = Object.hasOwn(error, name) ? Reflect.get(error, name) : undefined
    return typeof value === 'string' ? value : ''
  }
  const own = { name: error.name, type: text('type'), code: text('code'), message: error.message }
  const inside = 'errors' in error && Array.isArray(error.errors) ? error.errors : []
  return [own, ...[error.cause, ...inside].flatMap((one) => errorFacts(one, depth + 1))]
}

/** Not in kafkajs' list of errors: a later version of INVALID_PRODUCER_EPOCH. */
const PRODUCER_FENCED = /Unknown error code 90\b/

/** FENCED where a newer producer of the same name exists, or the broker has ended this one's transaction. */
function isFenced(error: unknown): boolean {
  return errorFacts(error).some(
    ({ type, message }) => type === 'INVALID_PRODUCER_EPOCH' || PRODUCER_FENCED.test(message),
  )
}

/** A message, or the messages for one partition together, are larger than the topic takes. */
export const isTooLarge = (error: unknown): boolean =>
  errorFacts(error).some(({ type }) => type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE')

const SETTLING =
  /^(NOT_LEADER_FOR_PARTITION|LEADER_NOT_AVAILABLE|GROUP_COORDINATOR_NOT_AVAILABLE|GROUP_LOAD_IN_PROGRESS|NOT_COORDINATOR_FOR_GROUP)$/

/**
 * Answers of brokers for some moments after they have begun, and after a topic was made; kafkajs does not always ask
 * again.
 */
export const isSettling = (error: unknown): boolean =>
  errorFacts(error).some(({ type }) => SETTLING.test(type))

const TLS_CODE =
  /^ERR_(TLS|SSL)|^EPROTO$|CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|^HOSTNAME_MISMATCH$|^INVALID_CA$/

const problems: readonly [PublisherProblem, (facts: ErrorFacts) => boolean][] = [
  ['TLS', ({ code, message }) => TLS_CODE.test(code) || /certificate|secure TLS|SSL routines/i.test(message)],
  ['DNS', ({ code, message }) => /^(ENOTFOUND|EAI_AGAIN)$/.test(code) || /getaddrinfo/.test(message)],
  [
    'REFUSED',
    ({ code, message }) =>
      /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)$/.test(code) || /ECONNREFUSED/.test(message),
  ],
  ['TOO_OLD', ({ name }) => name === 'KafkaJSServerDoesNotSupportApiKey'],
  ['AUTHENTICATION', ({ name, type }) => name === 'KafkaJSSASLAuthenticationError' || /SASL/.test(type)],
  ['AUTHORIZATION', ({ type }) => /AUTHORIZATION_FAILED|^(TOPIC|CLUSTER|GROUP)_DENIED$/.test(type)],
  [
    'TOPIC',
    ({ type }) =>
      /^(UNKNOWN_TOPIC_OR_PARTITION|INVALID_TOPIC_EXCEPTION|INVALID_REPLICATION_FACTOR)$/.test(type),
  ],
  [
    'TIMEOUT',
    ({ name, code, message }) => /Timeout/.test(name) || code === 'ETIMEDOUT' || /timeout/i.test(message),
  ],
]

/** Which of the problems that an operator knows it is. */
export function problemOf(error: unknown): PublisherProblem {
  const facts = errorFacts(error)
  return problems.find(([, fits]) => facts.some(fits))?.[0] ?? 'OTHER'
}

const hints: { readonly [problem in PublisherProblem]?: string } = {
  DNS: 'the name of a broker is not known: see KAFKA_BROKERS, and advertised.listeners of the brokers',
  REFUSED: 'nothing listens there: see KAFKA_BROKERS, and advertised.listeners of the brokers',
  TLS: 'the encrypted connection failed: see KAFKA_SSL and the certificates of the brokers (NODE_EXTRA_CA_CERTS)',
  AUTHENTICATION: 'the brokers refuse KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD',
  AUTHORIZATION: 'the brokers do not let this user do it',
  TIMEOUT: 'the brokers do not answer in time',
  TOO_OLD: 'the brokers are older than what this service needs of them',
}

/** Used if kafkajs does not tell what the brokers said. */
const guesses: readonly [said: RegExp, hint: string][] = [
  [
    /closed connection|ECONNRESET/i,
    'a broker closed the connection: does it expect TLS (KAFKA_SSL), or a user (KAFKA_SASL_MECHANISM)?',
  ],
  [
    /find group coordinator/i,
    'the brokers are still starting, or this user may not use the transactional id, which is calendar-sync. and the topic',
  ],
]

/** The failure as a value. */
export function failureOf(error: unknown, doing: string): Fenced | Unavailable {
  if (isFenced(error)) return { ok: false, error: 'FENCED', message: `${doing}: ${errorText(error)}` }
  return unavailable(error, doing)
}

/** The failure of what fences nobody. */
export function unavailable(error: unknown, doing: string): Unavailable {
  const text = errorText(error)
  const problem = problemOf(error)
  const hint = hints[problem] ?? guesses.find(([said]) => said.test(text))?.[1]
  const message = `${doing}: ${text}${hint === undefined ? '' : ` (${hint})`}`
  return { ok: false, error: 'UNAVAILABLE', problem, message, cause: error }
}
