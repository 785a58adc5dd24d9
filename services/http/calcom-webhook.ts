import Router from '@koa/router'
import type { Context } from 'koa'
import type { ReadBookingDelivery } from '../../ports/booking-webhook.ts'
import type { CalcomIntake } from '../calcom/intake.ts'
import { HttpProblem } from './problem.ts'
import { rawBody } from './raw-body.ts'

const CALCOM_WEBHOOK_PATH = '/webhooks/calcom'

export type CalcomWebhookDeps = {
  readDelivery: ReadBookingDelivery
  /** The header of the signature, in lower case. */
  signatureHeader: string
  intake: CalcomIntake
}

/**
 * POST /webhooks/calcom. 200 once all that follows from a delivery is durable. 401 for a delivery that is not signed
 * with a configured secret, and for any while none is configured. 400 with all that is wrong in a signed body. 503 (and
 * whatever the intake rejects with) means that it has to be sent again: repetitions change nothing.
 */
export function calcomWebhookRoutes({ readDelivery, signatureHeader, intake }: CalcomWebhookDeps): Router {
  const router = new Router()
  router.post(CALCOM_WEBHOOK_PATH, async (ctx: Context) => {
    const read = readDelivery(await rawBody(ctx), ctx.get(signatureHeader) || undefined)
    if (!read.ok) throw read.code === 'WRONG_SIGNATURE' ? refused() : malformed(read.problems)
    const { delivery } = read
    ctx.set('Cache-Control', 'no-store')
    if (delivery.trigger === 'IGNORED') {
      ctx.body = { ignored: delivery.ignored }
      return
    }
    await intake.receive(delivery)
    ctx.body = { received: delivery.trigger }
  })
  return router
}

const refused = () =>
  new HttpProblem({ status: 401, code: 'SIGNATURE_REFUSED', detail: 'The delivery was not taken in.' })

/** Each problem is `field: message`, or a message alone. */
const malformed = (problems: readonly string[]) =>
  new HttpProblem({
    status: 400,
    code: 'BODY_INVALID',
    detail: 'The delivery is signed, but not one that can be read.',
    problems: problems.map((problem) => {
      const [, path = '', message = problem] = /^([\w.[\]]+): (.*)$/s.exec(problem) ?? []
      return { path, message }
    }),
  })
