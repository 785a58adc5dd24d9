import type { CalcomCore } from './calcom-core.ts'

const MINUTE = 60_000

/** What a request counts for: headers that tell how many are left, and whether it is one too many. */
export type Counted = { headers: Record<string, string>; refused: boolean }

/** Counts the requests of each key, a minute from its first one on, as Cal.com's reference of rate limits tells. */
export function rateLimit({ clock, settings }: CalcomCore): (request: Request) => Counted {
  const windows = new Map<string, { until: number; made: number }>()
  return (request) => {
    const limit = settings.rateLimitPerMinute
    if (limit === null) return { headers: {}, refused: false }
    const key = request.headers.get('authorization') ?? ''
    const now = clock.now().epochMilliseconds
    const known = windows.get(key)
    const window = known !== undefined && known.until > now ? known : { until: now + MINUTE, made: 0 }
    window.made += 1
    windows.set(key, window)
    const refused = window.made > limit
    const headers = {
      'x-ratelimit-limit-default': String(limit),
      'x-ratelimit-remaining-default': String(Math.max(0, limit - window.made)),
      'x-ratelimit-reset-default': String(Math.ceil(window.until / 1000)),
      ...(refused ? { 'retry-after': String(Math.ceil((window.until - now) / 1000)) } : {}),
    }
    return { headers, refused }
  }
}
