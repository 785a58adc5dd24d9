// A booking's references: the state of each of its calendar events, and how the booking's events change it.
import { defined, ifDefined } from '../optional-fields.ts'
import { instant, type StoredTimes } from '../times.ts'
import { decisionOf } from './decisions.ts'
import type {
  BookingEvent,
  EventName,
  IgnoredData,
  SeenData,
  StoredReference,
  StoredWatermark,
} from './events.ts'

/** The last decided version of an event. */
export type Watermark = { fingerprint: string; updated?: Temporal.Instant }

export type Reference = {
  readonly stored: StoredReference
  confirmed: boolean
  /** A predecessor in the chain of reschedules passed it on, before Cal.com named it. */
  passedOn?: true
  /** Cal.com named the event to the key of the booking's host. */
  answered?: true
  /** When Cal.com gave the booking to another host, RFC 3339. Since then the event's absence says nothing. */
  former?: string
  /** Cal.com did not name the calendar, and the event was not seen in this one yet. */
  guessed?: true
  /** The series' recurrence rule when it was last seen, as in ExternalEvent. */
  rule?: string
  /** Former names of the event, which Cal.com may still use. */
  formerNames: readonly EventName[]
  linkedAt: Temporal.Instant
  /** Whether this calendar's copy was last seen to be the organiser's. */
  organiser?: boolean
  /** The event was last seen with guests, or without. */
  guests?: boolean
  /** The times that the event last showed. */
  shown?: StoredTimes
  /** A look at this event has been decided on since it was linked. */
  looked: boolean
  /** Recorded: the event cannot be read. */
  unreadable?: true
  watermark?: Watermark
  /** A person discarded the change that this version of the event shows. */
  discarded?: true
  /** This version of the event was there again after the booking had been cancelled. */
  restored?: true
  /** The decided version leaves calendar and booking different, which a person is told of this booking. */
  diverged?: true
  /** Versions of the event that were last set aside, by code. */
  setAside: Readonly<Record<string, string>>
}

/** So many events a booking refers to at most: Cal.com writes one or two, and each costs a call a look. */
export const MOST_REFERENCES = 12

type References = readonly Reference[]
type DataOf<Type extends BookingEvent['type']> = Extract<BookingEvent, { type: Type }>['data']

/** The reference to this very event of this very calendar. */
export const findReference = (
  booking: { readonly references: References },
  named: EventName,
): Reference | undefined => booking.references.find(({ stored }) => sameEvent(stored, named))

/** As `findReference`, also by a name that the event had before. */
export const findByAnyName = (
  booking: { readonly references: References },
  named: EventName,
): Reference | undefined =>
  findReference(booking, named) ??
  booking.references.find(({ formerNames }) => formerNames.some((name) => sameEvent(name, named)))

/** Whether both name one event of one calendar; former names do not count. */
export const sameEvent = (a: EventName, b: EventName): boolean =>
  a.calendarKey === b.calendarKey && a.externalEventId === b.externalEventId

/** Adds a link. A repeated link keeps the known state. Only older streams have links beyond the most. */
export function withLink(references: References, data: DataOf<'BookingReferenceLinked'>): References {
  const { reference, confirmed, guessed, answered, formerNames, shown, at } = data
  const before = findReference({ references }, reference)
  if (before === undefined && references.length >= MOST_REFERENCES) return references
  // An event that is named anew is the present host's.
  const { former: _, ...known }: Partial<Reference> = before ?? {}
  const watermark = known.watermark ?? (data.watermark && readWatermark(data.watermark))
  const linked: Reference = {
    ...defined({ shown, guessed }),
    setAside: {},
    ...(!confirmed && { passedOn: true }),
    ...known,
    ...defined({ answered }),
    stored: { ...known.stored, ...reference },
    confirmed,
    formerNames: known.formerNames ?? formerNames ?? [],
    linkedAt: known.linkedAt ?? instant(at),
    looked: known.looked === true || watermark !== undefined,
    ...defined({ watermark }),
  }
  return [...references.filter((other) => other !== before), linked]
}

/** Marks all references as the former host's. */
export const ofFormerHost = (references: References, at: string): References =>
  references.map((reference) => ({ ...reference, former: at }))

export const withoutLink = (
  references: References,
  { reference }: DataOf<'BookingReferenceUnlinked'>,
): References => references.filter(({ stored }) => !sameEvent(stored, reference))

