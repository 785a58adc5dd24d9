// What this process finds around it that its stores do not tell: its disk, Cal.com's API, and Cal.com's deliveries.
import type { ApiTroubles, Complaint, RefusedKey } from '../infrastructure/calcom/calcom-api-troubles.ts'
import type { DatabaseComplaint } from '../infrastructure/calcom/calcom-database.ts'
import type { DatabaseTroubles } from '../infrastructure/calcom/calcom-database-directory.ts'
import { errorText } from '../infrastructure/logging/error-facts.ts'
import type { Outage } from '../services/running/outage-log.ts'
import type { NeedsPerson } from '../services/status/need.ts'
import type { Surroundings } from '../services/status/status-report.ts'

/** Looks at each at every call, and remembers since when something is not as it should be. */
export function ownSurroundings(parts: {
  now(): Temporal.Instant
  /** Rejects while the data folder takes no writes. */
  filesTakeWrites(): Promise<unknown>
  /** `refusedKeys` and `missingKeys` throw while the file of keys cannot be read. Absent where no API is configured. */
  calcom: ApiTroubles | undefined
  calcomDatabase?: DatabaseTroubles
  /** Troubles of Cal.com's deliveries. */
  deliveries(): readonly NeedsPerson[]
  /** Failures in the clients of servers that nobody waited for. */
  clientFailures(): readonly NeedsPerson[]
  /** Calls that repeat without end. */
  loops(): readonly NeedsPerson[]
  /** Work that fails for a reason that nobody foresaw. */
  unforeseen(): readonly NeedsPerson[]
}): () => Promise<Surroundings> {
  const since = new Map<string, string>()

  async function outageOf(what: string, check: () => Promise<unknown>): Promise<Outage[]> {
    try {
      await check()
      since.delete(what)
      return []
    } catch (error) {
      const began = since.get(what) ?? parts.now().toString()
      since.set(what, began)
      return [{ what, message: errorText(error), since: began }]
    }
  }

  return async () => {
    let ofKeys: NeedsPerson[] = []
    const outages = await Promise.all([
      outageOf('data folder', parts.filesTakeWrites),
      outageOf("file of Cal.com's API keys", async () => {
        ofKeys = keyTroubles(parts.calcom)
      }),
    ])
    const ofApi = (parts.calcom?.complaints() ?? []).map((code) => complaints[code])
    return {
      outages: outages.flat(),
      needsPerson: [
        ...ofKeys,
        ...ofApi,
        ...(parts.calcomDatabase?.databaseComplaints() ?? []).map(ofDatabase),
        ...parts.deliveries(),
        ...parts.clientFailures(),
        ...parts.loops(),
        ...parts.unforeseen(),
      ],
    }
  }
}

/** So many users without a key are named. */
const NAMED = 50

const keyTroubles = (calcom: ApiTroubles | undefined): NeedsPerson[] =>
  calcom === undefined
    ? []
    : [...calcom.refusedKeys().map(refusedKey), ...calcom.missingKeys().slice(0, NAMED).map(missingKey)]

/** Words for users without a key, or with a refused one: no second look is taken for them. */
const UNASKED = 'are known by webhooks alone, and changes are carried to them without asking Cal.com first'

const complaints: { readonly [Code in Complaint]: NeedsPerson } = {
  VERSION_GONE: {
    code: 'CALCOM_API_GONE',
    sentence: `Cal.com answers 410: the version of its API that this service asks for is gone. Bookings ${UNASKED}.`,
    next: 'Run a newer version of this service.',
  },
  LIST_REPEATS: {
    code: 'CALCOM_LIST_REPEATS',
    sentence:
      "Cal.com's list of bookings gives the same page again and again, so not all are read: a lost webhook may not heal.",
    next: 'Update Cal.com, whose API does not take the parameter skip.',
  },
}

/** Nothing is decided without Cal.com's word: its database is the same for all bookings. */
const WAITS = 'Changes wait until it answers, and none is lost.'

/** What was seen, and what to do about it. */
const databaseComplaints: { readonly [Code in DatabaseComplaint]: readonly [seen: string, next: string] } = {
  CALCOM_DATABASE_AWAY: [
    "Cal.com's database does not answer.",
    'Start it, or let this machine reach it; calendar-sync doctor says what is wrong. It is asked again by itself.',
  ],
  CALCOM_DATABASE_REFUSED: [
    "Cal.com's database refuses the role of CALCOM_DATABASE_URL.",
    'Correct the password in CALCOM_DATABASE_URL and restart, or in the database; run docs/calcom-view.sql again if rights are missing.',
  ],
  CALCOM_VIEW_MISSING: [
    "Cal.com's database lacks a view or a column that this version reads.",
    'Run docs/calcom-view.sql of this version in it; calendar-sync doctor names what is missing.',
  ],
  CALCOM_VIEW_FAILS: [
    "Cal.com's database could not work out the views of docs/calcom-view.sql.",
    'Run docs/calcom-view.sql of this version in it, and look at the log of PostgreSQL.',
  ],
}

function ofDatabase(code: DatabaseComplaint): NeedsPerson {
  const [seen, next] = databaseComplaints[code]
  return { code, sentence: `${seen} ${WAITS}`, next }
}

const refusedKey = ({ userId, status }: RefusedKey): NeedsPerson =>
  userId === undefined
    ? {
        code: 'CALCOM_KEY_REFUSED',
        sentence: `Cal.com refuses CALCOM_API_KEY (${status}): bookings ${UNASKED}.`,
        next: 'Make a new API key in Cal.com, set CALCOM_API_KEY and restart.',
      }
    : {
        code: 'CALCOM_KEY_REFUSED',
        sentence: `Cal.com refuses the API key of user ${userId} (${status}): this user's bookings ${UNASKED}.`,
        next: `Make a new API key in Cal.com for user ${userId}, and put it into the file of CALCOM_API_KEYS_FILE.`,
      }

const missingKey = (userId: string): NeedsPerson => ({
  code: 'CALCOM_KEY_MISSING',
  sentence: `There is no API key of Cal.com's for user ${userId}: this user's bookings ${UNASKED}.`,
  next: `Make an API key in Cal.com for user ${userId}, and put it into the file of CALCOM_API_KEYS_FILE.`,
})
