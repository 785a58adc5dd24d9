import { createRequire } from 'node:module'
import type * as Api from 'googleapis/build/src/apis/calendar/index.js'
import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/v3.js'
import { defined } from '../../domain/optional-fields.ts'
import type { Answer } from '../../ports/calendar-provider.ts'
import type { Clock } from '../../ports/clock.ts'
import { boundedFetch } from '../answers/bounded-fetch.ts'
import { withDeadline } from './deadline.ts'
import type { GoogleCredentials, TokenRequest } from './google-credentials.ts'
import { noAnswer, providerError } from './google-errors.ts'
import { isRecord } from './google-event.ts'

/** Options that every call to the client takes as its second argument. */
export type CallOptions = {
  rootUrl: string
  headers: Record<string, string>
  signal: AbortSignal
  retry: false
  responseType: 'json'
  fetchImplementation: typeof fetch
}

/** One method of the client; `common` are parameters that every call carries. The answer's body is not yet trusted. */
export type Ask = (
  client: calendar_v3.Calendar,
  common: { quotaUser?: string },
  options: CallOptions,
) => Promise<{ data: unknown }>

/** The kind of the call, as far as it matters for its errors. */
export type CallContext = TokenRequest & { syncToken?: boolean; pageToken?: boolean }

/** The bytes of one answer at most: 2,500 events with all their guests' answers are a good part of it. */
const MOST_BYTES = 32 * 1024 * 1024

/** Makes one call and gives its body, or what went wrong. Never throws for what Google or the network does. */
export type GoogleCalls = (
  context: CallContext,
  signal: AbortSignal | undefined,
  ask: Ask,
) => Promise<Answer<unknown>>

/**
 * Calls through Google's own client, at `rootUrl` (with or without a slash at its end, a path before the API's own is
 * kept). Each has its own deadline. A 401 on a token that had not expired fetches another one and repeats the call
 * once. Nothing else is repeated here, and the client's retries are off. The worker retries by its own backoff and
 * honours Retry-After, which the client does not. Node's fetch keeps connections alive between calls.
 */
export function googleCalls(options: {
  rootUrl: string
  credentials: GoogleCredentials
  clock: Clock
  timeoutMs: number
}): GoogleCalls {
  const { credentials, clock, timeoutMs } = options
  const rootUrl = `${options.rootUrl.replace(/\/+$/, '')}/`

  async function once(
    context: CallContext,
    signal: AbortSignal | undefined,
    ask: Ask,
    bearer: { accessToken: string; quotaUser?: string },
  ): Promise<Answer<unknown>> {
    const client = loadClient()
    const common = defined({ quotaUser: bearer.quotaUser })
    try {
      const answer = await withDeadline(clock, timeoutMs, signal, (within) =>
        ask(client, common, {
          rootUrl,
          headers: { authorization: `Bearer ${bearer.accessToken}` },
          signal: within,
          retry: false,
          responseType: 'json',
          fetchImplementation: boundedFetch(MOST_BYTES),
        }),
      )
      return { ok: true, value: answer.data }
    } catch (failure) {
      // The client wraps whatever happens to a request; anything else is a fault of this program.
      if (!isRecord(failure) || !('config' in failure)) throw failure
      return providerError(failure, { ...context, now: clock.now() })
    }
  }

  return async (context, signal, ask) => {
    if (signal?.aborted) return noAnswer({ name: 'AbortError' })
    const first = await credentials.bearer(context)
    if (!first.ok) return first
    const answer = await once(context, signal, ask, first.value)
    if (answer.ok || answer.status !== 401 || answer.code !== 'CREDENTIAL_REFUSED') return answer
    const second = await credentials.bearer(context, first.value.accessToken)
    if (!second.ok) return second
    return once(context, signal, ask, second.value)
  }
}

const load = createRequire(import.meta.url)
let client: calendar_v3.Calendar | undefined

/**
 * Loads the client at the first call and not before: it takes 140 ms, which the start of the service need not wait for.
 * Node remembers a failed `import()` for life, and a failed `require` not at all: the next call loads it anew.
 */
function loadClient(): calendar_v3.Calendar {
  client ??= (load('googleapis/build/src/apis/calendar/index.js') as typeof Api).calendar({ version: 'v3' })
  return client
}
