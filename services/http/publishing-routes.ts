import Router from '@koa/router'
import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import { type ResumeOptions, ResumeRefused } from '../publishing/resume.ts'
import { ResumeReport } from '../publishing/resume-report.ts'
import { bodyAs } from './json-body.ts'
import { meantDataFolder, refuseOtherFolder } from './meant-data-folder.ts'
import { answers, body, guarded, json } from './openapi-parts.ts'
import { HttpProblem } from './problem.ts'

const PATH = '/admin/resume-publishing'

const ResumeBody = z
  .strictObject({
    after: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('a position, or `start`: where to go on, where the topic alone does not tell'),
    write: z.boolean().default(false).describe('whether the position is written; else nothing is changed'),
    dataFolder: meantDataFolder,
  })
  .meta({ id: 'ResumePublishingRequest' })

/** The parts that the routes are made with. */
export type PublishingRouteDeps = {
  dataFolder: string
  /** Rejects with ResumeRefused. Undefined where nothing is published to a broker. */
  resume: ((options: ResumeOptions) => Promise<ResumeReport>) | undefined
}

/** The way out where publishing stands still because the event store is not the one that was published from. */
export function publishingRoutes({ dataFolder, resume }: PublishingRouteDeps): Router {
  return new Router().post(PATH, async (ctx) => {
    const read = await bodyAs(ctx, ResumeBody, 'The body does not say how to resume publishing.')
    const { after, write, dataFolder: meant } = read
    refuseOtherFolder(meant, dataFolder)
    if (resume === undefined)
      throw problem(409, 'NOT_PUBLISHING', 'KAFKA_BROKERS is not set: the feed reads the event store.')
    try {
      ctx.body = await resume({ after, write })
    } catch (error) {
      if (!(error instanceof ResumeRefused)) throw error
      throw problem(error.code === 'BROKER_UNAVAILABLE' ? 503 : 409, error.code, error.message)
    }
  })
}

const problem = (status: 409 | 503, code: string, detail: string) => new HttpProblem({ status, code, detail })

/** Its part of the OpenAPI description. */
export const publishingPaths: ZodOpenApiPathsObject = {
  [PATH]: {
    post: {
      operationId: 'resumePublishing',
      summary: 'Compares the event store with the topic, and writes anew up to where events were published.',
      tags: ['service'],
      ...guarded('operate'),
      requestBody: body(ResumeBody),
      responses: answers(
        json('How the event store and the topic compare.', ResumeReport),
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
