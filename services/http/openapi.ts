import { z } from 'zod'
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import { StatusReport } from '../status/status-report.ts'
import { BookingItem, BookingPage, CalendarSyncPage, SubscriptionPage, Timeline } from './answers.ts'
import { CredentialBody } from './credential-routes.ts'
import { Liveness, Readiness } from './health-routes.ts'
import { commandPaths } from './openapi-commands.ts'
import { edgePaths } from './openapi-edges.ts'
import {
  answers,
  body,
  empty,
  guarded,
  json,
  open,
  positionAsked,
  problemResponses,
} from './openapi-parts.ts'
import { AtQuery, BookingPath, BookingsQuery, ListAtQuery, ListQuery } from './query-parameters.ts'
import { SessionRequest } from './session-routes.ts'

export type DescriptionOptions = {
  /** The address that the document names; without one, that from which it was fetched. */
  serverUrl?: string
  /** Paths of routers that are mounted from elsewhere; they replace what is described here of the same path. */
  paths?: ZodOpenApiPathsObject
}

/** The OpenAPI 3.1 description, made of the very schemas that check what comes in and describe what goes out. */
export function openApiDocument({ serverUrl, paths }: DescriptionOptions) {
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'calendar-sync',
      version: '1',
      description:
        'Carries changes made in Google Calendar back to Cal.com bookings. Instants are RFC 3339 in UTC; every answer of 400 and above is a problem document (RFC 9457) whose `code` is stable.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: serverUrl ?? '/' }],
    tags: [
      {
        name: 'commands',
        description: 'What changes something. Sending a command twice is the same as once.',
      },
      { name: 'queries', description: 'Read models and what happened to a booking.' },
      { name: 'credentials' },
      { name: 'webhooks', description: 'What Google and Cal.com call.' },
      { name: 'booking events', description: 'What is published.' },
      { name: 'audit', description: 'What was recorded, and proof of it.' },
      { name: 'service', description: 'The service about itself.' },
      { name: 'sessions', description: 'Browsers.' },
    ],
    paths: { ...commandPaths(), ...queryPaths, ...servicePaths, ...edgePaths, ...paths },
    components: {
      responses: problemResponses,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'API_TOKEN, or one of API_TOKENS_FILE' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'calendar-sync-session',
          description: 'POST /session',
        },
      },
    },
  })
}

const page = (operationId: string, summary: string, query: z.ZodObject, answer: z.ZodType) =>
  ({
    operationId,
    summary,
    tags: ['queries'],
    ...guarded('read'),
    requestParams: { query, header: positionAsked },
    responses: answers(json('A page.', answer), '400', '401', '403', '503'),
  }) satisfies ZodOpenApiOperationObject

const queryPaths: ZodOpenApiPathsObject = {
  '/calendar-syncs': {
    get: page(
      'listCalendarSyncs',
      'The calendars that bookings are kept in step with.',
      ListAtQuery,
      CalendarSyncPage,
    ),
  },
  '/subscriptions': {
    get: page('listSubscriptions', "The calendars' push subscriptions.", ListQuery, SubscriptionPage),
  },
  '/bookings': {
    get: page('listBookings', 'Bookings in the order of their start.', BookingsQuery, BookingPage),
  },
  '/bookings/{uid}': {
    get: {
      operationId: 'getBooking',
      summary: 'One booking.',
      tags: ['queries'],
      ...guarded('read'),
      requestParams: { path: BookingPath, query: AtQuery, header: positionAsked },
      responses: answers(json('The booking.', BookingItem), '400', '401', '403', '404', '503'),
    },
  },
  '/bookings/{uid}/timeline': {
    get: {
      operationId: 'getBookingTimeline',
      summary: 'What happened to a booking and its reschedule chain, and why.',
      tags: ['queries'],
      ...guarded('read'),
      requestParams: { path: BookingPath, query: AtQuery, header: positionAsked },
      responses: answers(json('The timeline.', Timeline), '400', '401', '403', '404', '503'),
    },
  },
}

const credentialPath = z.object({ credentialId: z.string().min(1).max(255) })

const servicePaths: ZodOpenApiPathsObject = {
  '/credentials/{credentialId}': {
    put: {
      operationId: 'putCredential',
      summary: 'Stores or replaces a credential, encrypted. It can never be read again.',
      tags: ['credentials'],
      ...guarded('operate'),
      requestParams: { path: credentialPath },
      requestBody: body(CredentialBody),
      responses: answers(empty('Stored.'), '400', '401', '403', '413', '415', '503'),
    },
    delete: {
      operationId: 'deleteCredential',
      summary: 'Shreds a credential; one that is not there is gone already.',
      tags: ['credentials'],
      ...guarded('operate'),
      requestParams: { path: credentialPath },
      responses: answers(empty('Gone.'), '400', '401', '403', '503'),
    },
  },
  '/session': {
    post: {
      operationId: 'beginSession',
      summary: 'A token for an HttpOnly cookie of 12 hours.',
      tags: ['sessions'],
      ...open,
      requestBody: body(SessionRequest),
      responses: answers(empty('The cookie is set.'), '400', '401', '403', '413', '415'),
    },
    delete: {
      operationId: 'endSession',
      summary: 'Ends the session.',
      tags: ['sessions'],
      ...open,
      responses: answers(empty('Ended.'), '403'),
    },
  },
  '/health/live': {
    get: {
      operationId: 'isLive',
      summary: 'The process answers.',
      tags: ['service'],
      ...open,
      responses: answers(json('It does.', Liveness)),
    },
  },
  '/health/ready': {
    get: {
      operationId: 'isReady',
      summary: 'Whether signals and webhooks can be made durable; other outages are named as degraded.',
      tags: ['service'],
      ...open,
      responses: { ...answers(json('They can.', Readiness)), '503': json('They cannot.', Readiness) },
    },
  },
  '/status': {
    get: {
      operationId: 'getStatus',
      summary: 'Backlog and oldest age per stage, what needs a person, what to do next.',
      tags: ['service'],
      ...guarded('read'),
      responses: answers(json('The status.', StatusReport), '401', '403', '503'),
    },
  },
  '/metrics': {
    get: {
      operationId: 'getMetrics',
      summary: 'Metrics for Prometheus.',
      tags: ['service'],
      ...guarded('read'),
      responses: answers(
        { description: 'The metrics.', content: { 'text/plain': { schema: z.string() } } },
        '401',
        '403',
      ),
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'getOpenApi',
      summary: 'This description.',
      tags: ['service'],
      ...guarded('read'),
      responses: answers(json('OpenAPI 3.1.', z.record(z.string(), z.unknown())), '401', '403'),
    },
  },
  '/': {
    get: {
      operationId: 'getConsole',
      summary: 'The console.',
      tags: ['service'],
      ...open,
      responses: answers({ description: 'A page.', content: { 'text/html': { schema: z.string() } } }),
    },
  },
}
