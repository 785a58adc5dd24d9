// Turns a rule's code into events, by the catalogue of decisions, the policy, and people's releases and discards.
import { isGuest } from '../external-event.ts'
import { defined, ifDefined } from '../optional-fields.ts'
import { isBefore, sameTimes, storeTimes, textOf } from '../times.ts'
import { type DecisionCode, decisions, type Entry, isCancellation } from './decisions.ts'
import type { Agreement, BookingEvent, IgnoredData, SeenData } from './events.ts'
import { type Facts, isSpokenOf, type LookDecision, type Seen, timesOf, type Unread } from './look.ts'
import { tellOvertaken } from './overtaken.ts'

/** A decision without events: it changes nothing, and leaves no trace. */
export const silent = (code: DecisionCode): LookDecision => ({ code, events: [], acts: false })

/** Carries out a code. A change that acts may still be discarded, held, or only observed. */
export function carryOut(code: DecisionCode, facts: Facts): LookDecision {
  const entry: Entry = decisions[code]
  // The booking's own flag records the code already.
  const isFlag = entry.leaves === 'flags' || facts.booking.flags.some((flag) => flag === code)
  if (entry.leaves === 'nothing' || isFlag || isTooSoon(code, entry, facts)) return silent(code)
  const deciding = facts.standing ?? facts.gone.find(isDecidable) ?? facts.gone.find(isFresh)
  const publishes = entry.leaves === 'BookingCancelled' || entry.leaves === 'BookingRescheduled'
  if (deciding === undefined || (!publishes && !entry.held)) return recorded(code, facts)

  const { mode, discardedAt, releasedAt, held } = facts.context
  const instead = entry.leaves === 'BookingRescheduled' ? entry.leaves : 'BookingCancelled'
  const noted = (reason: DecisionCode): LookDecision => recorded(reason, facts, [deciding], instead)
  if (isSpokenOf(deciding.event, discardedAt)) return noted('DISCARDED')
  if (mode === 'off') return noted('POLICY_OFF')
  if (!publishes) return { ...noted(code), asks: true, fingerprint: deciding.fingerprint }
  if (differedWhenLinked(deciding, facts)) return noted('FIRST_LOOK')
  if (mode === 'observe') return noted('OBSERVE_ONLY')
  const released = isSpokenOf(deciding.event, releasedAt)
  if (held !== undefined && !released) return noted(held)
  const decision = published(code, deciding, facts)
  if (decision === undefined) return silent(code)
  const unflagged = tellOvertaken(facts.booking, false, facts.context.now.toString())
  return { code, events: [decision, ...unflagged], acts: true, fingerprint: deciding.fingerprint, released }
}

const isFresh = ({ version }: Seen): boolean => version === 'FRESH'
const isDecidable = (seen: Seen): boolean =>
  isFresh(seen) && seen.reference.confirmed && !seen.reference.former

function isTooSoon(code: DecisionCode, { afterMs = 0 }: Entry, { context: { lasting } }: Facts): boolean {
  return (lasting?.code === code ? lasting.ms : 0) < afterMs
}

/** True if event and booking differed when they were linked: then nobody has changed the event since. */
function differedWhenLinked({ reference, event, fingerprint }: Seen, { context }: Facts): boolean {
  if (reference.looked || isSpokenOf(event, context.releasedAt)) return false
  if (event.updated !== undefined) return !isBefore(reference.linkedAt, event.updated)
  // The first look's version is on record. Any other version is a later one.
  return context.firstLook === true && Object.values(reference.setAside).every((one) => one === fingerprint)
}

/** Records the code for each event whose version is not decided yet. A set-aside version is recorded once. */
function recorded(
  code: DecisionCode,
  facts: Facts,
  subjects: readonly Seen[] = facts.seen,
  instead?: IgnoredData['instead'],
): LookDecision {
  const events =
    code === 'UNKNOWN'
      ? facts.unread.flatMap((unread) => unreadable(unread, facts))
      : subjects.flatMap((seen) => ignored(codeFor(code, seen, facts), seen, facts, instead))
  return { code, events, acts: false }
}

