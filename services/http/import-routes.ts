import Router from '@koa/router'
import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import type { BookingsRead, ReadingFailed } from '../calcom/future-bookings.ts'
import { bodyAs } from './json-body.ts'
import { meantDataFolder, refuseOtherFolder } from './meant-data-folder.ts'
import { answers, body, guarded, json } from './openapi-parts.ts'
import { HttpProblem } from './problem.ts'

const PATH = '/admin/import'

const ImportBody = z.strictObject({ dataFolder: meantDataFolder }).meta({ id: 'ImportRequest' })

const ImportAnswer = z
  .object({
    listed: z.int().describe('bookings to come that Cal.com listed'),
    added: z.int().describe('those that were not known here'),
  })
  .meta({ id: 'Import' })

export type ImportRouteDeps = {
  dataFolder: string
  /** Reads all bookings to come. Undefined where Cal.com's API is not configured. */
  importBookings: (() => Promise<BookingsRead | ReadingFailed>) | undefined
}

/** Reads Cal.com's bookings to come when an operator says so. */
export function importRoutes({ dataFolder, importBookings }: ImportRouteDeps): Router {
  let running = false
  return new Router().post(PATH, async (ctx) => {
    const { dataFolder: meant } = await bodyAs(ctx, ImportBody, 'The body does not ask for an import.')
    refuseOtherFolder(meant, dataFolder)
    if (importBookings === undefined)
      throw problem(409, 'CALCOM_NOT_CONFIGURED', 'CALCOM_API_URL is not set: there is nobody to ask.')
    if (running) throw problem(409, 'IMPORT_RUNNING', 'Bookings are being imported: wait until that is done.')
    running = true
    try {
      const read = await importBookings()
      if ('error' in read)
        throw problem(503, `CALCOM_${read.error.code}`, "Cal.com's list of bookings was not read to its end.")
      ctx.body = read satisfies z.infer<typeof ImportAnswer>
    } finally {
      running = false
    }
  })
}

const problem = (status: 409 | 503, code: string, detail: string) => new HttpProblem({ status, code, detail })

/** Its part of the OpenAPI description. */
export const importPaths: ZodOpenApiPathsObject = {
  [PATH]: {
    post: {
      operationId: 'importBookings',
      summary: "Reads Cal.com's bookings to come, and follows those that are not known yet.",
      tags: ['service'],
      ...guarded('operate'),
      requestBody: body(ImportBody),
      responses: answers(
        json('The list was read to its end.', ImportAnswer),
        '400',
        '401',
        '403',
        '409',
        '413',
        '415',
        '503',
      ),
    },
  },
}
