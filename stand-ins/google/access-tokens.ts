import { defined } from '../../domain/optional-fields.ts'
import { sameAddress } from './addresses.ts'
import type { SeededRandom } from './seeded-random.ts'

/** For whom a token acts; `user` unknown means: for whichever account owns the calendar asked for. */
export type Bearer = { user?: string; serviceAccount?: boolean }

/** What is set about a refresh token; one that nothing is set about is accepted. */
export type RefreshToken = { user?: string; revoked?: boolean }

export type AccessSettings = {
  /** Life of an access token, in seconds. */
  lifeSeconds: number
  /** True: no request needs a token. */
  open: boolean
  refreshTokens: { [refreshToken: string]: RefreshToken }
  /** Users that a service account may not act for (no delegation): 401 unauthorized_client. */
  refusedSubjects: string[]
}

type Issued = Bearer & { expiresMs: number; refreshToken?: string }

export type AccessTokens = {
  settings: AccessSettings
  /** The token endpoint (RFC 6749): refresh_token, authorization_code, jwt-bearer. The form as it came. */
  grant(form: URLSearchParams, nowMs: number): { status: number; body: unknown }
  /** Who the header's token acts for; undefined for a missing, unknown or expired one. */
  bearer(authorization: string | undefined, nowMs: number): Bearer | undefined
  /** Whatever acts for the one address acts for the other from now on. */
  renameUser(from: string, to: string): void
  /** Makes every access token worthless from now on. */
  expireAll(): void
  issued(): [string, Issued][]
  restore(settings: AccessSettings, issued: [string, Issued][]): void
}

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const SCOPE = 'https://www.googleapis.com/auth/calendar'

/** The accounts' side: nobody's password, any client, no signature checked. */
export function accessTokens(random: SeededRandom): AccessTokens {
  const issued = new Map<string, Issued>()

  const invalidGrant = { status: 400, body: { error: 'invalid_grant', error_description: 'Bad Request' } }

  function give(bearer: Bearer & { refreshToken?: string }, nowMs: number, more: object = {}) {
    const token = `ya29.stand-in-${random.text(40)}`
    issued.set(token, { ...bearer, expiresMs: nowMs + tokens.settings.lifeSeconds * 1000 })
    if (issued.size > 10_000) forget(nowMs)
    const body = {
      access_token: token,
      expires_in: tokens.settings.lifeSeconds,
      ...more,
      scope: SCOPE,
      token_type: 'Bearer',
    }
    return { status: 200, body }
  }

  function forget(nowMs: number): void {
    for (const [token, { expiresMs }] of issued) if (expiresMs <= nowMs) issued.delete(token)
  }

  function byRefreshToken(refreshToken: string | null, nowMs: number) {
    if (!refreshToken) return { status: 400, body: { error: 'invalid_request' } }
    const { user, revoked } = tokens.settings.refreshTokens[refreshToken] ?? {}
    if (revoked) return invalidGrant
    return give({ refreshToken, ...defined({ user }) }, nowMs)
  }

  function byCode(code: string | null, nowMs: number) {
    if (!code) return invalidGrant
    const user = /^user:(.+)$/.exec(code)?.[1]
    const refreshToken = `1//stand-in-${random.text(24)}`
    tokens.settings.refreshTokens[refreshToken] = defined({ user })
    return give({ refreshToken, ...defined({ user }) }, nowMs, { refresh_token: refreshToken })
  }

  function byAssertion(assertion: string | null, nowMs: number) {
    const user = subjectOf(assertion ?? '')
    if (user === undefined) return invalidGrant
    if (tokens.settings.refusedSubjects.includes(user)) {
      return {
        status: 401,
        body: {
          error: 'unauthorized_client',
          error_description:
            'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.',
        },
      }
    }
    return give({ user, serviceAccount: true }, nowMs)
  }

  const tokens: AccessTokens = {
    settings: { lifeSeconds: 3599, open: false, refreshTokens: {}, refusedSubjects: [] },
    grant(form, nowMs) {
      const type = form.get('grant_type')
      if (type === 'refresh_token') return byRefreshToken(form.get('refresh_token'), nowMs)
      if (type === 'authorization_code') return byCode(form.get('code'), nowMs)
      if (type === JWT_BEARER) return byAssertion(form.get('assertion'), nowMs)
      return { status: 400, body: { error: 'unsupported_grant_type' } }
    },
    bearer(authorization, nowMs) {
      if (tokens.settings.open) return {}
      const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? ''
      const found = issued.get(token)
      if (!found || found.expiresMs <= nowMs) return undefined
      if (found.refreshToken !== undefined && tokens.settings.refreshTokens[found.refreshToken]?.revoked) {
        return undefined
      }
      return found
    },
    renameUser(from, to) {
      const { refreshTokens } = tokens.settings
      for (const known of [...Object.values(refreshTokens), ...issued.values()]) {
        if (sameAddress(known.user, from)) known.user = to
      }
    },
    expireAll: () => issued.clear(),
    issued: () => [...issued],
    restore(settings, saved) {
      tokens.settings = settings
      issued.clear()
      for (const [token, value] of saved) issued.set(token, value)
    },
  }
  return tokens
}

/** The user of a signed assertion; the account itself where it names none. */
function subjectOf(assertion: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString())
    if (typeof claims !== 'object' || claims === null) return undefined
    const name = 'sub' in claims ? claims.sub : 'iss' in claims ? claims.iss : undefined
    return typeof name === 'string' ? name : undefined
  } catch {
    return undefined
  }
}
