import { Readable } from 'node:stream'
import Router from '@koa/router'
import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import type { Clock } from '../../ports/clock.ts'
import type { Verification, VerificationParts } from '../audit/verification.ts'
import { answers, guarded } from './openapi-parts.ts'
import { HttpProblem } from './problem.ts'

const PATH = '/audit/verify'

const Difference = z.object({ id: z.string(), kind: z.enum(['MISSING', 'SURPLUS', 'DIFFERENT']) })

/** The answer of `GET /audit/verify`. */
export const VerificationAnswer = z
  .object({
    ok: z.boolean(),
    readModels: z.array(
      z.object({
        name: z.string(),
        position: z.string().describe('the events up to here are in it, and were folded again'),
        differences: z.array(Difference).describe('the first twenty'),
        count: z.int().describe('all differences'),
        unsettled: z.int().describe('documents that went on changing while they were compared'),
        poison: z.string().optional().describe('an event that it cannot take'),
      }),
    ),
    streams: z.object({
      events: z.int(),
      broken: z.array(z.object({ stream: z.string(), rule: z.string() })).describe('the first twenty'),
      count: z.int(),
    }),
  })
  .meta({ id: 'Verification' }) satisfies z.ZodType<Verification>

type Progress = Parameters<NonNullable<VerificationParts['onProgress']>>[0]

export type VerifyRouteDeps = {
  clock: Clock
  /** Rejects with StoreUnavailable, and where the signal aborts. */
  verify(told: { onProgress: (progress: Progress) => void; signal: AbortSignal }): Promise<Verification>
}

/** Makes every read model anew beside the live one, and tells what differs. It may take minutes. */
export function verifyRoute({ clock, verify }: VerifyRouteDeps): Router {
  let running = false
  return new Router().get(PATH, async (ctx) => {
    if (running)
      throw new HttpProblem({
        status: 409,
        code: 'VERIFY_RUNNING',
        detail: 'The read models are being verified now: wait until that is done.',
      })
    running = true
    const gone = new AbortController()
    ctx.res.once('close', () => gone.abort())
    let progress: Progress | undefined
    const onProgress = (told: Progress) => {
      progress = told
    }
    const result = verify({ onProgress, signal: gone.signal }).finally(() => {
      running = false
    })
    ctx.set('Vary', 'Accept')
    if (ctx.accepts('application/json', 'text/event-stream') !== 'text/event-stream') {
      ctx.body = await result
      return
    }
    ctx.set('Cache-Control', 'no-store, no-transform')
    ctx.set('X-Accel-Buffering', 'no')
    ctx.type = 'text/event-stream'
    ctx.body = Readable.from(toldLive(result, { clock, progress: () => progress }), { objectMode: false })
  })
}

const EVERY_MS = 500

/** How far it is, twice a second, and the result, as server-sent events (HTML Standard, 9.2). */
async function* toldLive(
  result: Promise<Verification>,
  { clock, progress }: { clock: Clock; progress: () => Progress | undefined },
): AsyncGenerator<string, void> {
  yield ':\n\n'
  const over = new AbortController()
  const done = result.then(
    (verification) => `event: result\ndata: ${JSON.stringify(verification)}\n\n`,
    () => 'event: failed\ndata: {"code":"STORE_UNAVAILABLE"}\n\n',
  )
  void done.then(() => over.abort())
  while (!over.signal.aborted) {
    await clock.delay(EVERY_MS, over.signal)
    const now = progress()
    if (now !== undefined) yield `event: progress\ndata: ${JSON.stringify(now)}\n\n`
  }
  yield await done
}

/** Its part of the OpenAPI description. */
export const verifyPaths: ZodOpenApiPathsObject = {
  [PATH]: {
    get: {
      operationId: 'verify',
      summary: 'Makes every read model anew, compares it with the live one, and checks the rules of streams.',
      tags: ['audit'],
      ...guarded('audit'),
      responses: answers(
        {
          description:
            'What was found; as server-sent events also how far it is (`progress`, then `result`).',
          content: {
            'application/json': { schema: VerificationAnswer },
            'text/event-stream': { schema: z.string() },
          },
        },
        '401',
        '403',
        '409',
        '503',
      ),
    },
  },
}
