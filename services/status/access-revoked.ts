import type { CommandPorts } from '../../commands/command.ts'
import { failingCalendarFeeds } from '../../projections/calendar-feeds.ts'
import { calendarsWithSyncs, syncsOfCalendar } from '../../projections/calendar-syncs.ts'
import { allSelectedCalendars, selectedCalendarsOf } from '../../projections/selected-calendars.ts'
import type { NeedsPerson } from './need.ts'

/** Credentials refused within this time of each other belong together. */
const WINDOW_MS = 600_000
/** More than this share of all is an incident. */
const SHARE = 1 / 5
/** Fewer are no incident, whatever their share. */
const FEWEST = 3

type Refused = { calendarKey: string; credential: string; since: Temporal.Instant }

/** Many credentials that fail at once; `calendarKeys`: the calendars that it explains. */
export type RevokedWidely = { incident: NeedsPerson; calendarKeys: ReadonlySet<string> }

/**
 * Whether access was revoked widely: by an administrator, or since the OAuth client or the service account is refused.
 * Worked out from the records of all processes; only credentials still refused count. Rejects with StoreUnavailable.
 */
export async function accessRevokedWidely(
  ports: Pick<CommandPorts, 'readStore'>,
): Promise<RevokedWidely | undefined> {
  const refused = await refusedCalendars(ports)
  const begins = [...Map.groupBy(refused, ({ credential }) => credential).values()]
    .map((calendars) => earliest(calendars.map(({ since }) => since)))
    .toSorted(Temporal.Instant.compare)
  if (begins.length < FEWEST) return undefined
  const { since, count } = densest(begins)
  const all = await countCredentials(ports)
  if (count < FEWEST || count <= all * SHARE) return undefined
  const concerned = refused.filter((one) => Temporal.Instant.compare(one.since, since) >= 0)
  const { size } = new Set(concerned.map(({ credential }) => credential))
  return {
    calendarKeys: new Set(concerned.map(({ calendarKey }) => calendarKey)),
    incident: {
      code: 'ACCESS_REVOKED_WIDELY',
      sentence: `Google refuses ${size} of ${all} credentials, which began within minutes; nothing is cancelled by it.`,
      next: "Look at the OAuth client or the service account in Google's console, or ask the administrator who revoked its access. Each calendar is tried again by itself, and goes on once it is let in.",
      since: since.toString(),
    },
  }
}

async function refusedCalendars({ readStore }: Pick<CommandPorts, 'readStore'>): Promise<Refused[]> {
  const refused: Refused[] = []
  let after: string | undefined
  do {
    const page = await failingCalendarFeeds(readStore, { limit: 500, ...(after && { after }) })
    for (const { calendarKey, failing } of page.items) {
      if (failing?.code !== 'CREDENTIAL_REFUSED') continue
      const [first] = [
        ...(await syncsOfCalendar(readStore, calendarKey)),
        ...(await selectedCalendarsOf(readStore, calendarKey)),
      ]
      const credential = credentialOf(first ?? {}, calendarKey)
      refused.push({ calendarKey, credential, since: Temporal.Instant.from(failing.since) })
    }
    after = page.next ?? undefined
  } while (after !== undefined)
  return refused
}

/** A calendar reached by delegation has no credential: access is granted for each calendar. */
const credentialOf = ({ credentialId }: { credentialId?: string }, calendarKey: string): string =>
  credentialId ?? `calendar ${calendarKey}`

async function countCredentials({ readStore }: Pick<CommandPorts, 'readStore'>): Promise<number> {
  const credentials = new Set<string>()
  for await (const { calendarKey, syncs } of calendarsWithSyncs(readStore))
    for (const sync of syncs) credentials.add(credentialOf(sync, calendarKey))
  for await (const { calendarKey, credentialId } of allSelectedCalendars(readStore))
    credentials.add(credentialOf({ credentialId }, calendarKey))
  return credentials.size
}

const earliest = (instants: readonly Temporal.Instant[]): Temporal.Instant =>
  instants.reduce((one, other) => (Temporal.Instant.compare(other, one) < 0 ? other : one))

/** The begin of the window that holds most of them, and how many. */
function densest(sorted: readonly Temporal.Instant[]): { since: Temporal.Instant; count: number } {
  const windows = sorted.map((since, index) => {
    const end = since.add({ milliseconds: WINDOW_MS })
    return {
      since,
      count: sorted.slice(index).filter((at) => Temporal.Instant.compare(at, end) <= 0).length,
    }
  })
  return windows.reduce((one, other) => (other.count > one.count ? other : one))
}
