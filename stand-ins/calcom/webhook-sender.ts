import { createHmac } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import { filledTemplate } from './payload-template.ts'
import type { CalcomFaults, CalcomSettings } from './settings.ts'
import { withHoles } from './webhook-holes.ts'

/** Where deliveries go, what they are signed with, and what the subscriber has set for them. */
export type WebhookTarget = {
  url: string
  secret?: string | undefined
  /** Takes the place of the body. */
  payloadTemplate?: string | undefined
  /** X-Cal-Webhook-Version; the present one unless given. */
  version?: string | undefined
}

/** One delivery as it left, and how it ended so far. */
export type SentWebhook = {
  number: number
  trigger: string
  bookingUid?: string
  /** The raw body that was signed. */
  body: string
  contentType: string
  /** Of the last answer; absent while there is none. */
  status?: number
  attempts: number
  fate: 'SENT' | 'HELD' | 'DROPPED' | 'NO_TARGET'
}

export type WebhookSender = {
  target: WebhookTarget | undefined
  /** The last 500. */
  readonly log: readonly SentWebhook[]
  /**
   * Resolves when the first try has ended, however it ended, or at once where a fault drops or postpones it. Further
   * tries go on behind.
   */
  send(trigger: string, payload: object & { uid?: string | null }): Promise<void>
  /**
   * Lets held deliveries go one after the other: all as they were made, or those numbered in the order given. Gives how
   * many.
   */
  release(numbers?: readonly number[]): Promise<number>
  /** Sends a past delivery's very bytes again. */
  replay(number: number): Promise<boolean>
}

/** Signs and posts webhooks as Cal.com does. `track` is told of what goes on behind. */
export function webhookSender(options: {
  clock: Clock
  settings: CalcomSettings
  faults: CalcomFaults
  fetch: (request: Request) => Promise<Response>
  closing: AbortSignal
  track: (work: Promise<void>) => void
}): WebhookSender {
  const { clock, settings, faults, closing, track } = options
  const log: SentWebhook[] = []
  let number = 0

  const attempt = async (sent: SentWebhook, target: WebhookTarget): Promise<boolean> => {
    sent.attempts += 1
    try {
      const response = await options.fetch(
        new Request(target.url, {
          method: 'POST',
          headers: {
            'content-type': sent.contentType,
            'x-cal-signature-256': target.secret
              ? createHmac('sha256', target.secret).update(sent.body).digest('hex')
              : 'no-secret-provided',
            'x-cal-webhook-version': target.version ?? '2021-10-20',
          },
          body: sent.body,
          redirect: 'manual',
          signal: AbortSignal.timeout(10_000),
        }),
      )
      await response.arrayBuffer()
      sent.status = response.status
    } catch {
      // Nobody was there, which Cal.com only logs; `attempts` without a status shows it.
      return false
    }
    // Cal.com looks at nothing but whether there was an answer.
    return true
  }

  const retry = async (sent: SentWebhook, target: WebhookTarget): Promise<void> => {
    while (sent.attempts < settings.webhookAttempts) {
      await clock.delay(settings.webhookRetryMs, closing)
      if (closing.aborted || (await attempt(sent, target))) return
    }
  }

  const deliver = async (sent: SentWebhook, target: WebhookTarget): Promise<void> => {
    if (!(await attempt(sent, target))) track(retry(sent, target))
  }

  const fateOf = (target: WebhookTarget | undefined): SentWebhook['fate'] => {
    if (target === undefined) return 'NO_TARGET'
    if (faults.dropWebhooks > 0) return 'DROPPED'
    return faults.holdWebhooks ? 'HELD' : 'SENT'
  }

  const sender: WebhookSender = {
    target: undefined,
    log,
    async send(trigger, payload) {
      const { target } = sender
      const about = { triggerEvent: trigger, createdAt: clock.now().toString() }
      const told = withHoles(payload, settings)
      const { body, contentType } =
        target?.payloadTemplate === undefined
          ? { body: JSON.stringify({ ...about, payload: told }), contentType: 'application/json' }
          : filledTemplate(target.payloadTemplate, { ...told, ...about })
      number += 1
      const sent: SentWebhook = {
        number,
        trigger,
        ...(payload.uid ? { bookingUid: payload.uid } : {}),
        body,
        contentType,
        attempts: 0,
        fate: fateOf(target),
      }
      log.push(sent)
      if (log.length > 500) log.shift()
      if (target === undefined) return
      if (sent.fate === 'DROPPED') {
        faults.dropWebhooks -= 1
        return
      }
      if (sent.fate === 'HELD') return
      const twice = faults.doubleWebhooks > 0
      if (twice) faults.doubleWebhooks -= 1
      const leave = async (): Promise<void> => {
        await deliver(sent, target)
        if (twice) await attempt(sent, target)
      }
      if (faults.delayWebhooksMs === 0) return leave()
      track(clock.delay(faults.delayWebhooksMs, closing).then(() => (closing.aborted ? undefined : leave())))
    },
    async release(numbers) {
      const { target } = sender
      if (target === undefined) return 0
      const held = log.filter(({ fate }) => fate === 'HELD')
      const wanted = numbers?.flatMap((one) => held.find((entry) => entry.number === one) ?? []) ?? held
      for (const sent of wanted) {
        sent.fate = 'SENT'
        await deliver(sent, target)
      }
      return wanted.length
    },
    async replay(wanted) {
      const sent = log.find((entry) => entry.number === wanted)
      if (sent === undefined || sender.target === undefined) return false
      await attempt(sent, sender.target)
      return true
    },
  }
  return sender
}
