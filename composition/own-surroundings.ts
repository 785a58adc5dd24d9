// What this process finds around it that its stores do not tell: its disk, and Cal.com's keys.
import type { RefusedKey } from '../infrastructure/calcom/calcom-booking-directory.ts'
import { errorText } from '../infrastructure/logging/error-facts.ts'
import type { Outage } from '../services/running/outage-log.ts'
import type { NeedsPerson } from '../services/status/need.ts'
import type { Surroundings } from '../services/status/status-report.ts'

/** Looks at each at every call, and remembers since when something is not as it should be. */
export function ownSurroundings(parts: {
  now(): Temporal.Instant
  /** Rejects while the data folder takes no writes. */
  filesTakeWrites(): Promise<unknown>
  /** Throws while the file of keys cannot be read. */
  refusedKeys(): readonly RefusedKey[]
}): () => Promise<Surroundings> {
  const since = new Map<string, string>()

  async function outageOf(what: string, check: () => Promise<unknown>): Promise<Outage[]> {
    try {
      await check()
      since.delete(what)
      return []
    } catch (error) {
      const began = since.get(what) ?? parts.now().toString()
      since.set(what, began)
      return [{ what, message: errorText(error), since: began }]
    }
  }

  return async () => {
    let refused: readonly RefusedKey[] = []
    const outages = await Promise.all([
      outageOf('data folder', parts.filesTakeWrites),
      outageOf("file of Cal.com's API keys", async () => {
        refused = parts.refusedKeys()
      }),
    ])
    return { outages: outages.flat(), needsPerson: refused.map(refusedKey) }
  }
}

const refusedKey = ({ userId, status }: RefusedKey): NeedsPerson =>
  userId === undefined
    ? {
        code: 'CALCOM_KEY_REFUSED',
        sentence: `Cal.com refuses CALCOM_API_KEY (${status}): bookings are known by webhooks alone.`,
        next: 'Make a new API key in Cal.com, set CALCOM_API_KEY and restart.',
      }
    : {
        code: 'CALCOM_KEY_REFUSED',
        sentence: `Cal.com refuses the API key of user ${userId} (${status}): this user's bookings are known by webhooks alone.`,
        next: `Make a new API key in Cal.com for user ${userId}, and put it into the file of CALCOM_API_KEYS_FILE.`,
      }
