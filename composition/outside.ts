// Google and Cal.com: the real ones, or the stand-ins.
import { join } from 'node:path'
import { defined } from '../domain/optional-fields.ts'
import { calcomApiKeys } from '../infrastructure/calcom/calcom-api-keys.ts'
import {
  type CalcomBookingDirectory,
  calcomBookingDirectory,
} from '../infrastructure/calcom/calcom-booking-directory.ts'
import {
  type CalcomDatabaseDirectory,
  calcomDatabaseDirectory,
} from '../infrastructure/calcom/calcom-database-directory.ts'
import { calcomDatabaseCondition } from '../infrastructure/calcom/calcom-database-probe.ts'
import { isSecondWriterSeen } from '../infrastructure/calcom/second-writer-probe.ts'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { channelTokensUnder, derivedKey } from '../infrastructure/config/derived-keys.ts'
import { addresses } from '../infrastructure/google/google-addresses.ts'
import { googleCalendarProvider } from '../infrastructure/google/google-calendar-provider.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Outside } from '../ports/port-groups.ts'
import { GOOGLE_WEBHOOK_PATH } from '../services/http/google-webhook.ts'
import {
  type CallLoops,
  callLoops,
  countedDirectory,
  countedProvider,
} from '../services/status/call-loops.ts'
import { STAND_IN_HOST, type StandIns, startStandIns } from '../stand-ins/stand-ins.ts'
import type { Closers } from './closers.ts'
import type { OpenStores } from './stores.ts'

type Parts = { configuration: Configuration; stores: Pick<OpenStores, 'vault' | 'secrets'>; clock: Clock }

/**
 * The stand-ins, where they are to be used beside a service that listens at `url`. Their host has lent a credential, as a
 * real one would on the connect page.
 */
export async function openStandIns(
  { configuration, stores: { vault, secrets }, clock }: Parts,
  { url, opened }: { url: string; opened: Closers },
): Promise<StandIns | undefined> {
  if (!configuration.standIns) return undefined
  const standIns = await startStandIns({
    clock,
    file: join(configuration.data.folder, 'stand-ins.json'),
    calcomApiKey: Buffer.from(derivedKey(secrets[0], 'stand-in api key')).toString('base64url'),
    webhookUrl: `${url}/webhooks/calcom`,
    webhookSecret: configuration.calcom.webhookSecrets[0] ?? '',
  })
  opened.add('stand-ins', standIns.close)
  const { credentialId, refreshToken } = STAND_IN_HOST
  if (!(await vault.has(credentialId))) await vault.put(credentialId, { kind: 'oauth', refreshToken })
  return standIns
}

/** How Google and Cal.com are reached, and who is told what happens here. Without `publicUrl` Google reaches nothing. */
export function outsidePorts(
  { configuration, stores, clock }: Parts,
  more: {
    standIns: StandIns | undefined
    publicUrl: string | undefined
    log: Logger
    metrics: Metrics
    opened: Closers
  },
): Outside & {
  calcomApi: CalcomBookingDirectory | undefined
  calcomDatabase: CalcomDatabaseDirectory | undefined
  loops: CallLoops
} {
  const { standIns, publicUrl, log, metrics, opened } = more
  const loops = callLoops({ clock, log })
  const provider = googleCalendarProvider({
    ...googleOptions(configuration, standIns),
    vault: stores.vault,
    clock,
    log: log.child({ part: 'google' }),
  })
  const calcomApi = bookingDirectory(configuration, standIns)
  const calcomDatabase = databaseDirectory(configuration)
  if (calcomDatabase) opened.add("Cal.com's database", calcomDatabase.close)
  const calcom = calcomDatabase ?? calcomApi
  return {
    provider: countedProvider(provider, loops),
    loops,
    isDelegated: delegated(configuration),
    push:
      publicUrl === undefined
        ? undefined
        : {
            address: `${publicUrl}${GOOGLE_WEBHOOK_PATH}`,
            ttlMs: configuration.sync.channelTtlMs,
            tokensFor: channelTokensUnder(stores.secrets),
          },
    calcom: calcom && countedDirectory(calcom, loops),
    calcomApi,
    calcomDatabase,
    writer: configuration.calcom.apply === 'api' ? calcomApi?.writer : undefined,
    log,
    onDecision: metrics.decided,
  }
}

const googleOptions = ({ google }: Configuration, standIns: StandIns | undefined) =>
  standIns
    ? { apiUrl: standIns.google.url, tokenUrl: standIns.google.tokenUrl, delegatedDomains: [] }
    : {
        ...defined({
          apiUrl: google.apiUrl,
          tokenUrl: google.tokenUrl,
          oauth: google.oauthClient,
          serviceAccount: google.serviceAccount,
        }),
        delegatedDomains: google.delegatedDomains,
      }

/** Where access tokens are asked for. */
export const googleTokenEndpoint = ({ google: { apiUrl, tokenUrl } }: Configuration): string =>
  addresses(defined({ apiUrl, tokenUrl })).tokenUrl

function delegated({ google }: Configuration): (externalCalendarId: string) => boolean {
  const domains = new Set(google.serviceAccount ? google.delegatedDomains : [])
  return (id) => domains.has(id.slice(id.lastIndexOf('@') + 1).toLowerCase())
}

function bookingDirectory(
  { calcom }: Configuration,
  standIns: StandIns | undefined,
): CalcomBookingDirectory | undefined {
  if (standIns) return calcomBookingDirectory({ apiUrl: standIns.calcom.url, apiKey: standIns.calcomApiKey })
  if (calcom.api === undefined) return undefined
  const { url, apiKey, apiKeysFile } = calcom.api
  return calcomBookingDirectory({
    apiUrl: url,
    ...defined({ apiKey, apiKeysFile }),
  })
}

const databaseDirectory = ({ calcom: { databaseUrl: url } }: Configuration) =>
  url === undefined ? undefined : calcomDatabaseDirectory({ url })

type CalcomApi = NonNullable<Configuration['calcom']['api']>

/** Every key that is configured, with its owner where it has one. Throws where the file of keys cannot be read. */
export const calcomKeys = ({ apiKey, apiKeysFile }: Omit<CalcomApi, 'url'>) =>
  calcomApiKeys(defined({ apiKey, apiKeysFile })).all()

/** Whether Cal.com's own calendar sync changed one of the newest bookings that this key shows. */
export const showsSecondWriter = (apiUrl: string, key: string): Promise<boolean> =>
  isSecondWriterSeen({ apiUrl }, key)

/** How Cal.com's database serves, asked by a connection of its own. */
export const askCalcomDatabase = (url: string) => calcomDatabaseCondition(url)
