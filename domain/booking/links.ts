// Links a booking to its calendar events: those that Cal.com names, and those passed on along a chain of reschedules.
import { accept, type Decision } from '../decision.ts'
import { defined, ifDefined } from '../optional-fields.ts'
import { type StoredTimes, storeTimes, type Times } from '../times.ts'
import { linkFlags } from './event-of-link.ts'
import type { BookingEvent, EventName, StoredReference, StoredWatermark } from './events.ts'
import { flagsFor } from './flags.ts'
import type { Publication } from './meaning.ts'
import {
  findByAnyName,
  MOST_REFERENCES,
  type Reference,
  sameEvent,
  storeWatermark,
  type Watermark,
} from './references.ts'
import { type Booking, evolveBooking, type OpenBooking, trackedPart, unansweredOn } from './state.ts'

/** A reference that Cal.com named, or that a predecessor in the chain of reschedules passed on. */
export type StatedReference = StoredReference & {
  confirmed: boolean
  /** Cal.com did not say in which calendar. */
  guessed?: true
  /** Cal.com named it in answer to the key of the booking's host. */
  answered?: true
  /** The event is the present host's: named with them, or alive and still named long after they got the booking. */
  ofHost?: true
  formerNames?: readonly EventName[]
  watermark?: StoredWatermark
  shown?: StoredTimes
  /** Passed on: publications on this event without an outcome, and those withdrawn before they had one. */
  unanswered?: readonly Publication[]
  withdrawn?: readonly Publication[]
}

/** Cal.com's statement of a booking's references. `times`: the booking's times. `at`: when Cal.com stated this. */
export type StatedReferences = {
  references: readonly StatedReference[]
  /** `references` is all that Cal.com has. An event that it does not name, by any name, is not this booking's. */
  referencesComplete?: boolean
  /** Cal.com names more than are stated here. */
  moreNamed?: boolean
  times: Times
  at: string
}

/**
 * Links an open booking to the stated references. An empty list says nothing, as Cal.com stores references late.
 */
export function linkReferences(state: Booking, stated: StatedReferences): Decision<BookingEvent> {
  return accept(...(state.kind === 'OPEN' ? linksOf(state, stated) : []))
}

/**
 * The events that link and unlink, so that an open booking has the stated references. A person is told while Cal.com
 * names more than the most, and no longer of a link that was not found.
 */
export function linksOf(state: OpenBooking, stated: StatedReferences): BookingEvent[] {
  const { references, at } = stated
  const whole = stated.referencesComplete === true && references.length > 0
  const unlinked = whole ? unlinks(state, strays(state, references), at) : []
  const { links, left } = linksTo(unlinked.reduce(evolveBooking, state), stated)
  const tooMany = left || stated.moreNamed === true
  const raised = tooMany || (!whole && state.flags.includes('TOO_MANY_EVENTS'))
  return [
    ...unlinked,
    ...links,
    ...flagsFor(state, 'TOO_MANY_EVENTS', raised, at),
    ...(references.some(({ confirmed }) => confirmed) ? linkFlags : []).flatMap((code) =>
      flagsFor(state, code, false, at),
    ),
  ]
}

/** Links one after the other: the same event may be stated twice. `left`: there was no room for one. */
function linksTo(
  state: Booking,
  { references, times, at }: StatedReferences,
): { links: BookingEvent[]; left: boolean } {
  const links: BookingEvent[] = []
  let after = state
  let left = false
  for (const reference of references) {
    if (after.kind !== 'OPEN') break
    const isFull = after.references.length >= MOST_REFERENCES
    if (isFull && findByAnyName(after, reference) === undefined) {
      left = true
      continue
    }
    const link = linkTo(after, reference, times, at)
    if (link === undefined) continue
    links.push(link)
    after = evolveBooking(after, link)
  }
  return { links, left }
}

