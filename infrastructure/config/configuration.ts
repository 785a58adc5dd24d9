import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ServiceAccount } from '../google/google-service-account.ts'
import type { KafkaConfiguration } from '../kafka/kafka-configuration.ts'
import type { NamedApiToken } from './api-tokens-file.ts'
import { contradictions, notesOn, usesStandIns } from './contradictions.ts'
import type { Environment } from './environment.ts'
import { notYetAvailable } from './not-yet-available.ts'
import type { Problem } from './problem.ts'
import { readSettingsFiles } from './settings-files.ts'
import { type Role, roles, type Settings, type Variable, variables } from './variables.ts'

/** Everything that an operator can set, read once, precise. Times are whole milliseconds. */
export type Configuration = {
  /** Google Calendar and Cal.com are the built-in stand-ins. */
  readonly standIns: boolean
  readonly http: {
    readonly host: string
    /** 0 is any free port. */
    readonly port: number
    /** False where PORT is not set: then the next free port does where `port` is taken. */
    readonly portIsFixed: boolean
    /**
     * The address that Google can reach, without a slash at its end. undefined: no channels are opened, every calendar
     * is polled.
     */
    readonly publicUrl: string | undefined
  }
  readonly data: {
    /** The absolute path of DATA_DIR. */
    readonly folder: string
    /** 32 bytes in base64 each, the newest first, commas between. undefined: the folder keeps one. */
    readonly encryptionKey: string | undefined
  }
  readonly eventStore: { readonly url: string; readonly compression: boolean } | undefined
  readonly mongodb: { readonly url: string } | undefined
  readonly kafka: KafkaConfiguration | undefined
  readonly google: {
    /** Names the calendars' home: what DATA_DIR is stamped with. */
    readonly root: string
    /** Ends in a slash. undefined: Google's own. */
    readonly apiUrl: string | undefined
    /** undefined: Google's own. */
    readonly tokenUrl: string | undefined
    /** With GOOGLE_API_URL, and no client set, placeholders that an emulator accepts. */
    readonly oauthClient: { readonly clientId: string; readonly clientSecret: string } | undefined
    readonly serviceAccount: ServiceAccount | undefined
    /** Lower case. Hosts in these need no stored credential. */
    readonly delegatedDomains: readonly string[]
  }
  readonly calcom: {
    /** Any of them signs. None: every delivery is refused. With the stand-ins and none set, one made for this run. */
    readonly webhookSecrets: readonly string[]
    /** The root of API v2, ending in a slash, and how it is opened: one key, a file of keys, or both. */
    readonly api:
      | {
          readonly url: string
          readonly apiKey: string | undefined
          readonly apiKeysFile: string | undefined
        }
      | undefined
    readonly databaseUrl: string | undefined
    readonly apply: 'api' | 'none'
    readonly bookingReconcileMs: number
  }
  readonly sync: {
    readonly mode: 'apply' | 'observe' | 'off'
    readonly settleMs: number
    readonly reconcileMs: number
    readonly cronMs: number
    readonly channelTtlMs: number
    readonly cancelGraceMs: number
    readonly echoGraceMs: number
    readonly massChangeLimit: number
  }
  readonly roles: ReadonlySet<Role>
  /** How long what a process works on stays its own after it has died: a calendar, a booking, a role. */
  readonly leaseMs: number
  readonly api: {
    /** undefined: the folder keeps one (see api-token.ts). */
    readonly token: string | undefined
    readonly namedTokens: readonly NamedApiToken[]
  }
  readonly notices: { readonly webhookUrl: string } | undefined
  readonly tracing: { readonly otlpEndpoint: string } | undefined
  /** Settings that mean nothing: a sentence each. */
  readonly notes: readonly string[]
  readonly log: { readonly level: NonNullable<Settings['LOG_LEVEL']> }
}

export type ReadConfiguration =
  | { readonly ok: true; readonly configuration: Configuration }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/**
 * Checks every variable and the files that they name, and reports all problems together. Space around a value is
 * dropped, an empty value counts as not set, and a variable that is not ours is ignored.
 */
