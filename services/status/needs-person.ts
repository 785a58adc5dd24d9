// Things that do not mend themselves, each with what a person can do about it.
import type { CredentialPorts } from '../../commands/calendar-credential.ts'
import { END_NOT_BELIEVED } from '../../domain/calendar/channels.ts'
import { NO_SYNC_TOKEN } from '../../domain/calendar/feed.ts'
import { type Explanation, explanationOf } from '../../domain/explain/decision-sentences.ts'
import type { Time } from '../../ports/port-groups.ts'
import { allProjections } from '../../projections/all-projections.ts'
import { bookingsNeedingAttention, changedBySecondWriter } from '../../projections/bookings.ts'
import { failingCalendarFeeds } from '../../projections/calendar-feeds.ts'
import { type CalendarSyncDocument, listCalendarSyncs } from '../../projections/calendar-syncs.ts'
import { subscriptionsWithStatus } from '../../projections/subscriptions.ts'
import { waitsForCredential } from '../calendars/awaited-credential.ts'
import { isSealed } from '../calendars/calendar-access.ts'
import { listParked, type ParkedEvent, PUBLICATION } from '../read-models/parked-events.ts'
import { accessRevokedWidely } from './access-revoked.ts'
import { calendarNamedPrimary, calendarsNamedTwice } from './calendar-names.ts'
import { heldChanges } from './held-changes.ts'
import { NAMED, type NeedsPerson, nameOf } from './need.ts'
import { notCarriedOut } from './not-carried-out.ts'
import { tellEach, unlessUnreadable } from './unreadable.ts'

type Ports = CredentialPorts & Pick<Time, 'now'>

/** The most calendar syncs that are checked for their credential. */
const SYNCS_ASKED = 1000

/** Everything that waits for a person. Documents that cannot be read are named among it. Rejects with StoreUnavailable. */
export async function whatNeedsPerson(ports: Ports): Promise<NeedsPerson[]> {
  const untold: NeedsPerson[] = []
  const telling = <Value>(what: string, ask: () => Promise<Value>) =>
    unlessUnreadable({ what, otherwise: undefined, untold }, ask)
  const widely = await telling('the refused credentials together', () => accessRevokedWidely(ports))
  const explained = widely?.calendarKeys ?? new Set()
  const kinds = await Promise.all([
    widely ? [widely.incident] : [],
    telling('held changes', () => heldChanges(ports)),
    telling('the bookings that need attention', () => bookingsInNeed(ports)),
    telling('the calendars that cannot be fetched', () => refusedCalendars(ports, explained)),
    telling('the suspended subscriptions', () => suspendedSubscriptions(ports, explained)),
    telling('the channels that end at once', () => channelsWithoutEnd(ports)),
    telling('the calendar syncs without a credential', () => waitingSyncs(ports)),
    telling('the calendars with several names', () => calendarsNamedTwice(ports)),
    telling('the calendars named primary', () => calendarNamedPrimary(ports)),
    telling('the changes that nobody carried out', () => notCarriedOut(ports)),
    telling('the parked events', () => parkedEvents(ports)),
    telling("the traces of Cal.com's own calendar sync", () => secondWriter(ports)),
  ])
  return [...kinds.flatMap((kind) => kind ?? []), ...untold]
}

/** An id in a path, also one of before that no command would take now. */
const inPath = (id: string): string => encodeURIComponent(id.toWellFormed())

async function bookingsInNeed({ readStore }: CredentialPorts): Promise<NeedsPerson[]> {
  const inNeed = await bookingsNeedingAttention(readStore, { limit: NAMED })
  return tellEach(
    inNeed,
    ({ bookingUid }) => ({ bookingUid }),
    ({ show }) => {
      const { bookingUid, attention = '', lastOutcome, updatedAt } = show()
      const { because, remedy } = attention === 'DIVERGED' ? DIVERGED : explanationOf(attention)
      return [
        {
          code: attention,
          sentence: `${asSentence(because)}${attention === lastOutcome?.code && lastOutcome.words ? ` Cal.com said: "${lastOutcome.words}"` : ''}`,
          next: `${asSentence(remedy ?? BY_HAND)} What was seen: GET /bookings/${inPath(bookingUid)}/timeline.`,
          bookingUid,
          since: updatedAt,
        },
      ]
    },
  )
}

