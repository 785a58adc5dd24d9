import type { Configuration } from '../infrastructure/config/configuration.ts'
import type { Service } from '../main.ts'

/** The lines that an operator wants to see first: what runs, against what, where to look, where the data is. */
export function banner(configuration: Configuration, service: Service): string {
  const { calcom, data, google, roles, sync } = configuration
  const rows: [string, string][] = [
    ['console', `${service.url}/`],
    ['stores', storesLine(configuration)],
    ['Google', service.standIns ? `stand-in at ${service.standIns.google.url}` : google.root],
    ['Cal.com', calcomLine(configuration, service)],
    ['push', pushLine(configuration, service)],
    ['publishing', publishingLine(configuration, service)],
    ['mode', sync.mode],
    ['roles', [...roles].join(', ')],
    ['data', data.folder],
    ['token', tokenLine(configuration, service)],
  ]
  if (!service.standIns && calcom.webhookSecrets.length === 0)
    rows.push(['note', 'CALCOM_WEBHOOK_SECRET is not set: every delivery of Cal.com is refused'])
  for (const note of configuration.notes) rows.push(['note', note])
  const width = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)
  return `\ncalendar-sync is running\n${lines.join('\n')}\n${service.standIns ? trial(service) : ''}\n`
}

/** No address: a connection string may hold a password. */
function storesLine({ eventStore, mongodb }: Configuration): string {
  const places: [string, string[]][] = [
    ['EventStoreDB', eventStore ? ['events'] : []],
    ['MongoDB', mongodb ? ['read models', 'signals', 'vault'] : []],
    [
      'embedded (SQLite)',
      [...(eventStore ? [] : ['events']), ...(mongodb ? [] : ['read models', 'signals', 'vault'])],
    ],
  ]
  return places
    .filter(([, parts]) => parts.length > 0)
    .map(([place, parts]) => `${place}: ${parts.join(', ')}`)
    .join('; ')
}

function publishingLine({ kafka }: Configuration, { url }: Service): string {
  const feed = `GET ${url}/booking-events (JSON and SSE)`
  return kafka ? `${feed}; topic ${kafka.topic} of Kafka` : feed
}

function calcomLine({ calcom }: Configuration, { standIns }: Service): string {
  if (standIns) return `stand-in at ${standIns.calcom.url}`
  return calcom.api ? `API at ${calcom.api.url}` : 'webhooks only: no view of bookings is configured'
}

function pushLine({ http }: Configuration, { ports }: Service): string {
  if (ports.push) return `Google is told ${ports.push.address}`
  return http.publicUrl ?? 'PUBLIC_URL is not set: no channels are opened, every calendar is polled'
}

function tokenLine({ data, api }: Configuration, { token, tokenIsNew }: Service): string {
  if (api.token !== undefined) return 'API_TOKEN, as configured'
  return tokenIsNew
    ? `${token} (kept in ${data.folder}/api-token; not shown again)`
    : `kept in ${data.folder}/api-token`
}

/** Something to type, for whoever came to look. */
function trial({ standIns }: Service): string {
  if (!standIns) return ''
  const google = `${standIns.google.url}/stand-in/calendars/host%40example.com`
  return `
  Nothing here is real: Google Calendar and Cal.com are stand-ins. npm run demo plays a whole story; by hand:
    curl -s ${standIns.calcom.url}/stand-in/bookings -H 'content-type: application/json' -d '{"userId":1,"start":"2030-01-07T10:00:00Z"}'
    curl -s ${google}/events          # the event that Cal.com wrote; move it with its id:
    curl -s ${google}/events/ID/move -H 'content-type: application/json' -d '{"start":"2030-01-07T14:00:00Z"}'
`
}
