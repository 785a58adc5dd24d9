import { createHash } from 'node:crypto'
import type { Answer, ProviderError } from '../../ports/calendar-provider.ts'
import type { Clock } from '../../ports/clock.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import { type Credential, type CredentialVault, VaultKeyUnknown } from '../../ports/vault/credential-vault.ts'
import { unavailable } from './google-errors.ts'
import { assertionForm, READ_EVENTS_SCOPE, type ServiceAccount } from './google-service-account.ts'
import type { IssuedToken, TokenEndpoint } from './google-token-endpoint.ts'

/** The token of a call to Google. `quotaUser`: whose quota a call under delegation counts against; names nobody. */
export type Bearer = { accessToken: string; quotaUser?: string }

/** For which calendar a token is wanted; a channel is stopped without naming one. */
export type TokenRequest = { credentialId: string; externalCalendarId?: string }

/** Access tokens for Google, from the vault's credentials or by domain-wide delegation. Errors are values. */
export type GoogleCredentials = {
  /**
   * A token that should be good for a minute or more. With `refused`, a token that Google did not take although it had
   * not expired: any other one, fetched if need be. A credential is refreshed once at a time, whoever waits.
   */
  bearer(request: TokenRequest, refused?: string): Promise<Answer<Bearer>>
}

/** Warnings of this adapter: codes and opaque ids only. Fits pino. */
export type AdapterLog = { warn(fields: Record<string, unknown>, message: string): void }

/**
 * A stored credential is used first. Without one, the service account acts as the calendar's owner, if the owner is in
 * a delegated domain. The vault is read at every call, so that a credential replaced or shredded counts at once, in
 * every process. Refreshed tokens are written back to it, so that processes share them.
 */
