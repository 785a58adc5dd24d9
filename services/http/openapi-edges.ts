// The routes at the service's two other edges: what Google and Cal.com call, and what consumers read.
import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import {
  BookingCloudEvent,
  bookingEventSchemas,
  PUBLISHED_TYPES,
} from '../publishing/booking-event-schema.ts'
import { FeedQuery } from './feed.ts'
import { answers, guarded, json, open } from './openapi-parts.ts'
import { SCHEMAS_PATH } from './published-schemas.ts'

const pushHeaders = z.object({
  'X-Goog-Channel-ID': z.string(),
  'X-Goog-Channel-Token': z.string(),
  'X-Goog-Resource-ID': z.string(),
  'X-Goog-Resource-State': z.string().describe('`sync` opens a channel and causes no fetch'),
  'X-Goog-Message-Number': z.string(),
})

const DeliveryAnswer = z.union([
  z.object({ received: z.string().describe('the trigger') }),
  z.object({ ignored: z.string().describe('a trigger that this service has no use for') }),
])

const document = z.record(z.string(), z.unknown())

/** Each event's `dataschema`. */
const schemaPaths: ZodOpenApiPathsObject = Object.fromEntries(
  PUBLISHED_TYPES.map((type) => [
    `${SCHEMAS_PATH}/${bookingEventSchemas[type].path}`,
    {
      get: {
        operationId: `get${type}Schema`,
        summary: `The schema of the data of ${type}.`,
        tags: ['booking events'],
        ...guarded('read'),
        responses: answers(
          {
            description: 'JSON Schema, 2020-12.',
            content: { 'application/schema+json': { schema: document } },
          },
          '401',
          '403',
        ),
      },
    },
  ]),
)

export const edgePaths: ZodOpenApiPathsObject = {
  '/webhooks/google': {
    post: {
      operationId: 'receivePush',
      summary: "Google's push: something changed in a calendar. The body is not read.",
      tags: ['webhooks'],
      ...open,
      requestParams: { header: pushHeaders },
      responses: answers({ description: 'Taken: it is durable.', status: '200' }, '400', '401', '404', '503'),
    },
  },
  '/webhooks/calcom': {
    post: {
      operationId: 'receiveBookingDelivery',
      summary: "Cal.com's webhook. Replays change nothing; unknown triggers are ignored.",
      tags: ['webhooks'],
      ...open,
      requestParams: {
        header: z.object({
          'X-Cal-Signature-256': z
            .string()
            .describe('hex HMAC-SHA256 of the body with CALCOM_WEBHOOK_SECRET'),
        }),
      },
      requestBody: {
        required: true,
        content: { 'application/json': { schema: z.looseObject({ triggerEvent: z.string() }) } },
      },
      responses: answers(
        json('Taken: it is durable, or of no use here.', DeliveryAnswer),
        '400',
        '401',
        '413',
        '429',
        '503',
      ),
    },
  },
  '/booking-events': {
    get: {
      operationId: 'listBookingEvents',
      summary: 'The booking events, oldest first, read from the event store.',
      description:
        'With `Accept: text/event-stream` live: `id:` is the position, resumable by `Last-Event-ID`, a comment line every 15 s.',
      tags: ['booking events'],
      ...guarded('read'),
      requestParams: {
        query: FeedQuery,
        header: z.object({ 'Last-Event-ID': z.string().optional() }),
      },
      responses: answers(
        {
          description: 'A batch of CloudEvents; the `Link` header with rel="next" leads on.',
          headers: z.object({ Link: z.string().optional() }),
          content: {
            'application/cloudevents-batch+json': { schema: z.array(BookingCloudEvent) },
            'text/event-stream': { schema: z.string() },
          },
        },
        '400',
        '401',
        '403',
        '503',
      ),
    },
  },
  '/asyncapi.json': {
    get: {
      operationId: 'getAsyncApi',
      summary: 'What is published, on the feed and in the topic.',
      tags: ['booking events'],
      ...guarded('read'),
      responses: answers(json('AsyncAPI 3.0.', document), '401', '403'),
    },
  },
  ...schemaPaths,
}
