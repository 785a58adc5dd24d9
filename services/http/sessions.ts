import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Context } from 'koa'
import type { Clock } from '../../ports/clock.ts'

const COOKIE = 'calendar-sync-session'
const LIFE_MS = 12 * 3_600_000

/** Browser sessions of 12 hours in an HttpOnly cookie of the same site. */
export type Sessions = {
  /** Begins a session for this actor; the answer carries its cookie. */
  begin(ctx: Context, actor: string): void
  /** Whose session the request belongs to; undefined where it has none, or one altered, ended or expired. */
  actorOf(ctx: Context): string | undefined
  /** Ends the request's session for good in this process, and takes the cookie away. */
  end(ctx: Context): void
}

/**
 * The cookie holds the session itself under an HMAC with `key` (32 bytes), so that every process with the same key
 * takes it. `newId` gives UUIDs.
 */
export function signedSessions(deps: { key: Uint8Array; clock: Clock; newId: () => string }): Sessions {
  /** Sessions ended before their time, by id, until they would have expired. */
  const ended = new Map<string, number>()
  const now = () => deps.clock.now().epochMilliseconds
  const sign = (text: string) => createHmac('sha256', deps.key).update(`session ${text}`).digest()

  function opened(ctx: Context): { id: string; actor: string; expires: number } | undefined {
    const [content, signature] = (ctx.cookies.get(COOKIE) ?? '').split('.')
    if (!content || !signature) return undefined
    const given = Buffer.from(signature, 'base64url')
    const right = sign(content)
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined
    const [id = '', expires = '', ...actor] = Buffer.from(content, 'base64url').toString().split(' ')
    const session = { id, actor: actor.join(' '), expires: Number(expires) }
    return session.expires > now() && !ended.has(id) ? session : undefined
  }

  function setCookie(ctx: Context, value: string, seconds: number): void {
    // Not through Koa's own: it refuses `Secure` behind a proxy that ends TLS.
    const https = ctx.get('X-Forwarded-Proto') === 'https' || ctx.secure
    const attributes = `Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${https ? '; Secure' : ''}`
    ctx.append('Set-Cookie', `${COOKIE}=${value}; ${attributes}`)
  }

  return {
    begin(ctx, actor) {
      const content = Buffer.from(`${deps.newId()} ${now() + LIFE_MS} ${actor}`).toString('base64url')
      setCookie(ctx, `${content}.${sign(content).toString('base64url')}`, LIFE_MS / 1000)
    },
    actorOf: (ctx) => opened(ctx)?.actor,
    end(ctx) {
      const session = opened(ctx)
      for (const [id, expires] of ended) if (expires <= now()) ended.delete(id)
      if (session) ended.set(session.id, session.expires)
      setCookie(ctx, '', 0)
    },
  }
}
