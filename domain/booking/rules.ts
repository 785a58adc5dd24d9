// The rules give each look at a booking's events one code. The tables below are asked from top to bottom; the first rule
// that fits wins. decisions.ts says what a code leaves. Pure: time and policy are given.
import { type ExternalAttendee, isGuest } from '../external-event.ts'
import { instant, isBefore, sameTimes } from '../times.ts'
import { carryOut, silent } from './carry-out.ts'
import type { DecisionCode } from './decisions.ts'
import {
  claimsOn,
  type Facts,
  factsOf,
  isSpokenOf,
  type Look,
  type LookContext,
  type LookDecision,
  ownerOf,
  type Seen,
  timesOf,
  type Unread,
} from './look.ts'
import { type Booking, trackedPart } from './state.ts'

type Rule = { readonly code: DecisionCode; when(facts: Facts): boolean }

/** For this long after a published move, a return to Cal.com's times may be Cal.com's own writing. */
const RETURN_MS = 120_000

/** Rules that a part of a look can decide. */
const ofAnyPart: readonly Rule[] = [
  { code: 'ANSWERS_AGAIN', when: (facts) => isStale(facts) && facts.seen.some(wasUnreadable) },
  { code: 'STALE', when: isStale },
  { code: 'LOOK_AGAIN', when: ({ booking, look }) => isBefore(look.observedAt, booking.factsAt) },
  { code: 'BOOKING_NOT_ACCEPTED', when: ({ booking }) => booking.status !== 'ACCEPTED' },
  { code: 'NOT_ORGANISER', when: (facts) => areColleagues(facts) && !facts.seen.some(wasOurs) },
  { code: 'BOOKING_IN_PAST', when: ({ booking, context }) => !isBefore(context.now, booking.times.start) },
  {
    code: 'BOOKING_CLOSING',
    when: ({ booking }) => booking.kind === 'OPEN' && booking.closing !== undefined,
  },
  { code: 'LOOK_AT_ALL', when: ({ whole }) => !whole },
]

/** Rules that need every event of the booking. */
const ofTheWhole: readonly Rule[] = [
  { code: 'ORGANISER_CHANGED', when: (facts) => areColleagues(facts) && facts.seen.some(wasOurs) },
  { code: 'UNKNOWN', when: (facts) => facts.unread.some(matters(facts)) },
  // From here: no event of the booking is alive.
  { code: 'REASSIGNED', when: (facts) => isGone(facts) && facts.booking.flags.includes('REASSIGNED') },
  { code: 'EVENT_SHARED', when: (facts) => isGone(facts) && !facts.gone.some(wasOwn(facts)) },
  { code: 'REFERENCE_UNCONFIRMED', when: (facts) => isGone(facts) && !facts.gone.some(isConfirmed(facts)) },
  { code: 'DELETION_UNCLEAR', when: (facts) => isGone(facts) && facts.gone.every(isUnclear(facts)) },
  { code: 'DELETED_IN_CALENDAR', when: isGone },
  // From here: at least one event is alive.
  { code: 'EVENTS_DISAGREE', when: ({ living, standing }) => living.length > 0 && standing === undefined },
  { code: 'TIMES_DIFFER', when: timesDiffer },
  { code: 'LEFTOVER', when: ({ standing }) => standing !== undefined && standing.version !== 'FRESH' },
  { code: 'EVENT_SHARED', when: (facts) => isDeclined(facts) && isOthers(facts) },
  { code: 'HOST_DECLINED', when: hostDeclined },
  { code: 'ALL_ATTENDEES_DECLINED', when: allDeclined },
  { code: 'ALL_DAY', when: ({ standing }) => standing?.event.times?.allDay === true },
  { code: 'NO_LENGTH', when: (facts) => hasNoLength(facts) || isBookedWithout(facts) },
  { code: 'GUESTS_REMOVED', when: (facts) => isAsBooked(facts) && guestsAreGone(facts) },
  { code: 'NO_TIME_CHANGE', when: isAsBooked },
  { code: 'EVENT_SHARED', when: isOthers },
  { code: 'AWAITING_ANSWER', when: isBackAtBasis },
  { code: 'NEW_TIME_IN_PAST', when: startsInPast },
  { code: 'RESCHEDULED', when: ({ standing }) => standing !== undefined },
]