function linkTo(
  state: OpenBooking,
  stated: StatedReference,
  times: Times,
  at: string,
): BookingEvent | undefined {
  const {
    confirmed,
    guessed,
    answered,
    ofHost,
    formerNames,
    watermark: _,
    unanswered: __,
    withdrawn: ___,
    shown,
    ...stored
  } = stated
  const known = findByAnyName(state, stored)
  const data = {
    bookingUid: state.bookingUid,
    reference: stored,
    confirmed,
    ...defined({ answered }),
    at,
  }
  if (known === undefined) {
    const watermark = readUpTo(stated, times)
    return {
      type: 'BookingReferenceLinked',
      data: {
        ...data,
        ...defined({ guessed, watermark, shown }),
        ...(formerNames?.length && { formerNames: [...formerNames] }),
      },
    }
  }
  // The predecessor's decisions on the event go along, unless this booking has decided on the event itself.
  const read = known.looked ? undefined : readUpTo(stated, times)
  // Cal.com goes on naming the former host's event, which it withdrew with the new host.
  if (known.former !== undefined && !ofHost) return undefined
  const isNews =
    known.former !== undefined || (answered === true && !known.answered) || saysMore(known, stored, confirmed)
  if (read === undefined && !isNews) return undefined
  // A former name brings no news but Cal.com's confirmation.
  const said = sameEvent(known.stored, stored) ? { ...known.stored, ...stored } : known.stored
  const either = {
    ...data,
    reference: said,
    confirmed: confirmed || known.confirmed,
    ...defined({ watermark: read }),
  }
  return { type: 'BookingReferenceLinked', data: either }
}

/**
 * Passes the decisions on an event on, up to the decision that led to the new booking. A change that was published after
 * that, to the old booking, must be looked at again. Only the start counts: Cal.com may keep its own length.
 */
function readUpTo(
  { watermark, unanswered = [], withdrawn = [] }: StatedReference,
  times: Times,
): StoredWatermark | undefined {
  const { start } = storeTimes(times)
  const reached = [...withdrawn, ...unanswered].findLast(({ next }) => next?.start === start)
  return reached?.watermark ?? (unanswered.length === 0 ? watermark : undefined)
}

/** The references that Cal.com does not name, by any of their names. */
const strays = (state: OpenBooking, named: readonly EventName[]): Reference[] =>
  state.references.filter(
    (reference) => !named.some((name) => findByAnyName({ references: [reference] }, name) !== undefined),
  )

const unlinks = ({ bookingUid }: OpenBooking, unlinked: readonly Reference[], at: string): BookingEvent[] =>
  unlinked.map(({ stored }) => ({
    type: 'BookingReferenceUnlinked',
    data: { bookingUid, reference: stored, at },
  }))

const saysMore = (known: Reference, stated: StoredReference, confirmed: boolean): boolean =>
  (confirmed && !known.confirmed) ||
  (sameEvent(known.stored, stated) &&
    ((stated.recurringEventId !== undefined && known.stored.recurringEventId === undefined) ||
      (stated.originalStart !== undefined && known.stored.originalStart === undefined)))

/** The decided version, with its verdict taken back. Older versions stay stale. */
const withoutFingerprint = ({ watermark }: Reference): Watermark | undefined =>
  watermark?.updated && { fingerprint: '', updated: watermark.updated }

/** The references that a booking passes on to its successor. They cannot cancel until confirmed. */
export function passedOnReferences(state: Booking): StatedReference[] {
  const from = trackedPart(state)
  if (from === undefined) return []
  return from.references.map((reference) => {
    const { stored, formerNames, shown } = reference
    // A difference is told of one booking only: the successor decides on it anew, and has it told.
    const watermark = reference.diverged ? withoutFingerprint(reference) : reference.watermark
    const unanswered = unansweredOn(from, reference)
    const withdrawn = unansweredOn({ unanswered: from.withdrawn ?? [] }, reference)
    return {
      ...stored,
      confirmed: false,
      ...(formerNames.length > 0 && { formerNames }),
      ...defined({ watermark: ifDefined(watermark, storeWatermark), shown }),
      ...(unanswered.length > 0 && { unanswered }),
      ...(withdrawn.length > 0 && { withdrawn }),
    }
  })
}
