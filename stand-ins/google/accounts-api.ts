import { type ApiAnswer, type ApiRequest, bodyOf } from './api-answer.ts'
import { refusal } from './api-error.ts'
import { withFault } from './fault-answer.ts'
import type { GoogleCore } from './google-core.ts'

/** The token endpoint. Takes the form that RFC 6749 asks for, and the same as JSON. */
export function answerToken(core: GoogleCore, request: ApiRequest): ApiAnswer {
  const json = request.headers['content-type']?.includes('json')
  const form = json
    ? new URLSearchParams(Object.entries(bodyOf(request)).map(([name, value]) => [name, String(value)]))
    : new URLSearchParams(request.body)
  return withFault(core, 'token', undefined, () => ({
    headers: {},
    ...core.access.grant(form, core.nowMs()),
  }))
}

/** The consent page: everyone consents at once; `login_hint` says who. */
export function answerConsent(query: URLSearchParams): ApiAnswer {
  const back = URL.parse(query.get('redirect_uri') ?? '')
  if (!back) throw refusal('invalid', { message: 'redirect_uri_mismatch' })
  const hint = query.get('login_hint')
  back.searchParams.set('code', hint ? `user:${hint}` : '4/stand-in')
  const state = query.get('state')
  if (state !== null) back.searchParams.set('state', state)
  return { status: 302, headers: { location: back.href } }
}