/** Rules for a booking that is over. Nothing opens it again: a person judges an event that is back after we cancelled. */
const ofTheEnded: readonly Rule[] = [
  { code: 'STALE', when: (facts) => isStale(facts) && (isBack(facts) || wasBack(facts)) },
  { code: 'EVENT_RESTORED', when: (facts) => isBack(facts) || (wasBack(facts) && isBackElsewhere(facts)) },
  { code: 'RESTORED_NO_MORE', when: wasBack },
]

/** Decides one look at one booking. The caller appends the events unchanged; an empty list changes nothing. */
export function decideLook(booking: Booking, look: Look, context: LookContext): LookDecision {
  const tracked = trackedPart(booking)
  if (booking.kind === 'UNTRACKED') return silent('NOT_LINKED')
  if (tracked === undefined) return silent('BOOKING_CLOSED')
  const facts = factsOf(tracked, look, context)
  if (booking.kind !== 'OPEN') return decideEnded(facts)
  if (facts.seen.length + facts.unread.length === 0) return silent('NOT_LINKED')
  const rule = [...ofAnyPart, ...ofTheWhole].find(({ when }) => when(facts))
  return rule ? carryOut(rule.code, facts) : silent('NOT_LINKED')
}

function decideEnded(facts: Facts): LookDecision {
  const { booking, context } = facts
  const isToCome = booking.kind === 'CANCELLED' && isBefore(context.now, booking.times.start)
  const rule = isToCome ? ofTheEnded.find(({ when }) => when(facts)) : undefined
  return rule ? carryOut(rule.code, facts) : silent('BOOKING_CLOSED')
}

/** True if an event of the booking takes place, and no open booking has it. */
const isBack = (facts: Facts): boolean => facts.living.some(isOwn(facts)) && !isDeclined(facts)

function wasBack({ seen }: Facts): boolean {
  return seen.some(({ reference }) => reference.restored)
}

/** True if an event that this look does not show was back. */
const isBackElsewhere = ({ booking: { references }, seen }: Facts): boolean =>
  references.some((one) => one.restored && !seen.some(({ reference }) => reference === one))

function isStale(facts: Facts): boolean {
  const { seen, unread } = facts
  if (seen.length === 0 || unread.length > 0 || timesDiffer(facts)) return false
  return seen.every(({ version }) => version === 'DECIDED') || seen.some(({ version }) => version === 'OLDER')
}

/**
 * The event's version was decided for other times than the booking has now. Cal.com has changed the booking, and wrote the
 * event before that was known here, or not at all.
 */
function timesDiffer({ booking, look, whole, standing, context }: Facts): boolean {
  if (booking.kind !== 'OPEN' || booking.status !== 'ACCEPTED' || booking.agreement !== 'AGREED') return false
  if (!whole || standing?.version !== 'DECIDED' || standing.reference.discarded) return false
  const times = timesOf(standing.event)
  const differs = times !== undefined && !sameTimes(times, booking.times)
  if (!differs || isBefore(look.observedAt, booking.factsAt)) return false
  return booking.closing === undefined && isBefore(context.now, booking.times.start)
}

const wasUnreadable = ({ reference }: Seen): boolean => reference.unreadable === true

/** True if every event of the look is a colleague's copy. */
function areColleagues({ seen, unread, living, gone }: Facts): boolean {
  return seen.length > 0 && unread.length + living.length + gone.length === 0
}

/** True if decisions were made on the event as the host's own, before it was a colleague's copy. */
const wasOurs = ({ reference }: Seen): boolean =>
  reference.organiser ?? (reference.looked || Object.keys(reference.setAside).length > 0)

/**
 * Whether an unread event leaves the booking unclear. While another event lives, three kinds do not. They are a
 * colleague's copy, an event in a calendar without credential, and an event that a guessed calendar does not know.
 */
const matters =
  ({ living }: Facts) =>
  ({ reference, code }: Unread): boolean =>
    living.length === 0 ||
    (reference.organiser !== false &&
      code !== 'CREDENTIAL_MISSING' &&
      !(reference.guessed && code === 'NOT_FOUND'))

