import type { z } from 'zod'
import { defined, ifDefined } from '../../domain/optional-fields.ts'
import {
  BookingCancelledData,
  BookingCloudEvent,
  BookingRescheduledData,
  jsonSchemaOf,
} from '../publishing/booking-event-schema.ts'
import { FEED_PATH } from './feed.ts'

export type AsyncApiOptions = {
  version: string
  /** The name of the topic in Kafka; without it the feed alone is described. */
  kafkaTopic?: string
}

const messages = {
  BookingRescheduled: {
    summary: 'A booking was moved in the calendar.',
    data: BookingRescheduledData,
    structured: BookingCloudEvent.options[0],
  },
  BookingCancelled: {
    summary: 'A booking was called off in the calendar.',
    data: BookingCancelledData,
    structured: BookingCloudEvent.options[1],
  },
}

const CONSUMERS = [
  'A consumer applies an event if three things hold. The id of the event is new to the consumer. The booking is accepted,',
  'and was not rescheduled to another booking. The times of the booking equal `previous` or `basis`; a cancellation has',
  '`start` and `end` in place of `previous`. The consumer keeps the id in the same transaction as the change, and reports',
  'the outcome with ReportBookingEventOutcome. The events of one booking come in the order in which they were decided.',
  'Fields are only ever added. While an operator has stopped everything (SetSyncPolicy `off` without a scope) no event',
  'is given. Events that were decided before follow once the stop is lifted. Nothing is lost.',
].join(' ')

/** The published events as AsyncAPI 3.0, made of the very schemas that the events are typed by. */
export function asyncApiDocument({ version, kafkaTopic }: AsyncApiOptions) {
  return {
    asyncapi: '3.0.0',
    info: { title: 'calendar-sync: booking events', version, description: CONSUMERS },
    defaultContentType: 'application/json',
    channels: {
      feed: {
        address: FEED_PATH,
        title: 'The feed',
        description:
          'GET: CloudEvents as a JSON batch after the position `after`; with `Accept: text/event-stream` live, resumable by `Last-Event-ID`.',
        messages: referTo('Structured', '#/components/messages'),
      },
      ...defined({ topic: ifDefined(kafkaTopic, topicOf) }),
    },
    operations: {
      giveBookingEvents: operationOn('feed', 'Answers and streams the booking events, oldest first.'),
      ...(kafkaTopic !== undefined && {
        publishBookingEvents: operationOn(
          'topic',
          'Writes the booking events to Kafka: each once for `read_committed` readers.',
        ),
      }),
    },
    components: {
      messages: Object.fromEntries(
        Object.entries(messages).flatMap(([name, { summary, data, structured }]) => [
          [
            `${name}Structured`,
            {
              name,
              summary,
              contentType: 'application/cloudevents+json',
              payload: payloadOf(structured),
            },
          ],
          [
            `${name}Binary`,
            { name, summary, contentType: 'application/json', headers: HEADERS, payload: payloadOf(data) },
          ],
        ]),
      ),
    },
  }
}

function topicOf(address: string) {
  return {
    address,
    title: 'The topic',
    description: 'CloudEvents in binary mode. The key of each message is the booking uid.',
    messages: referTo('Binary', '#/components/messages'),
    bindings: {
      kafka: {
        topicConfiguration: { 'cleanup.policy': ['delete'], 'retention.ms': 7 * 24 * 3_600_000 },
        bindingVersion: '0.5.0',
      },
    },
  }
}

const operationOn = (channel: string, summary: string) => ({
  action: 'send',
  summary,
  channel: { $ref: `#/channels/${channel}` },
})

const referTo = (form: 'Structured' | 'Binary', where: string) =>
  Object.fromEntries(Object.keys(messages).map((name) => [name, { $ref: `${where}/${name}${form}` }]))

function payloadOf(schema: z.ZodType) {
  const { $schema: _, ...payload } = jsonSchemaOf(schema, 'draft-7')
  return payload
}

/** The attributes of a CloudEvent as Kafka's headers. */
const HEADERS = {
  type: 'object',
  properties: Object.fromEntries(
    ['specversion', 'id', 'source', 'type', 'subject', 'time', 'dataschema', 'traceparent'].map((name) => [
      `ce_${name}`,
      { type: 'string' },
    ]),
  ),
  required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_subject', 'ce_time', 'ce_dataschema'],
}
