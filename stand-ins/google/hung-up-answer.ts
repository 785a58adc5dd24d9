import type { ApiAnswer } from './api-answer.ts'
import type { Hangup } from './faults.ts'

const TEN_MB = 10 * 1024 * 1024

const PAGE = `<!DOCTYPE html>
<html lang="en"><head><title>Sorry...</title></head>
<body><h1>We're sorry...</h1><p>Your request cannot be processed now.</p></body></html>
`

/** An answer as it arrives when something on the way hangs up on it; the status stays 200. */
export function hungUp(answer: ApiAnswer, how: Hangup): ApiAnswer {
  const { body, ...rest } = answer
  if (how === 'html') {
    return { ...rest, headers: { ...answer.headers, 'content-type': 'text/html; charset=UTF-8' }, text: PAGE }
  }
  if (how === 'huge') return { ...rest, body: { ...Object(body), description: 'x'.repeat(TEN_MB) } }
  const text = JSON.stringify(body ?? {})
  return { ...rest, text: text.slice(0, text.length / 2) }
}
