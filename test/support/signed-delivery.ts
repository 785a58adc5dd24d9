import { createHmac } from 'node:crypto'
import { calcomWebhook } from '../../infrastructure/calcom/webhook.ts'

/** Cal.com's signature of a body. */
export const signatureOf = (body: string | Uint8Array, secret: string): string =>
  createHmac('sha256', secret).update(body).digest('hex')

/** A delivery's body as the webhook reads it where its signature is right. */
export const readDelivery = (body: Uint8Array) =>
  calcomWebhook({ secrets: ['s'] })(body, signatureOf(body, 's'))