const BY_HAND = 'set the calendar or the booking right by hand'
const DIVERGED: Explanation = {
  because: 'Cal.com did not take over a change: calendar and booking differ',
  remedy: BY_HAND,
}

const asSentence = (clause: string): string => `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`

/** Failures that no retry mends, and their remedies. */
const refusals: { readonly [code: string]: string } = {
  CREDENTIAL_MISSING: 'Store the credential with PUT /credentials/{credentialId}.',
  CREDENTIAL_REFUSED:
    'Let the host connect again, and store the new credential with PUT /credentials/{credentialId}.',
  CALENDAR_GONE: 'Ask the host whether the calendar was deleted; RemoveCalendarSync ends its sync.',
  FORBIDDEN: 'Ask the host to share the calendar again with the account that the credential is of.',
  [NO_SYNC_TOKEN]:
    'Nothing is lost, but each reading costs more than it should: ask the provider why, if it lasts for days.',
  BAD_REQUEST: 'This should not happen: look at the logs for what the provider said.',
}

const SEALED: Pick<NeedsPerson, 'sentence' | 'next'> = {
  sentence:
    'No encryption key given opens what the vault holds of this calendar; its bookings do not follow it.',
  next: 'Put the key that the vault was made with into ENCRYPTION_KEY, behind the present one, and restart.',
}

const keyOf = ({ calendarKey }: { calendarKey: string }) => ({ calendarKey })

async function refusedCalendars(ports: Ports, explained: ReadonlySet<string>): Promise<NeedsPerson[]> {
  const { readStore, calendars } = ports
  const { items } = await failingCalendarFeeds(readStore, { limit: NAMED })
  return tellEach(items, keyOf, async ({ calendarKey, failing, held }) => {
    const next = failing && refusals[failing.code]
    if (failing === undefined || next === undefined || explained.has(calendarKey)) return []
    // The hold says more.
    if (held.some(({ reason }) => reason === failing.code)) return []
    const sealed = failing.code === 'CREDENTIAL_MISSING' && (await isSealed(ports, calendarKey))
    return [
      {
        code: failing.code,
        sentence:
          failing.code === NO_SYNC_TOKEN
            ? 'The lists of this calendar end without a sync token, so that each reading repeats what former ones showed.'
            : 'This calendar cannot be read; its bookings do not follow it.',
        next,
        ...(sealed && SEALED),
        calendarKey,
        externalCalendarId: await nameOf(calendars, calendarKey),
        since: failing.since,
      },
    ]
  })
}

async function suspendedSubscriptions(
  { readStore, calendars }: Ports,
  explained: ReadonlySet<string>,
): Promise<NeedsPerson[]> {
  const all = await subscriptionsWithStatus(readStore, 'SUSPENDED')
  const suspended = all.filter(({ calendarKey }) => !explained.has(calendarKey))
  return tellEach(suspended.slice(0, NAMED), keyOf, async ({ calendarKey, lastError }) => [
    {
      code: 'SUBSCRIPTION_SUSPENDED',
      sentence: `Google refused the credential of this calendar (${lastError ?? 'no reason given'}).`,
      next: refusals.CREDENTIAL_REFUSED ?? '',
      calendarKey,
      externalCalendarId: await nameOf(calendars, calendarKey),
    },
  ])
}