export function readConfiguration(
  environment: Environment,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): ReadConfiguration {
  const problems: Problem[] = []
  const settings: { [V in Variable]?: unknown } = {}
  const given = new Set<Variable>()
  for (const variable of Object.keys(variables) as Variable[] /* keyof typeof, which Object.keys forgets */) {
    const value = environment[variable]?.trim()
    if (value === undefined || value === '') continue
    given.add(variable)
    const parsed = variables[variable].safeParse(value)
    if (parsed.success) settings[variable] = parsed.data
    else problems.push({ variable, problem: parsed.error.issues[0]?.message ?? 'is not valid' })
  }
  // Each entry was parsed by its own variable's schema in the loop above, which the compiler cannot follow.
  const checked = settings as Settings

  for (const { variable, value, what } of notYetAvailable) {
    const name = variable as Variable /* the list is of our variables; a test holds that */
    if (!given.has(name) || (value !== undefined && settings[name] !== value)) continue
    const refused = value === undefined ? 'cannot be set' : `cannot be ${value}`
    problems.push({ variable: name, problem: `${refused}: this version does not have ${what} yet` })
  }
  problems.push(...contradictions(given, checked))
  const files = readSettingsFiles(checked, readFile)
  problems.push(...files.problems)
  if (problems.length > 0) return { ok: false, problems }

  const standIns = usesStandIns(given)
  return {
    ok: true,
    configuration: {
      standIns,
      http: {
        host: checked.HOST ?? '127.0.0.1',
        port: checked.PORT ?? 3100,
        portIsFixed: given.has('PORT'),
        publicUrl: checked.PUBLIC_URL,
      },
      data: { folder: resolve(checked.DATA_DIR ?? 'data'), encryptionKey: checked.ENCRYPTION_KEY },
      eventStore:
        checked.EVENTSTORE_URL === undefined
          ? undefined
          : { url: checked.EVENTSTORE_URL, compression: checked.EVENTSTORE_COMPRESSION === 'on' },
      mongodb: checked.MONGODB_URL === undefined ? undefined : { url: checked.MONGODB_URL },
      kafka: kafka(checked),
      google: google(checked, standIns, files.serviceAccount),
      calcom: {
        webhookSecrets:
          checked.CALCOM_WEBHOOK_SECRET ?? (standIns ? [randomBytes(32).toString('base64url')] : []),
        api:
          checked.CALCOM_API_URL === undefined
            ? undefined
            : {
                url: checked.CALCOM_API_URL,
                apiKey: checked.CALCOM_API_KEY,
                apiKeysFile: checked.CALCOM_API_KEYS_FILE,
              },
        databaseUrl: checked.CALCOM_DATABASE_URL,
        apply: checked.CALCOM_APPLY ?? (standIns ? 'api' : 'none'),
        bookingReconcileMs: checked.BOOKING_RECONCILE_MINUTES ?? 60 * 60_000,
      },
      sync: sync(checked, standIns),
      roles: new Set(
        roles.filter((role) => [role, 'all'].some((name) => (checked.ROLES ?? ['all']).includes(name))),
      ),
      leaseMs: checked.LEASE_SECONDS ?? 20_000,
      api: { token: checked.API_TOKEN, namedTokens: files.namedTokens },
      notices:
        checked.NOTICE_WEBHOOK_URL === undefined ? undefined : { webhookUrl: checked.NOTICE_WEBHOOK_URL },
      tracing:
        checked.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
          ? undefined
          : { otlpEndpoint: checked.OTEL_EXPORTER_OTLP_ENDPOINT },
      notes: notesOn(given, checked),
      log: { level: checked.LOG_LEVEL ?? 'info' },
    },
  }
}

function google(
  settings: Settings,
  standIns: boolean,
  serviceAccount: ServiceAccount | undefined,
): Configuration['google'] {
  const { GOOGLE_CLIENT_ID: clientId, GOOGLE_CLIENT_SECRET: clientSecret, GOOGLE_API_URL: apiUrl } = settings
  // An emulator takes any client; beside a service account alone there is no client to stand in for.
  const emulated =
    apiUrl !== undefined &&
    clientSecret === undefined &&
    (clientId !== undefined || serviceAccount === undefined)
  const placeholder = emulated ? 'emulator' : undefined
  const id = clientId ?? placeholder
  const secret = clientSecret ?? placeholder
  return {
    root: standIns ? 'stand-in' : (apiUrl ?? 'https://www.googleapis.com/'),
    apiUrl,
    // A placeholder is never sent to Google.
    tokenUrl: settings.GOOGLE_TOKEN_URL ?? (emulated ? `${apiUrl}token` : undefined),
    oauthClient:
      id === undefined || secret === undefined ? undefined : { clientId: id, clientSecret: secret },
    serviceAccount,
    delegatedDomains: settings.GOOGLE_DELEGATED_DOMAINS ?? [],
  }
}

function sync(settings: Settings, standIns: boolean): Configuration['sync'] {
  const pushed = standIns || settings.PUBLIC_URL !== undefined
  return {
    mode: settings.SYNC_MODE ?? 'apply',
    settleMs: settings.SETTLE_MS ?? (standIns ? 300 : 2_000),
    reconcileMs: settings.RECONCILE_MINUTES ?? (pushed ? 15 : 1) * 60_000,
    cronMs: settings.CRON_SECONDS ?? 60_000,
    channelTtlMs: settings.CHANNEL_TTL_HOURS ?? 168 * 3_600_000,
    cancelGraceMs: settings.CANCEL_GRACE_MS ?? (standIns ? 0 : 60_000),
    echoGraceMs: settings.ECHO_GRACE_MS ?? (standIns ? 0 : 10_000),
    massChangeLimit: settings.MASS_CHANGE_LIMIT ?? 25,
  }
}

function kafka(settings: Settings): KafkaConfiguration | undefined {
  if (settings.KAFKA_BROKERS === undefined) return undefined
  const {
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: username,
    KAFKA_SASL_PASSWORD: password,
  } = settings
  return {
    brokers: settings.KAFKA_BROKERS,
    topic: settings.KAFKA_TOPIC ?? 'booking-events',
    ssl: settings.KAFKA_SSL ?? false,
    sasl: mechanism && username && password ? { mechanism, username, password } : undefined,
  }
}