function isGone({ living, gone }: Facts): boolean {
  return living.length === 0 && gone.length > 0
}

/** True if Cal.com names the event as the present host's, of the accepted booking. */
const isConfirmed =
  (facts: Facts) =>
  (seen: Seen): boolean =>
    seen.reference.confirmed && !seen.reference.former && !wentWhilePending(facts, seen)

/**
 * Cal.com deletes the event of a booking that must be accepted again, and makes another event. It may delete it late, after
 * the acceptance.
 */
function wentWhilePending({ booking }: Facts, { reference, event, fingerprint }: Seen): boolean {
  if (reference.setAside.BOOKING_NOT_ACCEPTED === fingerprint) return true
  const { acceptedAt, rescheduledFromUid } = booking
  if (acceptedAt === undefined) return false
  const ofPending = rescheduledFromUid !== undefined && isBefore(reference.linkedAt, acceptedAt)
  if (reference.passedOn || ofPending) return true
  return event.updated !== undefined && isBefore(event.updated, acceptedAt)
}

/** True if this booking owns the event, and no other open booking does. */
const isOwn =
  (facts: Facts) =>
  (seen: Seen): boolean =>
    ownerOf(facts, seen) === facts.booking.bookingUid

/** A booking that was cancelled took its event along, in the calendar or in Cal.com: that one alone it stood for. */
const wasOwn =
  (facts: Facts) =>
  (seen: Seen): boolean =>
    isOwn(facts)(seen) &&
    !claimsOn(facts, seen.reference).some(
      ({ cancelled, bookingUid }) => cancelled && bookingUid !== facts.booking.rescheduledFromUid,
    )

function isOthers(facts: Facts): boolean {
  return facts.standing !== undefined && !isOwn(facts)(facts.standing)
}

const isUnclear =
  ({ context }: Facts) =>
  ({ event }: Seen): boolean =>
    event.idOnly === true && !isSpokenOf(event, context.releasedAt)

const isHost = ({ self }: ExternalAttendee): boolean => self === true
const hasDeclined = ({ responseStatus }: ExternalAttendee): boolean => responseStatus === 'declined'

const isDeclined = (facts: Facts): boolean => hostDeclined(facts) || allDeclined(facts)

function hostDeclined({ standing }: Facts): boolean {
  return standing?.event.attendees?.some((one) => isHost(one) && hasDeclined(one)) === true
}

/** False for a booking with seats, and where the calendar left guests out. */
function allDeclined({ booking, standing }: Facts): boolean {
  const event = standing?.event
  if (event === undefined || event.attendeesOmitted || booking.seats) return false
  const guests = event.attendees?.filter(isGuest) ?? []
  return guests.length > 0 && guests.every(hasDeclined)
}

function hasNoLength({ standing }: Facts): boolean {
  const times = standing && timesOf(standing.event)
  return times !== undefined && !isBefore(times.start, times.end)
}

/** Cal.com has named no times to compare the event with. */
function isBookedWithout({ booking, standing }: Facts): boolean {
  return standing !== undefined && booking.flags.includes('NO_LENGTH')
}

function isAsBooked({ booking, standing }: Facts): boolean {
  const times = standing && timesOf(standing.event)
  return times !== undefined && sameTimes(times, booking.times)
}

function guestsAreGone({ standing }: Facts): boolean {
  if (standing?.reference.guests !== true || standing.event.attendeesOmitted) return false
  return standing.event.attendees !== undefined && !standing.event.attendees.some(isGuest)
}

/** Until Cal.com knows of the move, it rewrites the event with its own times. */
function isBackAtBasis({ booking, standing, context }: Facts): boolean {
  const times = standing && timesOf(standing.event)
  const move = booking.unanswered.at(-1)
  if (times === undefined || booking.agreement !== 'AWAITING' || move?.next === undefined) return false
  const until = instant(move.at).add({ milliseconds: RETURN_MS })
  return sameTimes(times, booking.basis) && isBefore(context.now, until)
}

function startsInPast({ standing, context }: Facts): boolean {
  const times = standing && timesOf(standing.event)
  return times !== undefined && !isBefore(context.now, times.start)
}
