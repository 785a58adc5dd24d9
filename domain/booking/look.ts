// A look at a booking: what was seen of the events that it refers to, in one moment, and the facts that rules are asked
// about.

import type { ExternalEvent } from '../external-event.ts'
import type { SyncMode } from '../sync-mode.ts'
import { isBefore, readTimes, sameTimes, type Times } from '../times.ts'
import type { DecisionCode, HeldCode } from './decisions.ts'
import { isOlder } from './event-age.ts'
import type { BookingEvent, EventName } from './events.ts'
import { findReference, type Reference } from './references.ts'
import type { CancelledBooking, OpenBooking } from './state.ts'

/** What was seen of one event of one calendar: the event, or the code of why it could not be read. */
export type Sight = EventName & { result: { seen: ExternalEvent } | { unknown: string } }

export type Look = {
  /** When the look began, by this service's clock. */
  observedAt: Temporal.Instant
  /** One for each reference of the booking, or for some: a page of a list shows a part. */
  sights: readonly Sight[]
}

/** Another booking that refers to an event of this look, as it was last decided or recorded. */
export type Claim = EventName & {
  bookingUid: string
  times: Times
  rescheduledFromUid?: string
  /** When it was made in Cal.com, where that is known. */
  createdAt?: Temporal.Instant
  trackedAt: Temporal.Instant
  /** It was cancelled, here or in Cal.com; else it is open. */
  cancelled?: true
}

/** What a look is decided by, besides itself and the booking. */
export type LookContext = {
  now: Temporal.Instant
  /** The policy of the booking's user. */
  mode: SyncMode
  /** The host's, where the booking names none itself. */
  organizationId?: string
  /** When a person released what was held: of versions of the event up to then a first look may act. */
  releasedAt?: Temporal.Instant
  /** When a person discarded what was held: versions of the event up to then are to change nothing. */
  discardedAt?: Temporal.Instant
  /** The look is the one that follows a link. Stands in for a missing `updated` in the first-look rule. */
  firstLook?: boolean
  /** Why the brake holds what would act, unless a person has released it. */
  held?: HeldCode
  /** For how long, without a break, looks at this booking have come to this code. */
  lasting?: { code: DecisionCode; ms: number }
  /** Other bookings that refer to the events of this look: open ones, and those that were cancelled. */
  claims?: readonly Claim[]
}

/** What a look comes to. */
export type LookDecision = {
  code: DecisionCode
  events: BookingEvent[]
  /** It publishes: to be confirmed before it is appended. */
  acts: boolean
  /** It has a person asked whether the booking is to be cancelled: to be confirmed in the same way. */
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

/** What a rule is asked about. */
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
  /** The living event that stands for the booking; undefined where there is none, or several that say different times. */
  standing: Seen | undefined
}

export function factsOf(booking: OpenBooking | CancelledBooking, look: Look, context: LookContext): Facts {
  const seen: Seen[] = []
  const unread: Unread[] = []
  for (const { result, ...name } of look.sights) {
    const reference = findReference(booking, name)
    if (reference === undefined) continue
    if ('unknown' in result) unread.push({ reference, code: result.unknown })
    // Neither cancelled nor with readable times: nothing can be told from it.
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

/** A tombstone need not say whose copy it was. */
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

/** Whose event this is, of the open bookings that refer to it: their uid, or undefined where nobody can say. */
export function ownerOf({ booking, context }: Facts, { reference, event }: Seen): string | undefined {
  const { calendarKey, externalEventId } = reference.stored
  const own = { ...booking, calendarKey, externalEventId }
  const others = claimsOn({ booking, context }, reference).filter(({ cancelled }) => !cancelled)
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

/** Of bookings that came of one another, or of one; undefined where they did not, or were made at the same time. */
function newestOfChain(claims: readonly Claim[]): Claim | undefined {
  const [newest, next] = claims.toSorted((a, b) => Temporal.Instant.compare(madeAt(b), madeAt(a)))
  if (newest === undefined || (next && madeAt(next).equals(madeAt(newest)))) return undefined
  const names = ({ bookingUid, rescheduledFromUid }: Claim) => [bookingUid, rescheduledFromUid ?? bookingUid]
  const chained = claims.every((claim) => names(claim).some((uid) => names(newest).includes(uid)))
  return chained ? newest : undefined
}

/** Webhooks may come in another order than the bookings were made in. */
const madeAt = ({ createdAt, trackedAt }: Claim): Temporal.Instant => createdAt ?? trackedAt

/** Names one version of an event: its etag, or when it was updated; and what it says, times as epoch milliseconds. */
const fingerprintOf = (event: ExternalEvent): string =>
  `${event.etag ?? event.updated ?? ''} ${saysOf(event)}`.trim()

/** Whether this version of the event was decided on before: for good, or until a reason is gone. */
export function isOnRecord({ watermark, setAside }: Reference, event: ExternalEvent): boolean {
  const fingerprint = fingerprintOf(event)
  return watermark?.fingerprint === fingerprint || Object.values(setAside).includes(fingerprint)
}

function saysOf({ status, times }: ExternalEvent): string {
  if (status === 'cancelled' || times === undefined) return status
  if (times.allDay) return `${times.startDate}/${times.endDate}`
  return `${times.start.epochMilliseconds}-${times.end.epochMilliseconds}`
}

/** Versions up to November 2026 were named by the etag alone; without one by `updated` and the times as text. */
function isVersion(fingerprint: string, current: string, { etag, updated, times }: ExternalEvent): boolean {
  if (fingerprint === current) return true
  if (etag !== undefined) return fingerprint === etag
  return times?.allDay === false && fingerprint === `${updated ?? ''} ${times.start}/${times.end}`.trim()
}

/**
 * Whether a person who spoke then spoke of this version of the event: not of one written later, however late their word
 * is heard, or heard again. Of a version without `updated` nobody can say that it is newer.
 */
export const isSpokenOf = (
  { updated }: Pick<ExternalEvent, 'updated'>,
  at: Temporal.Instant | undefined,
): boolean => at !== undefined && (updated === undefined || !isBefore(at, updated))
