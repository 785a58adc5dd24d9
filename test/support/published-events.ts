import { randomUUID } from 'node:crypto'
import { streamName } from '../../domain/domain-event.ts'
import type { PublishableEvent, PublishedMark } from '../../ports/booking-event-publisher.ts'
import { encode } from '../../ports/event-store/event-codec.ts'
import type { EventStore, Position, RecordedEvent } from '../../ports/event-store/event-store.ts'
import { PUBLISHED_TYPES } from '../../services/publishing/booking-event-schema.ts'
import { appendNext } from './append-next.ts'
import { eventsOfBooking } from './booking-events.ts'
import { readToEnd } from './events.ts'
import type { SeenMessage } from './topic-reader.ts'

/** A booking event as a publisher gets it. */
export function someCloudEvent(subject: string, data: object = { bookingUid: subject }): PublishableEvent {
  return {
    subject,
    attributes: {
      specversion: '1.0',
      id: randomUUID(),
      source: 'urn:uuid:0b8f',
      type: 'BookingRescheduled',
      subject,
      time: '2026-03-02T08:00:00.000Z',
      datacontenttype: 'application/json',
      dataschema: 'https://sync.example.com/schemas/booking-rescheduled/1',
      position: '00000000000000000001',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    },
    data: JSON.stringify(data),
  }
}

/** A mark at a made-up position. */
export const markAt = (n: number, eventId: string = randomUUID()): PublishedMark => ({
  position: String(n).padStart(20, '0'),
  eventId,
  after: n <= 1 ? '' : String(n - 1).padStart(20, '0'),
})

/** Decides `count` moves of each of the bookings, one append a booking and event. `from` is the first sequence. */
export async function decideMoves(
  events: EventStore,
  bookingUids: readonly string[],
  count: number,
  from = 1,
): Promise<Position[]> {
  const positions: Position[] = []
  for (let sequence = from; sequence < from + count; sequence++) {
    for (const uid of bookingUids) {
      const decided = encode<'booking'>(eventsOfBooking(uid).rescheduled(sequence), randomUUID(), {
        correlationId: randomUUID(),
        causationId: randomUUID(),
        actor: 'sync-worker',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      })
      positions.push((await appendNext(events, streamName('booking', uid), [decided])).position)
    }
  }
  return positions
}

/** All booking events of the store, oldest first. */
export const bookingEvents = (events: EventStore): Promise<RecordedEvent[]> =>
  readToEnd(events, { after: '', filter: { types: PUBLISHED_TYPES }, limit: 1_000 })

/**
 * What is wrong with the messages of a topic as a copy of the store's events: left out, twice, not of the store, or
 * not in the order of their booking. Empty where nothing is.
 */
export function differences(stored: readonly RecordedEvent[], seen: readonly SeenMessage[]): string[] {
  const wrong: string[] = []
  const counts = new Map<string, number>()
  const lastOf = new Map<string, string>()
  const byId = new Map(stored.map((event) => [event.id, event]))
  for (const { key, headers, value } of seen) {
    const id = headers.ce_id ?? ''
    const position = headers.ce_position ?? ''
    counts.set(id, (counts.get(id) ?? 0) + 1)
    const event = byId.get(id)
    if (event === undefined) wrong.push(`${id} is not in the store`)
    else if (event.position !== position || JSON.parse(value).sequence !== event.data.sequence)
      wrong.push(`${id} is not as in the store`)
    const before = lastOf.get(key) ?? ''
    if (position <= before) wrong.push(`${id} at ${position} comes after ${before} of the same booking`)
    lastOf.set(key, position)
  }
  for (const { id, position } of stored) {
    const times = counts.get(id) ?? 0
    if (times !== 1) wrong.push(`${id} at ${position} is there ${times} times`)
  }
  return wrong
}
