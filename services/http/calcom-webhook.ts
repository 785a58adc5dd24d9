import Router from '@koa/router'
import type { Context } from 'koa'
import type { ReadBookingDelivery } from '../../ports/booking-webhook.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { CalcomIntake } from '../calcom/intake.ts'
import type { DeliveryLog } from '../status/calcom-deliveries.ts'
import { HttpProblem } from './problem.ts'
import { rawBody } from './raw-body.ts'

const CALCOM_WEBHOOK_PATH = '/webhooks/calcom'

export type CalcomWebhookDeps = {
  readDelivery: ReadBookingDelivery
  /** Whether a signature might be right for any body: asked before the body is read. */
  mayBeSigned(signature: string): boolean
  /** The header of the signature, in lower case. */
  signatureHeader: string
  /** The header of the form that a delivery has, in lower case, and those forms that are known. */
  versionHeader: string
  knownVersions: readonly string[]
  deliveries: Pick<DeliveryLog, 'read' | 'unreadable'>
  metrics: Pick<Metrics, 'calcomDelivered'>
  intake: CalcomIntake
}

/**
 * POST /webhooks/calcom. 200 once all that follows from a delivery is durable. 401 for a delivery that is not signed
 * with a configured secret, and for any while none is configured; whatever has no signature's form is not read. 400 with all that is wrong in a signed body. A form
 * of another version is read as far as it fits, and counted. 503 (and
 * whatever the intake rejects with) means that it has to be sent again: repetitions change nothing.
 */
export function calcomWebhookRoutes(deps: CalcomWebhookDeps): Router {
  const { readDelivery, mayBeSigned, signatureHeader, deliveries, metrics, intake } = deps
  const router = new Router()
  router.post(CALCOM_WEBHOOK_PATH, async (ctx: Context) => {
    if (!mayBeSigned(ctx.get(signatureHeader))) throw refused()
    const read = readDelivery(await rawBody(ctx), ctx.get(signatureHeader) || undefined)
    const version = versionIn(deps, ctx)
    if (!read.ok && read.code === 'WRONG_SIGNATURE') throw refused()
    if (!read.ok) {
      metrics.calcomDelivered('unreadable', version)
      deliveries.unreadable(read.problems, read.template === true)
      throw malformed(read.problems)
    }
    const { delivery } = read
    metrics.calcomDelivered(delivery.trigger === 'IGNORED' ? 'ignored' : 'read', version)
    if (delivery.trigger !== 'PING') deliveries.read()
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

function versionIn({ versionHeader, knownVersions }: CalcomWebhookDeps, ctx: Context) {
  const version = ctx.get(versionHeader)
  return version === '' ? 'none' : knownVersions.includes(version) ? 'known' : 'unknown'
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
