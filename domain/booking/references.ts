// What a booking knows of each calendar event that it refers to, and how the booking's events change that.

import { instant } from '../times.ts'
import type { BookingEvent, EventName, IgnoredData, StoredReference, StoredWatermark } from './events.ts'

/** Up to where the changes of one event have been decided. */
export type Watermark = { fingerprint: string; updated?: Temporal.Instant }

export type Reference = {
  readonly stored: StoredReference
  confirmed: boolean
  /** What the event was called before: Cal.com goes on naming it so. */
  formerNames: readonly EventName[]
  linkedAt: Temporal.Instant
  /** This calendar's copy was last seen to be a colleague's, not the organiser's. */
  colleagues?: true
  /** A look at this event has been decided on since it was linked. */
  looked: boolean
  watermark?: Watermark
  /** Fingerprints last ignored under codes that do not settle, by code. */
  setAside: Readonly<Record<string, string>>
}

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

/** A link that is told again keeps what is known of it. */
export function withLink(references: References, data: DataOf<'BookingReferenceLinked'>): References {
  const { reference, confirmed, formerNames, at } = data
  const known = findReference({ references }, reference)
  const watermark = known?.watermark ?? (data.watermark && readWatermark(data.watermark))
  const linked: Reference = {
    stored: { ...known?.stored, ...reference },
    confirmed,
    formerNames: known?.formerNames ?? formerNames ?? [],
    linkedAt: known?.linkedAt ?? instant(at),
    looked: known?.looked === true || watermark !== undefined,
    setAside: known?.setAside ?? {},
    ...(known?.colleagues && { colleagues: true as const }),
    ...(watermark && { watermark }),
  }
  return [...references.filter((other) => other !== known), linked]
}

export const withoutLink = (
  references: References,
  { reference }: DataOf<'BookingReferenceUnlinked'>,
): References => references.filter(({ stored }) => !sameEvent(stored, reference))

/** Where the booking refers to the new name already, the two become one, with what was decided under the new name. */
export function withRenamed(
  references: References,
  { from, to }: DataOf<'BookingReferenceMoved'>,
): References {
  const moved = findReference({ references }, from)
  if (moved === undefined) return references
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
    .filter((reference) => reference === moved || reference !== namesake)
    .map((reference) => (reference === moved ? renamed : reference))
}

/** Decided for good, up to this version of the event. One without `updated` leaves the last known one standing. */
export const withWatermark = (
  references: References,
  data: EventName & { fingerprint: string; externalUpdatedAt?: string; code?: string },
): References =>
  change(references, data, ({ colleagues: _, ...reference }) => {
    const updated =
      data.externalUpdatedAt === undefined ? reference.watermark?.updated : instant(data.externalUpdatedAt)
    const watermark = { fingerprint: data.fingerprint, ...(updated && { updated }) }
    const colleagues = data.code === 'NOT_ORGANISER' && { colleagues: true as const }
    return { ...reference, ...colleagues, looked: true, setAside: {}, watermark }
  })

/** The verdict on this version of the event no longer holds: it may be decided on again; older ones stay stale. */
export const withoutVerdict = (references: References, named: EventName, fingerprint: string): References =>
  change(references, named, ({ watermark, ...reference }) => {
    if (watermark?.fingerprint !== fingerprint) return watermark ? { ...reference, watermark } : reference
    const { updated } = watermark
    return updated ? { ...reference, watermark: { fingerprint: '', updated } } : reference
  })

/** Ignored while the reason lasts. Whatever could be said of the event, it is unknown no longer. */
export const withSetAside = (
  references: References,
  { code, fingerprint, ...named }: IgnoredData,
): References =>
  change(references, named, (reference) => {
    const { UNKNOWN: _, ...others } = reference.setAside
    return { ...reference, setAside: { ...others, [code]: fingerprint } }
  })

function change(
  references: References,
  named: EventName,
  how: (reference: Reference) => Reference,
): References {
  return references.map((reference) => (sameEvent(reference.stored, named) ? how(reference) : reference))
}

const readWatermark = ({ fingerprint, updated }: StoredWatermark): Watermark => ({
  fingerprint,
  ...(updated !== undefined && { updated: instant(updated) }),
})

export const storeWatermark = ({ fingerprint, updated }: Watermark): StoredWatermark => ({
  fingerprint,
  ...(updated && { updated: updated.toString() }),
})
