/**
 * Pino's own redaction names paths and stops at their depth. An error of an HTTP client holds its request headers at
 * any depth, and under any case. So everything that is logged passes through here.
 */
const secretNames =
  /^(authorization|proxyauthorization|cookie|setcookie|xgoogchanneltoken|xcalsignature256|signature|token|apitoken|channeltoken|leasetoken|password|passphrase|secret|apikey|credentials?|assertion|.*(refreshtoken|accesstoken|idtoken|bearertoken|clientsecret|webhooksecret|privatekey|encryptionkeys?|apikeys?|saslpassword))$/

/** Secrets that turn up inside a text: bearer tokens, keys of Cal.com, tokens in an address, passwords of a URL. */
const secretTexts: readonly [RegExp, string][] = [
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]+/gi, '$1 [redacted]'],
  [/\bcal_[A-Za-z0-9_]{8,}/g, '[redacted]'],
  [/\bya29\.[A-Za-z0-9._-]+/g, '[redacted]'],
  [/\b(access_token|refresh_token|id_token|client_secret|assertion)=[^&\s"']+/gi, '$1=[redacted]'],
  [/([?&])(code|token|state|key)=[^&\s"'#]+/gi, '$1$2=[redacted]'],
  // Bounded, so that the time for a text grows with its length alone.
  [/(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^/@\s"']{1,2048}@/gi, '$1[redacted]@'],
  // JSON, as it is and within a text of JSON.
  [
    /((?<!\\)"(?:access_?token|refresh_?token|id_?token|token|client_?secret|secret|assertion|password|api_?key|private_?key|authorization|signature)"\s{0,20}:\s{0,20}")(?:[^"\\]|\\.)*/gi,
    '$1[redacted]',
  ],
  [
    /(\\{1,8}"(?:access_?token|refresh_?token|id_?token|token|client_?secret|secret|assertion|password|api_?key|private_?key|authorization|signature)\\{1,8}"\s{0,20}:\s{0,20}\\{1,8}")[^"\\]*/gi,
    '$1[redacted]',
  ],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[redacted]'],
]

const REDACTED = '[redacted]'
const DEEPEST = 8

/**
 * The properties of an error that are shown. Others (requests, answers, configurations) may hold anything, and are left
 * out.
 */
const errorProperties = [
  'code',
  'errcode',
  'status',
  'statusCode',
  'syscall',
  'path',
  'address',
  'port',
] as const

/** A copy fit for a log: secrets replaced, errors as plain objects, depth bounded. */
export function redactedFields(fields: { readonly [name: string]: unknown }): { [name: string]: unknown } {
  return redactedEntries(Object.entries(fields), 0)
}

function redacted(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactedText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (depth > DEEPEST) return '[too deep]'
  if (value instanceof Error) return redactedError(value, depth)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return value.map((item) => redacted(item, depth + 1))
  if (value instanceof Map || value instanceof Headers) return redactedEntries(value.entries(), depth)
  if (value instanceof Set) return [...value].map((item) => redacted(item, depth + 1))
  if ('toJSON' in value && typeof value.toJSON === 'function') return redacted(value.toJSON(), depth + 1)
  return redactedEntries(Object.entries(value), depth)
}

function redactedEntries(entries: Iterable<[unknown, unknown]>, depth: number): { [name: string]: unknown } {
  const copy: { [name: string]: unknown } = {}
  for (const [key, value] of entries) {
    const name = String(key)
    const isSecret = secretNames.test(name.toLowerCase().replace(/[^a-z0-9]/g, ''))
    copy[name] = isSecret && value !== undefined && value !== null ? REDACTED : redacted(value, depth + 1)
  }
  return copy
}

function redactedError(error: Error, depth: number): { [name: string]: unknown } {
  const copy: { [name: string]: unknown } = { type: error.name, message: redactedText(error.message) }
  for (const name of errorProperties) {
    if (name in error) copy[name] = redacted(Reflect.get(error, name), depth + 1)
  }
  // An outage is no mistake in the code: the message says it all, and where in the code it was noticed says nothing.
  if (copy.code === 'STORE_UNAVAILABLE' || copy.code === 'OUTCOME_UNKNOWN') return copy
  if (error.stack !== undefined) copy.stack = redactedText(error.stack)
  if (error.cause !== undefined) copy.cause = redacted(error.cause, depth + 1)
  if (error instanceof AggregateError) copy.errors = redacted(error.errors, depth + 1)
  return copy
}

/** The text with what looks like a secret replaced. */
export function redactedText(text: string): string {
  return secretTexts.reduce((shown, [pattern, replacement]) => shown.replace(pattern, replacement), text)
}