/** The code for one event. A gone event is a leftover while another event stands: it counts again once that one goes. */
const codeFor = (code: DecisionCode, seen: Seen, { booking, standing, gone }: Facts): DecisionCode =>
  booking.kind === 'OPEN' &&
  standing !== undefined &&
  decisions[code].leaves === 'settles' &&
  gone.includes(seen)
    ? 'LEFTOVER'
    : code

function ignored(
  code: DecisionCode,
  seen: Seen,
  facts: Facts,
  instead: IgnoredData['instead'],
): BookingEvent[] {
  const { reference, event, fingerprint } = seen
  const settles = decisions[code].leaves === 'settles'
  const isNews = isFresh(seen) || reference.unreadable === true
  const isKnown = !settles && reference.setAside[code] === fingerprint && reference.unreadable === undefined
  if (!isNews || isKnown) return []
  return [
    {
      type: 'ExternalEventChangeIgnored',
      data: {
        ...observed(seen, facts),
        bookingUid: facts.booking.bookingUid,
        code,
        settles,
        seen: seenData(code, seen),
        ...defined({ instead }),
        agreement: agreementByCatalogue(code, facts.booking.agreement),
        ...defined({ externalEtag: event.etag }),
      },
    },
  ]
}

function agreementByCatalogue(code: DecisionCode, before: Agreement): Agreement {
  const { diverges, agrees } = decisions[code]
  if (diverges) return 'DIVERGED'
  return agrees && before === 'DIVERGED' ? 'AGREED' : before
}

/** A code about a loss does not record that loss. Later versions get the code too, until the loss is made good. */
function seenData(code: DecisionCode, { event }: Seen): SeenData {
  const times = event.status === 'cancelled' ? undefined : timesOf(event)
  const { organizerSelf: organiser, attendees, attendeesOmitted } = event
  const guests = attendees?.some(isGuest)
  return {
    status: event.status,
    ...(times && storeTimes(times)),
    ...(organiser !== undefined && code !== 'ORGANISER_CHANGED' && { organiser }),
    ...(guests !== undefined && !attendeesOmitted && code !== 'GUESTS_REMOVED' && { guests }),
  }
}

/** Records once that an event cannot be read, until it can be read again. */
function unreadable({ reference, code }: Unread, facts: Facts): BookingEvent[] {
  if (reference.unreadable) return []
  const { booking, look, context } = facts
  return [
    {
      type: 'ExternalEventChangeIgnored',
      data: {
        ...reference.stored,
        bookingUid: booking.bookingUid,
        code: 'UNKNOWN',
        settles: false,
        fingerprint: code,
        observedAt: textOf(look.observedAt),
        seen: { status: 'unknown' },
        agreement: booking.agreement,
        at: textOf(context.now),
      },
    },
  ]
}

function published(code: DecisionCode, deciding: Seen, facts: Facts): BookingEvent | undefined {
  const { booking, context } = facts
  const organizationId = booking.organizationId ?? context.organizationId
  const { etag } = deciding.event
  const previous = storeTimes(booking.times)
  const decided = {
    ...observed(deciding, facts),
    bookingUid: booking.bookingUid,
    userId: booking.userId,
    ...defined({ organizationId }),
    sequence: booking.sequence + 1,
    ...defined({ externalEtag: etag }),
    basis: sameTimes(booking.basis, booking.times) ? previous : storeTimes(booking.basis),
  }
  if (isCancellation(code))
    return {
      type: 'BookingCancelled',
      data: { ...decided, reason: code, ...previous },
    }
  const times = timesOf(deciding.event)
  if (times === undefined) return undefined
  const { timeZone } = times
  const next = { ...storeTimes(times), ...defined({ timeZone }) }
  return {
    type: 'BookingRescheduled',
    data: { ...decided, previous, next },
  }
}

const observed = ({ reference, event, fingerprint }: Seen, { look, context }: Facts) => ({
  ...reference.stored,
  fingerprint,
  ...defined({ externalUpdatedAt: ifDefined(event.updated, textOf) }),
  observedAt: textOf(look.observedAt),
  at: textOf(context.now),
})
