import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '../files/durable-file.ts'
import { errorCode } from '../logging/error-facts.ts'

const ADDRESS_FILE = 'address'

/**
 * Leaves in the data folder where the service on it listens (`http://HOST:PORT`), so that the command line finds it on
 * whichever port it got. The service calls it once it listens, and `forgetServiceAddress` when it ends.
 */
export function keepServiceAddress(folder: string, origin: string): void {
  const draft = join(folder, `${ADDRESS_FILE}.${randomBytes(6).toString('hex')}`)
  writeDurably(draft, `${origin}\n`)
  renameSync(draft, join(folder, ADDRESS_FILE))
}

/** The service has ended, or is about to. */
export function forgetServiceAddress(folder: string): void {
  rmSync(join(folder, ADDRESS_FILE), { force: true })
}

/**
 * The address at which the service on this folder listens, or listened when it was killed; undefined if none was left.
 */
export function keptServiceAddress(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, ADDRESS_FILE), 'utf8').trim()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
