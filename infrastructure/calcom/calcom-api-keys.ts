import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'

/** Keys of API v2. A key answers for its own owner's bookings only, a team admin's for the team's. */
export type CalcomApiKeys = {
  /** The key that answers for this user. */
  keyFor(userId: string): string | undefined
  /** Every key once, with its owner where it has one, in a steady order. */
  all(): { key: string; userId?: string }[]
}

/**
 * One key for all, a JSON file `{userId: key}`, or both: then the one key stands in for users that the file lacks.
 * The file is read at once and again whenever it changed, so that a new user needs no restart. Throws where it cannot
 * be read or is not of that form, and where neither is given.
 */
export function calcomApiKeys(options: { apiKey?: string; apiKeysFile?: string }): CalcomApiKeys {
  const { apiKey, apiKeysFile } = options
  if (apiKey === undefined && apiKeysFile === undefined) {
    throw new Error('A Cal.com API key or a file of keys is needed')
  }
  let keys = new Map<string, string>()
  let readAt: number | undefined
  const current = (): Map<string, string> => {
    if (apiKeysFile === undefined) return keys
    const { mtimeMs } = statSync(apiKeysFile)
    if (mtimeMs !== readAt) {
      keys = readKeys(apiKeysFile)
      readAt = mtimeMs
    }
    return keys
  }
  current()
  return {
    keyFor: (userId) => current().get(userId) ?? apiKey,
    all: () => [
      ...[...current()].map(([userId, key]) => ({ key, userId })),
      ...(apiKey === undefined ? [] : [{ key: apiKey }]),
    ],
  }
}

function readKeys(file: string): Map<string, string> {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new Error(`The file of Cal.com API keys cannot be read as JSON: ${file}`, { cause })
  }
  const read = z.record(z.string(), z.string().min(1)).safeParse(content)
  if (!read.success) {
    throw new Error(`The file of Cal.com API keys must be an object of user id to key: ${file}`)
  }
  return new Map(Object.entries(read.data))
}