/** Channels whose end had passed before they were open, or nearly: their calendars are read by time alone. */
async function channelsWithoutEnd({ readStore, calendars }: Ports): Promise<NeedsPerson[]> {
  const pending = await subscriptionsWithStatus(readStore, 'PENDING')
  const refused = pending.filter(({ lastError }) => lastError === END_NOT_BELIEVED)
  return tellEach(refused.slice(0, NAMED), keyOf, async ({ calendarKey }) => [
    {
      code: 'CHANNEL_END_NOT_BELIEVED',
      sentence:
        "Google opens channels of this calendar that end at once by this machine's clock, so it is read by time alone.",
      next: "Set this machine's clock right; if it is, ask what answers at GOOGLE_API_URL why. A channel is tried again by itself.",
      calendarKey,
      externalCalendarId: await nameOf(calendars, calendarKey),
    },
  ])
}

async function waitingSyncs(ports: CredentialPorts): Promise<NeedsPerson[]> {
  const { items } = await listCalendarSyncs(ports.readStore, { limit: SYNCS_ASKED })
  const waiting: NeedsPerson[] = []
  for (const sync of items) {
    if (waiting.length === NAMED) break
    waiting.push(...(await tellEach([sync], namesOfSync, (one) => waitingSync(ports, one))))
  }
  return waiting
}

const namesOfSync = ({ calendarSyncId }: CalendarSyncDocument) => ({ calendarSyncId })

async function waitingSync(ports: CredentialPorts, sync: CalendarSyncDocument): Promise<NeedsPerson[]> {
  const { calendarSyncId, calendarKey, credentialId, registeredAt } = sync
  const name = () => nameOf(ports.calendars, calendarKey)
  if (!(await waitsForCredential(ports, sync, name))) return []
  return [
    {
      code: 'CREDENTIAL_AWAITED',
      sentence: 'This calendar sync waits for a credential.',
      next:
        credentialId === undefined || !credentialId.isWellFormed()
          ? 'Send RegisterCalendarSync again with a credentialId, and store that credential.'
          : `Store it with PUT /credentials/${inPath(credentialId)}.`,
      calendarSyncId,
      calendarKey,
      externalCalendarId: await name(),
      since: registeredAt,
    },
  ]
}

/** Cal.com's own calendar sync is taken to be on for this long after a trace of it. */
const SECOND_WRITER_HOURS = 7 * 24

async function secondWriter({
  readStore,
  now,
}: Pick<CredentialPorts, 'readStore'> & Pick<Time, 'now'>): Promise<NeedsPerson[]> {
  const found = await changedBySecondWriter(readStore, now().subtract({ hours: SECOND_WRITER_HOURS }))
  if (found === undefined) return []
  return [
    {
      code: 'SECOND_WRITER',
      // Nothing waits for anybody about that booking: it only shows that both write.
      sentence: `Cal.com's own calendar sync is on as well, and has changed the booking ${found.bookingUid}: both carry the calendar's changes to bookings, and whoever is first wins.`,
      next: "Switch calendar sync off in Cal.com for the calendars that this service follows, or this service's mode to observe.",
      since: found.at,
    },
  ]
}

async function parkedEvents({ readStore }: CredentialPorts): Promise<NeedsPerson[]> {
  const { items } = await listParked(readStore, { limit: NAMED })
  return items.filter(isOfToday).map(({ projection, position, stream, type, error, parkedAt }) => ({
    code: 'EVENT_PARKED',
    sentence:
      projection === PUBLICATION
        ? `${type} could not be published (${error.code}); the later events of its booking wait behind it.`
        : `The read model ${projection} could not take ${type} (${error.code}).`,
    next: `Send RetryParked {"projection": "${projection}", "position": "${position}"} once it is mended, or SkipParked to go on without it.`,
    ...(projection === PUBLICATION && { bookingUid: stream.slice('booking-'.length) }),
    since: parkedAt,
  }))
}

/**
 * Whether anybody need be told. An older version of a read model concerns nobody: the newer one has been made without
 * the event. Nor does a read model that is no more.
 */
const isOfToday = ({ projection, version }: ParkedEvent): boolean =>
  projection === PUBLICATION ||
  allProjections.some((one) => one.name === projection && one.version === version)
