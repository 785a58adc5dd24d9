import { Readable } from 'node:stream'
import Router from '@koa/router'
import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import { bookingUid, instant } from '../../commands/body-fields.ts'
import { type Category, eventTypes } from '../../domain/domain-event.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { SigningKey } from '../../infrastructure/config/signing-key.ts'
import type { EventStore } from '../../ports/event-store/event-store.ts'
import { exportLines } from '../audit/export.ts'
import { BookingUnknown } from '../audit/selected-events.ts'
import { answers, guarded } from './openapi-parts.ts'
import { HttpProblem } from './problem.ts'
import { readQuery } from './query-parameters.ts'

const EXPORT_PATH = '/audit/export'

const ExportQuery = z
  .object({
    from: instant.optional().describe('events recorded then or later, RFC 3339'),
    to: instant.optional().describe('events recorded before, RFC 3339'),
    category: z
      .enum(Object.keys(eventTypes) as [Category, ...Category[]])
      .optional()
      .describe('the aggregate that the events are of'),
    bookingUid: bookingUid.optional(),
  })
  .refine(({ from, to }) => !from || !to || Temporal.Instant.compare(from, to) < 0, {
    path: ['to'],
    error: 'must be after from',
  })

export type AuditRouteDeps = { events: EventStore; key: SigningKey; now: () => Temporal.Instant }

/** Everything that was recorded, for those who have to prove it. */
export function auditRoutes(parts: AuditRouteDeps): Router {
  return new Router().get(EXPORT_PATH, async (ctx) => {
    const selection = defined(readQuery(ctx, ExportQuery))
    const lines = exportLines(parts, selection)
    // A store that is away, or a booking that nobody knows, is told before the answer begins.
    const first = await lines.next().catch((error: unknown) => {
      if (!(error instanceof BookingUnknown)) throw error
      throw new HttpProblem({ status: 404, code: error.code, detail: `${error.message}.` })
    })
    ctx.set('Cache-Control', 'no-store')
    ctx.type = 'application/x-ndjson'
    ctx.body = Readable.from(beginningWith(first, lines), { objectMode: false })
  })
}

async function* beginningWith(first: IteratorResult<string, void>, rest: AsyncGenerator<string, void>) {
  if (first.done !== true) yield first.value
  yield* rest
}

/** Its part of the OpenAPI description. */
export const auditPaths: ZodOpenApiPathsObject = {
  [EXPORT_PATH]: {
    get: {
      operationId: 'exportEvents',
      summary: 'The events as they are stored, one a line, and a signed manifest as the last line.',
      tags: ['audit'],
      ...guarded('audit'),
      requestParams: { query: ExportQuery },
      responses: answers(
        {
          description:
            'One JSON object a line (docs/audit.md). Without a manifest at its end it is not whole.',
          content: { 'application/x-ndjson': { schema: z.string() } },
        },
        '400',
        '401',
        '403',
        '404',
        '503',
      ),
    },
  },
}
