import { CloudEvent, type CloudEventV1 } from 'cloudevents'
import { reasonText } from '../../domain/explain/explanation.ts'
import { defined } from '../../domain/optional-fields.ts'
import { decode, type StoredEvent } from '../../ports/event-store/event-codec.ts'
import type { RecordedEvent } from '../../ports/event-store/event-store.ts'
import {
  type BookingCancelledData,
  type BookingRescheduledData,
  bookingEventSchemas,
  type PublishedType,
} from './booking-event-schema.ts'

/** The names of this deployment that every event carries. */
export type EventOrigin = {
  /** A URI that stays the same for the deployment's life. */
  source: string
  /** The address of the schemas, without a slash at its end: `https://sync.example.com/schemas`. */
  schemas: string
}

export type BookingEventData = BookingRescheduledData | BookingCancelledData

type Stored = Extract<StoredEvent<'booking'>, { type: PublishedType }>

/**
 * The stored decision as others get it. Its JSON is the structured form, with the extension attributes `position` and,
 * where it is known, `traceparent`; `cloudevents` makes the binary form of it. Nothing about a person is in it: what
 * is published is named here, field by field. Throws UnknownEventType for an event that is none of those published.
 */
export function toCloudEvent(recorded: RecordedEvent, origin: EventOrigin): CloudEvent<BookingEventData> {
  return new CloudEvent<BookingEventData>(bookingCloudEvent(recorded, origin))
}

/** As `toCloudEvent`, as a plain object: for what handles many thousands a second. */
export function bookingCloudEvent(
  recorded: RecordedEvent,
  origin: EventOrigin,
): CloudEventV1<BookingEventData> {
  const stored = publishedOf(recorded)
  const { traceparent } = stored.metadata
  return {
    specversion: '1.0',
    id: stored.id,
    source: origin.source,
    type: stored.type,
    subject: stored.data.bookingUid,
    time: stored.data.at,
    datacontenttype: 'application/json',
    dataschema: `${origin.schemas}/${bookingEventSchemas[stored.type].path}`,
    data: dataOf(stored),
    position: stored.position,
    ...defined({ traceparent }),
  }
}

function publishedOf(recorded: RecordedEvent): Stored {
  const stored = decode('booking', recorded)
  if (stored.type === 'BookingRescheduled' || stored.type === 'BookingCancelled') return stored
  throw new TypeError(`an event of type ${stored.type} is not published`)
}

function dataOf(stored: Stored): BookingEventData {
  if (stored.type === 'BookingRescheduled') {
    const { previous, next } = stored.data
    return { ...decidedOf(stored), previous, next }
  }
  const { reason, start, end } = stored.data
  return { ...decidedOf(stored), reason, start, end }
}

function decidedOf(stored: Stored) {
  const { bookingUid, userId, organizationId, sequence, provider, calendarKey, basis } = stored.data
  const { externalEventId, recurringEventId, originalStart, externalUpdatedAt, observedAt } = stored.data
  return {
    bookingUid,
    userId,
    ...defined({ organizationId }),
    sequence,
    calendar: { provider, key: calendarKey },
    externalEventId,
    ...defined({ recurringEventId, originalStart }),
    externalUpdatedAt: externalUpdatedAt ?? observedAt,
    observedAt,
    reasonText: reasonText(stored),
    basis,
  }
}
