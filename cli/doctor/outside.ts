// Checks over HTTP: Google, Cal.com (its API in calcom-api.ts, its database in calcom-database.ts), and this service's own public address.
import { googleTokenEndpoint } from '../../composition/outside.ts'
import type { Configuration } from '../../infrastructure/config/configuration.ts'
import { lookAtCalcomApi } from './calcom-api.ts'
import { lookAtCalcomDatabase } from './calcom-database.ts'
import { type Finding, note, ok } from './finding.ts'
import { ask, reached } from './reaching.ts'

export async function lookAtGoogle(configuration: Configuration): Promise<Finding[]> {
  const { google, standIns } = configuration
  if (standIns) return [ok('Google', 'The built-in stand-in is used.')]
  const [token, api] = await Promise.all([
    reached('Google token endpoint', googleTokenEndpoint(configuration), 'GOOGLE_TOKEN_URL'),
    reached('Google API', google.root, 'GOOGLE_API_URL'),
  ])
  return [...serviceAccount(google), token, api]
}

/** The file was read and understood with the configuration. */
function serviceAccount({ serviceAccount: account, delegatedDomains }: Configuration['google']): Finding[] {
  if (account === undefined) return []
  const check = 'GOOGLE_SERVICE_ACCOUNT_FILE'
  return delegatedDomains.length > 0
    ? [ok(check, `${account.clientEmail} acts for ${delegatedDomains.join(', ')}.`)]
    : [
        note(
          check,
          `${account.clientEmail} acts for nobody yet.`,
          'Name domains in GOOGLE_DELEGATED_DOMAINS.',
        ),
      ]
}

export async function lookAtCalcom({ calcom, standIns, kafka }: Configuration): Promise<Finding[]> {
  if (standIns) return [ok('Cal.com', 'The built-in stand-in is used.')]
  const secret =
    calcom.webhookSecrets.length > 0
      ? ok('CALCOM_WEBHOOK_SECRET', 'Is set.')
      : note(
          'CALCOM_WEBHOOK_SECRET',
          'Is not set: every delivery of Cal.com is refused.',
          "Set it to the secret of Cal.com's webhook.",
        )
  if (calcom.databaseUrl !== undefined) return [secret, ...(await lookAtCalcomDatabase(calcom.databaseUrl))]
  if (calcom.api === undefined) {
    const says =
      "Is not set: bookings are known by webhooks, and a lost one is not healed. Events are searched at Google by the link in their description. Cal.com's own view is not asked before a change acts."
    return [
      secret,
      note(
        'CALCOM_API_URL',
        says,
        'Set it, with CALCOM_API_KEY or CALCOM_API_KEYS_FILE; or CALCOM_DATABASE_URL.',
      ),
    ]
  }
  return [secret, ...(await lookAtCalcomApi(calcom.api)), whoApplies(calcom, kafka)]
}

function whoApplies(calcom: Configuration['calcom'], kafka: Configuration['kafka']): Finding {
  const check = 'CALCOM_APPLY'
  if (calcom.apply === 'none') return ok(check, 'Is none: a consumer of yours carries the events out.')
  const says = 'Is api: this service carries the events out in Cal.com.'
  return kafka === undefined
    ? ok(check, says)
    : note(
        check,
        says,
        'No consumer of KAFKA_BROKERS may carry them out too: each change would be made twice.',
      )
}

export async function lookAtPublicUrl({ http, standIns }: Configuration): Promise<Finding> {
  const check = 'PUBLIC_URL'
  if (http.publicUrl === undefined)
    return standIns
      ? ok(check, 'The stand-ins reach this machine by themselves.')
      : note(check, 'Is not set: every calendar is polled.', 'Set the https address that Google can reach.')
  const asked = await ask(`${http.publicUrl}/health/live`)
  if (asked === 200) return ok(check, `${http.publicUrl} leads to a running service.`)
  const says = typeof asked === 'string' ? asked : `it answers ${asked}`
  return note(
    check,
    `${http.publicUrl} does not lead to a running service, seen from here: ${says}.`,
    'Once the service runs, the address has to lead to it from the Internet; from here it need not.',
  )
}
