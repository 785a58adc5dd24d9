import { randomUUID } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { BookingEvent } from '../../../domain/booking/events.ts'
import { encode } from '../../../ports/event-store/event-codec.ts'
import type { RecordedEvent } from '../../../ports/event-store/event-store.ts'
import { toCloudEvent } from '../../../services/publishing/booking-event.ts'
import { BookingCloudEvent } from '../../../services/publishing/booking-event-schema.ts'
import { eventsOfBooking } from '../../support/booking-events.ts'

const test = suite('booking event as a CloudEvent')
const origin = { source: 'urn:uuid:0b8f', schemas: 'https://sync.example.com/schemas' }
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const { rescheduled, cancelled, tracked } = eventsOfBooking('booking-1', 'user-7')

const recordedOf = (event: BookingEvent, metadata: { traceparent?: string } = {}): RecordedEvent => ({
  ...encode<'booking'>(event, randomUUID(), {
    correlationId: 'c',
    causationId: 'd',
    actor: 'sync-worker',
    cause: { channelId: 'channel-1', messageNumber: 7, receivedAt: '2026-03-02T08:00:00Z' },
    ...metadata,
  }),
  stream: 'booking-booking-1',
  revision: 3,
  position: '00000000000000000042',
  recordedAt: '2026-03-02T08:00:01Z',
})
const jsonOf = (recorded: RecordedEvent): unknown =>
  JSON.parse(JSON.stringify(toCloudEvent(recorded, origin)))

test('has exactly the attributes and the data of the contract for a booking that was moved', () => {
  const recorded = recordedOf(
    rescheduled(4, {
      organizationId: 'organization-3',
      recurringEventId: 'series-1',
      originalStart: '2026-03-09T09:00:00Z',
      externalUpdatedAt: '2026-03-02T07:59:58.123Z',
      next: { start: '2026-03-11T09:00:00Z', end: '2026-03-11T10:00:00Z', timeZone: 'Europe/Berlin' },
    }),
    { traceparent },
  )
  assert.equal(jsonOf(recorded), {
    specversion: '1.0',
    id: recorded.id,
    source: 'urn:uuid:0b8f',
    type: 'BookingRescheduled',
    subject: 'booking-1',
    time: '2026-03-02T08:00:00.000Z',
    datacontenttype: 'application/json',
    dataschema: 'https://sync.example.com/schemas/booking-rescheduled/1',
    position: '00000000000000000042',
    traceparent,
    data: {
      bookingUid: 'booking-1',
      userId: 'user-7',
      organizationId: 'organization-3',
      sequence: 4,
      calendar: { provider: 'google', key: 'calendar-1' },
      externalEventId: 'event-of-booking-1',
      recurringEventId: 'series-1',
      originalStart: '2026-03-09T09:00:00Z',
      externalUpdatedAt: '2026-03-02T07:59:58.123Z',
      observedAt: '2026-03-02T08:00:00Z',
      reasonText: 'The host moved this meeting to another time in their calendar.',
      basis: { start: '2026-03-10T09:00:00Z', end: '2026-03-10T10:00:00Z' },
      previous: { start: '2026-03-10T09:00:00Z', end: '2026-03-10T10:00:00Z' },
      next: { start: '2026-03-11T09:00:00Z', end: '2026-03-11T10:00:00Z', timeZone: 'Europe/Berlin' },
    },
  })
})

test('has exactly those of one that was called off, without what is not known', () => {
  const recorded = recordedOf(cancelled(5, { reason: 'HOST_DECLINED' }))
  assert.equal(jsonOf(recorded), {
    specversion: '1.0',
    id: recorded.id,
    source: 'urn:uuid:0b8f',
    type: 'BookingCancelled',
    subject: 'booking-1',
    time: '2026-03-02T08:00:00.000Z',
    datacontenttype: 'application/json',
    dataschema: 'https://sync.example.com/schemas/booking-cancelled/1',
    position: '00000000000000000042',
    data: {
      bookingUid: 'booking-1',
      userId: 'user-7',
      sequence: 5,
      calendar: { provider: 'google', key: 'calendar-1' },
      externalEventId: 'event-of-booking-1',
      externalUpdatedAt: '2026-03-02T08:00:00Z',
      observedAt: '2026-03-02T08:00:00Z',
      reasonText: 'The host can no longer attend this meeting.',
      basis: { start: '2026-03-10T09:00:00Z', end: '2026-03-10T10:00:00Z' },
      reason: 'HOST_DECLINED',
      start: '2026-03-10T09:00:00Z',
      end: '2026-03-10T10:00:00Z',
    },
  })
})

test('fits its own schema', () => {
  for (const event of [rescheduled(1), cancelled(2)]) {
    const json = jsonOf(recordedOf(event))
    assert.equal(BookingCloudEvent.parse(json), json)
  }
})

test('lets nothing out that is not named in it, whatever a stored event may come to hold', () => {
  const { data } = rescheduled(1)
  const telling = { type: 'BookingRescheduled', data: { ...data, title: 'Secret', host: 'h@example.com' } }
  // An event of a later version, with fields that this one does not know.
  const text = JSON.stringify(jsonOf(recordedOf(telling as BookingEvent)))
  for (const part of ['Secret', 'example.com"', 'fingerprint', 'etag-1', 'channel-1', 'sync-worker'])
    assert.not.match(text, part)
})

test('is made of published events alone', () => {
  assert.throws(() => toCloudEvent(recordedOf(tracked()), origin), /BookingTracked is not published/)
})

test.run()
