import { type Category, streamName } from '../../domain/domain-event.ts'
import type { EventStore, Position, RecordedEvent } from '../../ports/event-store/event-store.ts'

/** The events that an auditor asks for; all, where nothing is named. */
export type ExportSelection = {
  /** Recorded then or later. */
  from?: Temporal.Instant
  /** Recorded before. */
  to?: Temporal.Instant
  category?: Category
  bookingUid?: string
}

/** A booking that no event tells of. */
export class BookingUnknown extends Error {
  readonly code = 'BOOKING_UNKNOWN'
  constructor(bookingUid: string) {
    super(`No booking ${bookingUid} is known here`)
    this.name = 'BookingUnknown'
  }
}

const PAGE = 500

/**
 * The selected events up to a position, in their order, in pages. Rejects with StoreUnavailable, and with BookingUnknown
 * before the first page.
 */
export async function* selectedEvents(
  events: EventStore,
  selection: ExportSelection,
  upTo: Position,
): AsyncGenerator<RecordedEvent[], void> {
  for await (const page of pagesOf(events, selection)) {
    const fit = page.filter((event) => event.position <= upTo && isSelected(event, selection))
    if (fit.length > 0) yield fit
    const last = page.at(-1)
    if (last !== undefined && last.position >= upTo) return
  }
}

async function* pagesOf(
  events: EventStore,
  { bookingUid, category }: ExportSelection,
): AsyncGenerator<RecordedEvent[], void> {
  if (bookingUid !== undefined) {
    const stream = await events.readStream(streamName('booking', bookingUid))
    if (stream.length === 0) throw new BookingUnknown(bookingUid)
    yield category === undefined || category === 'booking' ? stream : []
    return
  }
  let after = ''
  for (;;) {
    const filter = category && { filter: { categories: [category] } }
    const page = await events.readAll({ after, limit: PAGE, ...filter })
    yield page.events
    if (page.caughtUp) return
    after = page.position
  }
}

function isSelected({ recordedAt }: RecordedEvent, { from, to }: ExportSelection): boolean {
  if (from === undefined && to === undefined) return true
  const at = Temporal.Instant.from(recordedAt)
  return (
    (from === undefined || Temporal.Instant.compare(at, from) >= 0) &&
    (to === undefined || Temporal.Instant.compare(at, to) < 0)
  )
}
