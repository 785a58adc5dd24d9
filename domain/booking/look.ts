// A look at a booking: the sights of its events in one moment, and the facts for the rules.

import type { ExternalEvent } from '../external-event.ts'
import type { SyncMode } from '../sync-mode.ts'
import { isBefore, readTimes, sameTimes, type Times } from '../times.ts'
import type { DecisionCode, HeldCode } from './decisions.ts'
import { isOlder } from './event-age.ts'
import type { BookingEvent, EventName } from './events.ts'
import { findReference, type Reference } from './references.ts'
import type { CancelledBooking, OpenBooking } from './state.ts'

/** One event of one calendar as seen, or a code that says why it could not be read. */
export type Sight = EventName & { result: { seen: ExternalEvent } | { unknown: string } }

export type Look = {
  /** When the look began, by this service's clock. */
  observedAt: Temporal.Instant
  /** A sight for each reference of the booking, or for some: a page of a list shows a part. */
  sights: readonly Sight[]
}

/** Another booking that refers to an event of this look, with its last decided or recorded times. */
export type Claim = EventName & {
  bookingUid: string
  times: Times
  rescheduledFromUid?: string
  /** When the booking was made in Cal.com, if that is known. */
  createdAt?: Temporal.Instant
  trackedAt: Temporal.Instant
  /** The booking was cancelled, here or in Cal.com; else it is open. */
  cancelled?: true
}

/** Everything that decides on a look, besides the look and its booking. */
export type LookContext = {
  now: Temporal.Instant
  /** The policy of the booking's user. */
  mode: SyncMode
  /** The host's organisation, if the booking names none itself. */
  organizationId?: string
  /** When a person released held changes. A first look at versions up to then may act. */
  releasedAt?: Temporal.Instant
  /** When a person discarded held changes. Versions up to then change nothing. */
  discardedAt?: Temporal.Instant
  /** The look follows a link. The first-look rule uses this if `updated` is missing. */
  firstLook?: boolean
  /** The brake's reason to hold a change that would act, unless a person has released it. */
  held?: HeldCode
  /** How long looks at this booking have decided this code without a break. */
  lasting?: { code: DecisionCode; ms: number }
  /**
   * The bookings that refer to the events of this look: open ones, and those that were cancelled. The looked at booking may
   * be among them. Beyond `MOST_CLAIMS` others on one event not all are there.
   */
  claims?: readonly Claim[]
}

/** The decision on a look. */
export type LookDecision = {
  code: DecisionCode
  events: BookingEvent[]
  /** The decision publishes, and is confirmed before it is appended. */
  acts: boolean
  /** The decision asks a person whether to cancel the booking, and is confirmed in the same way. */
  asks?: true
  /** The version of the event that calls for this. */
  fingerprint?: string
  /** A person has released this version. */
  released?: boolean
}

/** An event that the booking refers to, as the look shows it. */
export type Seen = {
  reference: Reference
  event: ExternalEvent
  fingerprint: string
  /** `FRESH`: not decided yet. `OLDER`: another version has been decided since it was written. */
  version: 'FRESH' | 'DECIDED' | 'OLDER'
}
export type Unread = { reference: Reference; code: string }

/** The facts that a rule is asked about. */
export type Facts = {
  booking: OpenBooking | CancelledBooking
  look: Look
  context: LookContext
  /** The look shows every event that the booking refers to. */
  whole: boolean
  seen: readonly Seen[]
  unread: readonly Unread[]
  /** The organiser's copies that are not cancelled, and those that are. */
  living: readonly Seen[]
  gone: readonly Seen[]
  /** The living event that decides for the booking; undefined if none lives, or several show different times. */
  standing: Seen | undefined
}

export function factsOf(booking: OpenBooking | CancelledBooking, look: Look, context: LookContext): Facts {
  const seen: Seen[] = []
  const unread: Unread[] = []
  for (const { result, ...name } of look.sights) {
    const reference = findReference(booking, name)
    if (reference === undefined) continue
    if ('unknown' in result) unread.push({ reference, code: result.unknown })
    // An event that is neither cancelled nor has readable times says nothing.
    else if (result.seen.status !== 'cancelled' && result.seen.times === undefined)
      unread.push({ reference, code: 'UNREADABLE' })
    else seen.push(seenOf(reference, result.seen))
  }
  const organisers = seen.filter(isOrganisers)
  const living = organisers.filter(({ event }) => event.status !== 'cancelled')
  const gone = organisers.filter(({ event }) => event.status === 'cancelled')
  const whole = seen.length + unread.length >= booking.references.length
  return { booking, look, context, whole, seen, unread, living, gone, standing: standingOf(living) }
}

