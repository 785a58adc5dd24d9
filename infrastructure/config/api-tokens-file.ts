import { z } from 'zod'

/** A bearer's scope: look (`read`), look and command (`operate`), or look and export for an audit (`audit`). */
export type ApiScope = 'read' | 'operate' | 'audit'

/** A bearer token that is known by its hash alone. Its actor in events' metadata is `operator:NAME`. */
export type NamedApiToken = {
  readonly name: string
  /** SHA-256 of the token, in lower-case hex. */
  readonly sha256: string
  readonly scope: ApiScope
}

const Entry = z.strictObject(
  {
    name: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, {
      error: 'name must be 1 to 64 letters, digits, dots, dashes or underscores',
    }),
    sha256: z
      .string({ error: 'sha256 must be 64 hex digits' })
      .regex(/^[0-9a-f]{64}$/i, { error: 'sha256 must be 64 hex digits' })
      .transform((hash) => hash.toLowerCase()),
    scope: z.enum(['read', 'operate', 'audit'], { error: 'scope must be one of read, operate, audit' }),
  },
  { error: 'must have name, sha256 and scope, and nothing else' },
)

export type ReadApiTokens = { ok: true; tokens: readonly NamedApiToken[] } | { ok: false; problem: string }

/**
 * Reads the content of API_TOKENS_FILE: a JSON list of `{name, sha256, scope}`. All problems are in one message, which
 * repeats nothing of the content. Make a hash with `printf %s TOKEN | sha256sum`.
 */
export function parseApiTokens(content: string): ReadApiTokens {
  const read = z.array(z.unknown()).min(1).safeParse(parseJson(content))
  if (!read.success) return { ok: false, problem: 'must be a JSON list of {name, sha256, scope}, not empty' }

  const tokens: NamedApiToken[] = []
  const problems: string[] = []
  for (const [index, value] of read.data.entries()) {
    const entry = Entry.safeParse(value)
    if (entry.success) tokens.push(entry.data)
    else problems.push(...entry.error.issues.map((issue) => `entry ${index + 1}: ${issue.message}`))
  }
  if (new Set(tokens.map(({ name }) => name)).size < tokens.length) problems.push('a name is used twice')
  if (new Set(tokens.map(({ sha256 }) => sha256)).size < tokens.length) problems.push('a hash is used twice')
  return problems.length === 0 ? { ok: true, tokens } : { ok: false, problem: problems.join('; ') }
}

/** undefined where it is not JSON: the parser's own message would repeat the content. */
function parseJson(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}