export function googleCredentials(options: {
  vault: CredentialVault
  clock: Clock
  tokenEndpoint: TokenEndpoint
  oauth?: { clientId: string; clientSecret: string }
  serviceAccount?: ServiceAccount
  delegatedDomains: readonly string[]
  log?: AdapterLog
}): GoogleCredentials {
  const { vault, clock, tokenEndpoint, oauth, serviceAccount, log } = options
  const delegatedDomains = new Set(options.delegatedDomains.map((domain) => domain.toLowerCase()))
  const held = new Map<string, Held>()
  const running = new Map<string, Promise<Answer<Held>>>()

  async function bearer(request: TokenRequest, refused?: string): Promise<Answer<Bearer>> {
    const stored = await fromVault(request.credentialId)
    if (!stored.ok) return stored
    // A shredded credential is not used from memory either.
    if (!stored.value) held.delete(keyOf(request.credentialId))
    const credential = stored.value ?? delegated(request)
    if (!credential) return missing('noCredential')
    if (credential.kind === 'oauth') return asUser(request.credentialId, credential, refused)
    return asDelegate(credential.subject, refused)
  }

  async function fromVault(credentialId: string): Promise<Answer<Credential | undefined>> {
    try {
      return { ok: true, value: await vault.use(credentialId) }
    } catch (error) {
      if (error instanceof VaultKeyUnknown) return missing(error.code)
      if (error instanceof StoreUnavailable) return unavailable(error.code)
      throw error
    }
  }

  /** Stopping names no calendar: any user of the service account's client may stop its channels, itself included. */
  function delegated(request: TokenRequest): Delegate | undefined {
    if (!serviceAccount || delegatedDomains.size === 0) return undefined
    const calendar = request.externalCalendarId
    if (calendar === undefined) return { kind: 'service-account', subject: undefined }
    const domain = calendar.slice(calendar.lastIndexOf('@') + 1).toLowerCase()
    return delegatedDomains.has(domain) ? { kind: 'service-account', subject: calendar } : undefined
  }

  async function asUser(
    credentialId: string,
    credential: OAuthCredential,
    refused: string | undefined,
  ): Promise<Answer<Bearer>> {
    const key = keyOf(credentialId)
    const ours = held.get(key)
    if (ours && ours.secret === credential.refreshToken && usable(ours, refused)) return asBearer(ours)
    const theirs = tokenOf(credential)
    if (theirs && usable(theirs, refused)) return asBearer(theirs)
    if (!oauth) return missing('noOAuthClient')

    const refreshed = await onceAtATime(`${key} ${credential.refreshToken}`, async () => {
      const answer = await tokenEndpoint({
        grant_type: 'refresh_token',
        refresh_token: credential.refreshToken,
        client_id: oauth.clientId,
        client_secret: oauth.clientSecret,
      })
      if (!answer.ok) return answer
      const token = holding(credential.refreshToken, answer.value)
      held.set(key, token)
      await writeBack(credentialId, credential.refreshToken, answer.value)
      return { ok: true, value: token }
    })
    return refreshed.ok ? asBearer(refreshed.value) : refreshed
  }

  async function asDelegate(subject: string | undefined, refused: string | undefined) {
    if (!serviceAccount) return missing('noServiceAccount')
    const key = `subject ${subject ?? ''}`
    const ours = held.get(key)
    if (ours && usable(ours, refused)) return asBearer(ours, subject)
    const issued = await onceAtATime(key, async () => {
      const answer = await tokenEndpoint(assertionForm(serviceAccount, subject, clock.now()))
      if (!answer.ok) return answer
      const token = holding(READ_EVENTS_SCOPE, answer.value)
      held.set(key, token)
      return { ok: true, value: token }
    })
    return issued.ok ? asBearer(issued.value, subject) : issued
  }

  function onceAtATime(key: string, fetchToken: () => Promise<Answer<Held>>): Promise<Answer<Held>> {
    const already = running.get(key)
    if (already) return already
    const fetching = fetchToken().finally(() => running.delete(key))
    running.set(key, fetching)
    return fetching
  }

  function usable(token: Held, refused: string | undefined): boolean {
    if (token.accessToken === refused) return false
    const soon = clock.now().add(MARGIN)
    return token.expiresAt === undefined || Temporal.Instant.compare(token.expiresAt, soon) > 0
  }

  /**
   * Keeps what was issued beside its refresh token, unless the credential was replaced or shredded while Google was
   * asked. A vault that cannot be written costs another refresh after a restart and nothing else.
   */
  async function writeBack(credentialId: string, usedRefreshToken: string, issued: IssuedToken) {
    try {
      const now = await vault.use(credentialId)
      if (now?.kind !== 'oauth' || now.refreshToken !== usedRefreshToken) return
      await vault.put(credentialId, {
        kind: 'oauth',
        refreshToken: issued.refreshToken ?? usedRefreshToken,
        accessToken: issued.accessToken,
        expiresAt: issued.expiresAt.toString(),
      })
    } catch (error) {
      if (!(error instanceof StoreUnavailable) && !(error instanceof VaultKeyUnknown)) throw error
      log?.warn({ credentialId, code: error.code }, 'access token refreshed, not stored')
    }
  }

  return { bearer }
}

const keyOf = (credentialId: string) => `credential ${credentialId}`

type OAuthCredential = Extract<Credential, { kind: 'oauth' }>
type Delegate = { kind: 'service-account'; subject: string | undefined }

/** A token in memory, and the secret by which it was issued: with another secret it is not used any more. */
type Held = { secret: string; accessToken: string; expiresAt?: Temporal.Instant }

// A token must outlive the call that it is taken for.
const MARGIN = { seconds: 60 }

const holding = (secret: string, issued: IssuedToken): Held => ({
  secret: issued.refreshToken ?? secret,
  accessToken: issued.accessToken,
  expiresAt: issued.expiresAt,
})

function tokenOf(credential: OAuthCredential): Held | undefined {
  if (!credential.accessToken) return undefined
  const token: Held = { secret: credential.refreshToken, accessToken: credential.accessToken }
  if (credential.expiresAt) token.expiresAt = Temporal.Instant.from(credential.expiresAt)
  return token
}

function asBearer(token: Held, subject?: string): Answer<Bearer> {
  if (subject === undefined) return { ok: true, value: { accessToken: token.accessToken } }
  // At most 40 characters, the same in every process, and not the address itself.
  const quotaUser = createHash('sha256').update(subject.toLowerCase()).digest('base64url').slice(0, 40)
  return { ok: true, value: { accessToken: token.accessToken, quotaUser } }
}

function missing(reason: string): ProviderError {
  return { ok: false, code: 'CREDENTIAL_MISSING', reason }
}