function seenOf(reference: Reference, event: ExternalEvent): Seen {
  const { watermark } = reference
  const fingerprint = fingerprintOf(event)
  const decided = watermark !== undefined && isVersion(watermark.fingerprint, fingerprint, event)
  const older = watermark !== undefined && isOlder(event, watermark)
  return { reference, event, fingerprint, version: decided ? 'DECIDED' : older ? 'OLDER' : 'FRESH' }
}

/** True for the organiser's copy. A cancelled event need not say whose copy it was. */
const isOrganisers = ({ event, reference }: Seen): boolean =>
  event.organizerSelf ?? reference.organiser ?? true

function standingOf(living: readonly Seen[]): Seen | undefined {
  const [first, ...others] = living
  if (first === undefined || !others.every((other) => saysOf(other.event) === saysOf(first.event)))
    return undefined
  return living.find(({ version }) => version === 'FRESH') ?? first
}

/** The times that an event shows; undefined for one that is all-day, or shows none. */
export const timesOf = ({ times }: ExternalEvent): (Times & { timeZone?: string }) | undefined =>
  times && !times.allDay ? times : undefined

/** So many other bookings may claim an event, more than a series has. Nobody can say which of more it stands for. */
export const MOST_CLAIMS = 200

/** The uid of the open booking that owns the event; undefined if nobody can say. */
export function ownerOf({ booking, context }: Facts, { reference, event }: Seen): string | undefined {
  const { calendarKey, externalEventId } = reference.stored
  const own = { ...booking, calendarKey, externalEventId }
  const claimed = claimsOn({ booking, context }, reference)
  if (claimed.length > MOST_CLAIMS) return undefined
  const others = claimed.filter(({ cancelled }) => !cancelled)
  if (others.length === 0) return booking.bookingUid
  const claims: Claim[] = [own, ...others]
  const shown = timesOf(event) ?? (reference.shown && readTimes(reference.shown))
  const there = shown ? claims.filter(({ times }) => sameTimes(times, shown)) : []
  if (there.length === 1) return there[0]?.bookingUid
  return newestOfChain(there.length > 0 ? there : claims)?.bookingUid
}

/** The claims of other bookings on this event. */
export const claimsOn = (
  { booking, context }: Pick<Facts, 'booking' | 'context'>,
  { stored }: Reference,
): readonly Claim[] =>
  (context.claims ?? []).filter(
    (claim) =>
      claim.bookingUid !== booking.bookingUid &&
      claim.calendarKey === stored.calendarKey &&
      claim.externalEventId === stored.externalEventId,
  )

/** The newest of bookings in one chain of reschedules; undefined for other bookings, and for equal times of making. */
function newestOfChain(claims: readonly Claim[]): Claim | undefined {
  const [newest, next] = claims.toSorted((a, b) => Temporal.Instant.compare(madeAt(b), madeAt(a)))
  if (newest === undefined || (next && madeAt(next).equals(madeAt(newest)))) return undefined
  const names = ({ bookingUid, rescheduledFromUid }: Claim) => [bookingUid, rescheduledFromUid ?? bookingUid]
  const chained = claims.every((claim) => names(claim).some((uid) => names(newest).includes(uid)))
  return chained ? newest : undefined
}

/** When a booking was made: webhooks may come in another order. */
const madeAt = ({ createdAt, trackedAt }: Claim): Temporal.Instant => createdAt ?? trackedAt

/** Identifies one version of an event: its etag, or when it was updated, and its status or times (epoch milliseconds). */
const fingerprintOf = (event: ExternalEvent): string =>
  `${event.etag ?? event.updated ?? ''} ${saysOf(event)}`.trim()

/** True if this version of the event was settled or set aside before. */
export function isOnRecord({ watermark, setAside }: Reference, event: ExternalEvent): boolean {
  const fingerprint = fingerprintOf(event)
  return watermark?.fingerprint === fingerprint || Object.values(setAside).includes(fingerprint)
}

function saysOf({ status, times }: ExternalEvent): string {
  if (status === 'cancelled' || times === undefined) return status
  if (times.allDay) return `${times.startDate}/${times.endDate}`
  return `${times.start.epochMilliseconds}-${times.end.epochMilliseconds}`
}

/** Fingerprints up to November 2026 were the etag alone; without an etag, `updated` and the times as text. */
function isVersion(fingerprint: string, current: string, { etag, updated, times }: ExternalEvent): boolean {
  if (fingerprint === current) return true
  if (etag !== undefined) return fingerprint === etag
  return times?.allDay === false && fingerprint === `${updated ?? ''} ${times.start}/${times.end}`.trim()
}

/**
 * True if a person who spoke at this time spoke of this version, and not of an earlier one. A version without `updated`
 * cannot be known to be newer.
 */
export const isSpokenOf = (
  { updated }: Pick<ExternalEvent, 'updated'>,
  at: Temporal.Instant | undefined,
): boolean => at !== undefined && (updated === undefined || !isBefore(at, updated))
