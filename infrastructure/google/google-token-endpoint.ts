import * as z from 'zod'
import type { Answer } from '../../ports/calendar-provider.ts'
import type { Clock } from '../../ports/clock.ts'
import { boundedFetch } from '../answers/bounded-fetch.ts'
import { withDeadline } from './deadline.ts'
import { errorOfAnswer, noAnswer, unavailable } from './google-errors.ts'

/** Google's own token endpoint; also the audience of every assertion, whatever proxy it passes. */
export const GOOGLE_TOKEN_URL = 'https://oauth2.googleapis.com/token'

const MOST_BYTES = 256 * 1024

/** The form holds secrets: they go to the address configured and nowhere else. */
const send = boundedFetch(MOST_BYTES)

/** An access token as issued. `refreshToken` where Google replaced it. */
export type IssuedToken = { accessToken: string; expiresAt: Temporal.Instant; refreshToken?: string }

/**
 * Asks for a token with the form's fields (RFC 6749, section 4). invalid_grant and its like are CREDENTIAL_REFUSED.
 * One try: who asks decides about another. No answer within `timeoutMs` is UNAVAILABLE.
 */
export type TokenEndpoint = (form: Record<string, string>) => Promise<Answer<IssuedToken>>

/**
 * The token endpoint at `url`. Own code rather than google-auth-library's, which reads the machine's clock, tries again
 * by itself, and sends a service account's assertion nowhere but to Google.
 */
export function googleTokenEndpoint(options: {
  url: string
  clock: Clock
  timeoutMs: number
}): TokenEndpoint {
  const { url, clock, timeoutMs } = options
  return async (form) => {
    const asked = clock.now()
    let answer: { status: number; retryAfter: string | null; text: string }
    try {
      answer = await withDeadline(clock, timeoutMs, undefined, async (signal) => {
        const response = await send(url, {
          method: 'POST',
          body: new URLSearchParams(form),
          headers: { accept: 'application/json' },
          signal,
        })
        const text = await response.text()
        return { status: response.status, retryAfter: response.headers.get('retry-after'), text }
      })
    } catch (failure) {
      return noAnswer(failure)
    }
    const body = parseJson(answer.text)
    if (answer.status !== 200)
      return errorOfAnswer({ status: answer.status, body, retryAfter: answer.retryAfter }, { now: asked })
    const token = tokenAnswer.safeParse(body)
    if (!token.success) return unavailable('unreadableToken')
    const issued: IssuedToken = {
      accessToken: token.data.access_token,
      expiresAt: asked.add({ seconds: Math.floor(token.data.expires_in) }),
    }
    if (token.data.refresh_token) issued.refreshToken = token.data.refresh_token
    return { ok: true, value: issued }
  }
}

const tokenAnswer = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().max(31_536_000).default(3600),
  refresh_token: z.string().optional(),
})

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
