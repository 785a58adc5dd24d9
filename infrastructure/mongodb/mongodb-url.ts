import { createRequire } from 'node:module'
import type { MongoClient } from 'mongodb'

const load = createRequire(import.meta.url)

const DEFAULT_DATABASE = 'calendar-sync'

/** The connection string cannot be understood. The message does not repeat it, since it may hold a password. */
class BadMongodbUrl extends Error {
  readonly code = 'BAD_MONGODB_URL'
}

/** As MongoDB's own limits have it, with room for the end of the vault's name. */
const DATABASE_NAME = /^[^\s/\\."$*<>:|?\0]{1,57}$/

/** The problem of a connection string, in words that follow its name and do not repeat it; undefined: there is none. */
export function mongodbUrlProblem(url: string): string | undefined {
  if (!/^mongodb(\+srv)?:\/\/\S+$/.test(url)) return 'must begin with mongodb:// or mongodb+srv://'
  try {
    clientOf(url, 0)
    return DATABASE_NAME.test(databaseIn(url)) ? undefined : 'has a path that is no name of a database'
  } catch (error) {
    if (error instanceof BadMongodbUrl) return `is ${error.message}`
    return error instanceof URIError ? 'has a path that is not percent-encoded as it has to be' : undefined
  }
}

/** The path of the connection string. The driver would take a missing one for `test`. */
export function databaseIn(url: string): string {
  const path = /^[a-z+]+:\/\/[^/?]+\/([^?]+)/.exec(url)?.[1]
  return path === undefined ? DEFAULT_DATABASE : decodeURIComponent(path)
}

/** Not connected yet. Throws BadMongodbUrl. The driver is loaded here: to check a configuration without it needs none. */
export function clientOf(url: string, unreachableAfterMs: number): MongoClient {
  const driver: typeof import('mongodb') = load('mongodb')
  try {
    return new driver.MongoClient(url, {
      appName: 'calendar-sync',
      serverSelectionTimeoutMS: unreachableAfterMs,
      connectTimeoutMS: unreachableAfterMs,
      waitQueueTimeoutMS: 10_000,
      // Longer than any single call takes, building an index apart; that goes on without its caller.
      socketTimeoutMS: 30_000,
      // As JSON: what is undefined is not there.
      ignoreUndefined: true,
    })
  } catch (error) {
    const reason =
      error instanceof Error && !error.message.includes('Unable to parse') ? error.message : 'not a URL'
    // Some messages end with what was given.
    throw new BadMongodbUrl(`not a MongoDB connection string: ${reason.replace(/, got .*$/s, '')}`)
  }
}
