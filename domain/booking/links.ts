// Which calendar events a booking refers to: those that Cal.com names, and those passed on along a chain of reschedules.
import { accept, type Decision } from '../decision.ts'
import { defined, ifDefined } from '../optional-fields.ts'
import { type StoredTimes, storeTimes, type Times } from '../times.ts'
import type { BookingEvent, EventName, StoredReference, StoredWatermark } from './events.ts'
import type { Publication } from './meaning.ts'
import { findByAnyName, type Reference, sameEvent, storeWatermark } from './references.ts'
import { type Booking, evolveBooking, type OpenBooking, trackedPart, unansweredOn } from './state.ts'

/** A reference as Cal.com named it, or as it was passed on along a chain of reschedules. */
export type StatedReference = StoredReference & {
  confirmed: boolean
  /** Cal.com did not say in which calendar. */
  guessed?: true
  /** Cal.com named it in answer to the key of the booking's host. */
  answered?: true
  /** It is the present host's: told with them, or alive and named long after the booking was given to them. */
  ofHost?: true
  formerNames?: readonly EventName[]
  watermark?: StoredWatermark
  shown?: StoredTimes
  /** Passed on: what was published on this event and not answered, and what was withdrawn before it was. */
  unanswered?: readonly Publication[]
  withdrawn?: readonly Publication[]
}

/** What Cal.com tells of a booking's references: `times` and `at` are the booking's, and when it was told. */
export type StatedReferences = {
  references: readonly StatedReference[]
  /** `references` is all that Cal.com has: what it does not name, by any name that it had, is not this booking's. */
  referencesComplete?: boolean
  times: Times
  at: string
}

/**
 * Has the booking refer to what Cal.com tells. An empty list says nothing: references are stored late. Decides nothing
 * for a booking that is not open.
 */
export function linkReferences(state: Booking, stated: StatedReferences): Decision<BookingEvent> {
  return accept(...(state.kind === 'OPEN' ? linksOf(state, stated) : []))
}

/** What is to be linked, and unlinked, so that an open booking refers to what Cal.com tells. */
export function linksOf(state: OpenBooking, stated: StatedReferences): BookingEvent[] {
  const { references, at } = stated
  const linked = linksTo(state, stated)
  if (!stated.referencesComplete || references.length === 0) return linked
  return [...unlinks(state, strays(state, references), at), ...linked]
}

/** One after the other: the same event may be told of twice. */
function linksTo(state: OpenBooking, { references, times, at }: StatedReferences): BookingEvent[] {
  const links: BookingEvent[] = []
  let after: Booking = state
  for (const reference of references) {
    const link = after.kind === 'OPEN' ? linkTo(after, reference, times, at) : undefined
    if (link === undefined) continue
    links.push(link)
    after = evolveBooking(after, link)
  }
  return links
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
  // What was decided on it before goes along, unless something has been decided on it here.
  const read = known.looked ? undefined : readUpTo(stated, times)
  // Cal.com goes on naming what it withdrew when it gave the booking to another host.
  if (known.former !== undefined && !ofHost) return undefined
  const isNews =
    known.former !== undefined || (answered === true && !known.answered) || saysMore(known, stored, confirmed)
  if (read === undefined && !isNews) return undefined
  // By a former name, only that Cal.com confirms it is new.
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
 * What was decided on an event is passed on only as far as the new booking can know of it: up to the decision that led
 * to it. A change published since to a booking that had been rescheduled away must be looked at again here. Only the
 * start counts: Cal.com may keep a length of its own.
 */
function readUpTo(
  { watermark, unanswered = [], withdrawn = [] }: StatedReference,
  times: Times,
): StoredWatermark | undefined {
  const { start } = storeTimes(times)
  const reached = [...withdrawn, ...unanswered].findLast(({ next }) => next?.start === start)
  return reached?.watermark ?? (unanswered.length === 0 ? watermark : undefined)
}

/** Those that Cal.com does not name, by whatever name. */
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

/** The references that a booking hands on to the one it was rescheduled to: they cannot cancel until confirmed. */
export function passedOnReferences(state: Booking): StatedReference[] {
  const from = trackedPart(state)
  if (from === undefined) return []
  return from.references.map((reference) => {
    const { stored, formerNames, watermark, shown } = reference
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
