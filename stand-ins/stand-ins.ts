// Both stand-ins together, as `npm start` without any configuration runs them: Cal.com's writes its bookings into
// Google's, and what both hold is kept in one file.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { defined } from '../domain/optional-fields.ts'
import type { Clock } from '../ports/clock.ts'
import { type CalcomStandIn, startCalcomStandIn } from './calcom/calcom-stand-in.ts'
import { writesIntoGoogle } from './calcom/writes-into-google.ts'
import { type GoogleStandIn, startGoogleStandIn } from './google/http-shell.ts'

/** The host that every new set of stand-ins has. */
export const STAND_IN_HOST = {
  userId: '1',
  calendarId: 'host@example.com',
  credentialId: 'stand-in-host',
  refreshToken: 'stand-in-refresh-token',
} as const

export type StandIns = {
  google: GoogleStandIn
  calcom: CalcomStandIn
  /** Opens Cal.com's API v2 for every user. */
  calcomApiKey: string
  close(): Promise<void>
}

export type StandInsOptions = {
  clock: Clock
  /** Where their state is kept; undefined: nowhere. */
  file?: string
  calcomApiKey: string
  webhookUrl: string
  webhookSecret: string
}

/** How often what changed is written to the file: what a kill may lose. */
const SAVE_EVERY_MS = 500

export async function startStandIns(options: StandInsOptions): Promise<StandIns> {
  const { clock, file } = options
  const kept = file === undefined ? undefined : readKept(file)
  const google = await startGoogleStandIn({ clock, ...(kept && { snapshot: kept.google as never }) })
  const calcom = await startCalcomStandIn({
    clock,
    apiKey: options.calcomApiKey,
    webhookUrl: options.webhookUrl,
    webhookSecret: options.webhookSecret,
    google: writesIntoGoogle(google.core),
    ...defined({ state: kept?.calcom }),
  })
  if (!kept) furnish(google, calcom)

  const ended = new AbortController()
  const saved = () => `${google.core.revision()} ${JSON.stringify(calcom.snapshot())}`
  let last = ''
  const save = () => {
    if (file === undefined || saved() === last) return
    last = saved()
    writeFileSync(
      `${file}.draft`,
      JSON.stringify({ google: google.core.snapshot(), calcom: calcom.snapshot() }),
      { mode: 0o600 },
    )
    renameSync(`${file}.draft`, file)
  }
  const saving = (async () => {
    while (!ended.signal.aborted) {
      save()
      await clock.delay(SAVE_EVERY_MS, ended.signal)
    }
  })()

  return {
    google,
    calcom,
    calcomApiKey: options.calcomApiKey,
    async close() {
      ended.abort()
      await saving
      await calcom.close()
      save()
      await google.close()
    },
  }
}

function readKept(file: string): { google: unknown; calcom: unknown } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new Error(`${file} cannot be read: delete it to begin with fresh stand-ins`, { cause: error })
  }
}

function furnish(google: GoogleStandIn, calcom: CalcomStandIn): void {
  google.core.createCalendar({ id: STAND_IN_HOST.calendarId, timeZone: 'Europe/London' })
  calcom.core.createUser({
    id: Number(STAND_IN_HOST.userId),
    name: 'The host',
    email: STAND_IN_HOST.calendarId,
    timeZone: 'Europe/London',
    destination: {
      externalCalendarId: STAND_IN_HOST.calendarId,
      credentialId: STAND_IN_HOST.credentialId,
    },
  })
}
