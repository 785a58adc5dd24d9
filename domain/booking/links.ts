// Which calendar events a booking refers to: those that Cal.com names, and those passed on along a chain of reschedules.

import { accept, type Decision } from '../decision.ts'
import { storeTimes } from '../times.ts'
import { findByAnyName, sameEvent, storeWatermark } from './references.ts'
import {
  type Booking,
  type BookingEvent,
  type EventName,
  evolveBooking,
  type OpenBooking,
  type Reference,
  type StoredReference,
  type StoredWatermark,
  type Times,
  trackedPart,
  type Unanswered,
  unansweredOn,
} from './state.ts'

/** A reference as Cal.com named it, or as it was passed on along a chain of reschedules. */
export type ToldReference = StoredReference & {
  confirmed: boolean
  formerNames?: readonly EventName[]
  watermark?: StoredWatermark
  /** Passed on: what was published on this event and not answered. */
  unanswered?: readonly Unanswered[]
}

/** What Cal.com tells of a booking's references: `times` and `at` are the booking's, and when it was told. */
export type ToldReferences = {
  references: readonly ToldReference[]
  /** `references` is all that Cal.com has: those passed on that it does not name are not this booking's. */
  referencesComplete?: boolean
  times: Times
  at: string
}

/** What is to be linked, and unlinked, so that an open booking refers to what Cal.com tells. */
export function linksOf(state: OpenBooking, told: ToldReferences): BookingEvent[] {
  const { times, references, at } = told
  const linked = linksTo(state, references, times, at)
  if (!told.referencesComplete || references.length === 0) return linked
  const unlinked = strays(state, references).filter(({ confirmed }) => !confirmed)
  return [...linked, ...unlinks(state, unlinked, at)]
}

/** One after the other: the same event may be told of twice. */
function linksTo(
  state: OpenBooking,
  told: readonly ToldReference[],
  times: Times,
  at: string,
): BookingEvent[] {
  const links: BookingEvent[] = []
  let after: Booking = state
  for (const reference of told) {
    const link = after.kind === 'OPEN' ? linkTo(after, reference, times, at) : undefined
    if (link === undefined) continue
    links.push(link)
    after = evolveBooking(after, link)
  }
  return links
}

function linkTo(state: OpenBooking, told: ToldReference, times: Times, at: string): BookingEvent | undefined {
  const { confirmed, formerNames, watermark: _, unanswered: __, ...stored } = told
  const known = findByAnyName(state, stored)
  const data = { bookingUid: state.bookingUid, reference: stored, confirmed, at }
  if (known === undefined) {
    const watermark = readUpTo(told, times)
    return {
      type: 'BookingReferenceLinked',
      data: {
        ...data,
        ...(watermark && { watermark }),
        ...(formerNames?.length && { formerNames: [...formerNames] }),
      },
    }
  }
  if (!saysMore(known, stored, confirmed)) return undefined
  // By a former name, only that Cal.com confirms it is new.
  const said = sameEvent(known.stored, stored) ? { ...known.stored, ...stored } : known.stored
  const either = { ...data, reference: said, confirmed: confirmed || known.confirmed }
  return { type: 'BookingReferenceLinked', data: either }
}

/**
 * What was decided on an event is passed on only as far as the new booking can know of it: up to the decision that led
 * to it. A change published since to a booking that had been rescheduled away must be looked at again here. Only the
 * start counts: Cal.com may keep a length of its own.
 */
function readUpTo({ watermark, unanswered = [] }: ToldReference, times: Times): StoredWatermark | undefined {
  if (unanswered.length === 0) return watermark
  const { start } = storeTimes(times)
  return unanswered.findLast(({ next }) => next?.start === start)?.watermark
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

const saysMore = (known: Reference, told: StoredReference, confirmed: boolean): boolean =>
  (confirmed && !known.confirmed) ||
  (sameEvent(known.stored, told) &&
    ((told.recurringEventId !== undefined && known.stored.recurringEventId === undefined) ||
      (told.originalStart !== undefined && known.stored.originalStart === undefined)))

/** The references that a booking hands on to the one it was rescheduled to: they cannot cancel until confirmed. */
export function passedOnReferences(state: Booking): ToldReference[] {
  const from = trackedPart(state)
  if (from === undefined) return []
  return from.references.map((reference) => {
    const { stored, formerNames, watermark } = reference
    const unanswered = unansweredOn(from, reference)
    return {
      ...stored,
      confirmed: false,
      ...(formerNames.length > 0 && { formerNames }),
      ...(watermark && { watermark: storeWatermark(watermark) }),
      ...(unanswered.length > 0 && { unanswered }),
    }
  })
}

/**
 * Cal.com names its references: those that it does not name, by any name that they had, are unlinked. An empty list
 * says nothing (they are stored late).
 */
export function replaceReferences(
  state: Booking,
  told: { references: readonly StoredReference[]; at: string },
): Decision<BookingEvent> {
  if (state.kind !== 'OPEN' || told.references.length === 0) return accept()
  const { references, at } = told
  const named = references.map((reference) => ({ ...reference, confirmed: true }))
  return accept(...unlinks(state, strays(state, references), at), ...linksTo(state, named, state.basis, at))
}
