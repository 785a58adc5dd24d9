// Checks over HTTP: Google, Cal.com, and this service's own public address.
import { googleTokenEndpoint } from '../../composition/outside.ts'
import type { Configuration } from '../../infrastructure/config/configuration.ts'
import { type Finding, note, ok, wrong } from './finding.ts'

const PATIENCE_MS = 5_000

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

export async function lookAtCalcom({ calcom, standIns }: Configuration): Promise<Finding[]> {
  if (standIns) return [ok('Cal.com', 'The built-in stand-in is used.')]
  const secret =
    calcom.webhookSecrets.length > 0
      ? ok('CALCOM_WEBHOOK_SECRET', 'Is set.')
      : note(
          'CALCOM_WEBHOOK_SECRET',
          'Is not set: every delivery of Cal.com is refused.',
          "Set it to the secret of Cal.com's webhook.",
        )
  if (calcom.api === undefined) {
    const says = 'Is not set: bookings are known by webhooks alone, and a lost one is not healed.'
    return [secret, note('CALCOM_API_URL', says, 'Set it, with CALCOM_API_KEY or CALCOM_API_KEYS_FILE.')]
  }
  return [secret, await calcomApi(calcom.api)]
}

async function calcomApi({ url, apiKey }: NonNullable<Configuration['calcom']['api']>): Promise<Finding> {
  const check = 'CALCOM_API_URL'
  if (apiKey === undefined) return reached('Cal.com API', url, check)
  const root = url.replace(/\/+$/, '').replace(/\/v2$/, '')
  const asked = await ask(`${root}/v2/bookings?take=1`, {
    authorization: `Bearer ${apiKey}`,
    'cal-api-version': '2024-08-13',
  })
  if (typeof asked === 'string') return unreachable(check, root, asked, check)
  if (asked < 300) return ok(check, `${root} answers, and takes the key.`)
  if (asked === 401 || asked === 403)
    return wrong(check, `${root} refuses CALCOM_API_KEY (${asked}).`, 'Make a new key in Cal.com and set it.')
  return wrong(check, `${root} answers ${asked} for bookings.`, 'Is it the root of API v2?')
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

async function reached(check: string, url: string, variable: string): Promise<Finding> {
  const asked = await ask(url)
  return typeof asked === 'string'
    ? unreachable(check, new URL(url).origin, asked, variable)
    : ok(check, `${new URL(url).origin} answers.`)
}

const unreachable = (check: string, place: string, why: string, variable: string) =>
  wrong(check, `${place} cannot be reached: ${why}.`, `Let this machine reach it, or correct ${variable}.`)

/** The status of an answer; else why there was none. */
async function ask(url: string, headers: Record<string, string> = {}): Promise<number | string> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const response = await fetch(url, { headers, redirect: 'manual', signal })
    await response.body?.cancel()
    return response.status
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return cause instanceof Error ? cause.message || cause.name : String(cause)
  }
}
