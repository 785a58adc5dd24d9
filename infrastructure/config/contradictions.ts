import type { Problem } from './problem.ts'
import type { Settings, Variable } from './variables.ts'

const google = ['GOOGLE_CLIENT_ID', 'GOOGLE_SERVICE_ACCOUNT_FILE', 'GOOGLE_API_URL'] as const
const outside = ['EVENTSTORE_URL', 'MONGODB_URL', 'KAFKA_BROKERS'] as const

/** Whether Google and Cal.com are the stand-ins: nothing names a Google, and all that is stored is stored here. */
export function usesStandIns(given: ReadonlySet<Variable>): boolean {
  return !google.some((variable) => given.has(variable)) && !outside.some((variable) => given.has(variable))
}

/** Variables that mean nothing here, or that somebody else must know of: a sentence each. None keeps the service from starting. */
export const notesOn = (given: ReadonlySet<Variable>, settings: Settings): string[] => [
  ...(given.has('KAFKA_TOPIC') && !given.has('KAFKA_BROKERS')
    ? ['KAFKA_TOPIC is set, and KAFKA_BROKERS is not: nothing is published to Kafka']
    : []),
  ...(settings.CALCOM_APPLY === 'api' && given.has('KAFKA_BROKERS')
    ? [
        'CALCOM_APPLY is api, and KAFKA_BROKERS is set: this service carries the events out in Cal.com itself, so no consumer may do so too',
      ]
    : []),
]

/** Problems between variables: one that needs another, or two that exclude each other. */
export function contradictions(given: ReadonlySet<Variable>, settings: Settings): Problem[] {
  const problems: Problem[] = []
  const has = (variable: Variable) => given.has(variable)
  const report = (variable: Variable, problem: string) => problems.push({ variable, problem })
  /** `variable` means nothing without one of `needed`. */
  const needs = (variable: Variable, ...needed: Variable[]) => {
    if (has(variable) && !needed.some(has)) report(variable, `is set, and ${needed.join(' or ')} is not`)
  }

  const standIns = usesStandIns(given)
  const outsideSet = outside.filter(has)
  if (outsideSet.length > 0 && !google.some(has)) {
    report(
      'GOOGLE_CLIENT_ID',
      `or ${google[1]} or ${google[2]} is needed, because ${outsideSet.join(' and ')} is set`,
    )
  }
  if (outsideSet.length > 0 && !has('ENCRYPTION_KEY')) {
    report('ENCRYPTION_KEY', `is needed, because ${outsideSet.join(' and ')} is set`)
  }

  if (has('GOOGLE_CLIENT_ID') && !has('GOOGLE_CLIENT_SECRET') && !has('GOOGLE_API_URL')) {
    report('GOOGLE_CLIENT_SECRET', 'is needed, because GOOGLE_CLIENT_ID is set')
  }
  needs('GOOGLE_CLIENT_SECRET', 'GOOGLE_CLIENT_ID')
  needs('GOOGLE_TOKEN_URL', ...google)
  needs('GOOGLE_DELEGATED_DOMAINS', 'GOOGLE_SERVICE_ACCOUNT_FILE')

  needs('CALCOM_API_KEY', 'CALCOM_API_URL')
  needs('CALCOM_API_KEYS_FILE', 'CALCOM_API_URL')
  needs('CALCOM_API_URL', 'CALCOM_API_KEY', 'CALCOM_API_KEYS_FILE')
  if (has('CALCOM_API_URL') && has('CALCOM_DATABASE_URL')) {
    report('CALCOM_DATABASE_URL', 'is set, and CALCOM_API_URL too: bookings are read from one of them')
  }
  if (settings.CALCOM_APPLY === 'api' && !standIns) needs('CALCOM_APPLY', 'CALCOM_API_URL')
  for (const variable of ['CALCOM_API_URL', 'CALCOM_DATABASE_URL'] as const) {
    if (standIns && has(variable))
      report(variable, `is set, and none of ${google.join(', ')} is: the stand-ins would be used`)
  }

  for (const variable of ['KAFKA_SSL', 'KAFKA_SASL_MECHANISM'] as const) needs(variable, 'KAFKA_BROKERS')
  for (const variable of ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'] as const) {
    needs(variable, 'KAFKA_SASL_MECHANISM')
    needs('KAFKA_SASL_MECHANISM', variable)
  }
  needs('EVENTSTORE_COMPRESSION', 'EVENTSTORE_URL')
  return problems
}