/** Renames a reference. If the booking already has the new name, both become one, with the new name's decisions. */
export function withRenamed(
  references: References,
  { from, to }: DataOf<'BookingReferenceMoved'>,
): References {
  const found = findReference({ references }, from)
  if (found === undefined) return references
  const { guessed: _, ...moved } = found
  const namesake = findReference({ references }, to)
  const { calendarKey, externalEventId } = moved.stored
  const formerNames = [...moved.formerNames, { calendarKey, externalEventId }]
  const renamed: Reference = {
    ...moved,
    ...(namesake?.looked && namesake),
    stored: to,
    confirmed: moved.confirmed || namesake?.confirmed === true,
    formerNames: formerNames.filter((name) => !sameEvent(name, to)),
    linkedAt: moved.linkedAt,
  }
  return references
    .filter((reference) => reference === found || reference !== namesake)
    .map((reference) => (reference === found ? renamed : reference))
}

export const withRule = (references: References, data: DataOf<'BookingSeriesNoted'>): References =>
  change(references, data, (reference) => ({ ...reference, rule: data.rule }))

/** True if the event stood alone before it was made to repeat. */
export const isGrown = ({
  stored: { recurringEventId },
  formerNames,
}: Pick<Reference, 'stored' | 'formerNames'>): boolean =>
  formerNames.some(({ externalEventId }) => externalEventId === recurringEventId)

type Decided = EventName & {
  fingerprint: string
  externalUpdatedAt?: string
  code?: string
  seen?: SeenData
  next?: StoredTimes
}

const leavesDifference = (code = ''): boolean => decisionOf(code)?.diverges === true

/** Marks of the version that was decided last. The next decision forgets them. */
const marks = ({ code, seen }: Decided): Pick<Reference, 'discarded' | 'restored' | 'diverged'> => {
  const isBack = code === 'EVENT_RESTORED' && seen?.status !== 'cancelled'
  return {
    ...(code === 'DISCARDED' && { discarded: true }),
    ...(isBack && { restored: true }),
    ...(leavesDifference(code) && { diverged: true }),
  }
}

/** Settles this version of the event. A version without `updated` keeps the last known `updated`. */
export const withWatermark = (references: References, data: Decided): References =>
  change(
    references,
    data,
    ({ unreadable: _, discarded: __, restored: ___, diverged: ____, ...reference }) => {
      const updated =
        data.externalUpdatedAt === undefined ? reference.watermark?.updated : instant(data.externalUpdatedAt)
      const watermark = { fingerprint: data.fingerprint, ...defined({ updated }) }
      return { ...withSeen(reference, data), looked: true, setAside: {}, watermark, ...marks(data) }
    },
  )

/** Takes the decision on this version back, so that it may be decided again. Older versions stay stale. */
export const withoutVerdict = (references: References, named: EventName, fingerprint: string): References =>
  change(references, named, ({ watermark, ...reference }) => {
    if (watermark?.fingerprint !== fingerprint) return watermark ? { ...reference, watermark } : reference
    const { updated } = watermark
    return updated ? { ...reference, watermark: { fingerprint: '', updated } } : reference
  })

/** Marks that calendar and booking go on differing: the cancellation for this version was not carried out. */
export const withDifference = (
  references: References,
  publication: { event: EventName; watermark: StoredWatermark } | undefined,
): References =>
  publication === undefined
    ? references
    : change(references, publication.event, (reference) =>
        reference.watermark?.fingerprint === publication.watermark.fingerprint
          ? { ...reference, diverged: true }
          : reference,
      )

/** Sets this version of the event aside under its code. An event that was read is unreadable no longer. */
export const withSetAside = (references: References, data: IgnoredData): References =>
  change(references, data, ({ unreadable: _, ...reference }) => {
    if (data.code === 'UNKNOWN') return { ...reference, unreadable: true as const }
    const { code, fingerprint } = data
    return { ...withSeen(reference, data), setAside: { ...reference.setAside, [code]: fingerprint } }
  })

/** Takes over what the event showed: organiser, guests and times. */
function withSeen(reference: Reference, { code, seen, next }: Decided): Reference {
  const start = next?.start ?? seen?.start
  const end = next?.end ?? seen?.end
  const { guessed, ...known } = reference
  const gone = seen?.status === 'cancelled'
  return {
    ...known,
    ...(guessed && gone && { guessed }),
    ...(start !== undefined && end !== undefined && { shown: { start, end } }),
    ...(seen?.guests !== undefined && { guests: seen.guests }),
    ...(seen?.organiser !== undefined && { organiser: seen.organiser }),
    // Older streams say so by the code alone.
    ...(code === 'NOT_ORGANISER' && { organiser: false }),
  }
}

function change(
  references: References,
  named: EventName,
  how: (reference: Reference) => Reference,
): References {
  return references.map((reference) => (sameEvent(reference.stored, named) ? how(reference) : reference))
}

const readWatermark = ({ fingerprint, updated }: StoredWatermark): Watermark => ({
  fingerprint,
  ...defined({ updated: ifDefined(updated, instant) }),
})

export const storeWatermark = ({ fingerprint, updated }: Watermark): StoredWatermark => ({
  fingerprint,
  ...defined({ updated: updated?.toString() }),
})
