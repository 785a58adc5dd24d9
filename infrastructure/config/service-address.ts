import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '../files/durable-file.ts'
import { errorCode } from '../logging/error-facts.ts'

const ADDRESS_FILE = 'address'

/** Where a service listens (`http://HOST:PORT`), and the secret by which it shows that it runs on the folder. */
export type ServiceAddress = { origin: string; secret: string }

/** A secret of one start, which only those who read the data folder know. */
export const newAddressSecret = (): string => randomBytes(32).toString('base64url')

/**
 * Leaves in the data folder where the service on it listens, so that the command line finds it on whichever port it got.
 * The service calls it once it listens, and `forgetServiceAddress` when it ends.
 */
export function keepServiceAddress(folder: string, { origin, secret }: ServiceAddress): void {
  const draft = join(folder, `${ADDRESS_FILE}.${randomBytes(6).toString('hex')}`)
  writeDurably(draft, `${origin}\n${secret}\n`)
  renameSync(draft, join(folder, ADDRESS_FILE))
}

/** The service has ended, or is about to. */
export function forgetServiceAddress(folder: string): void {
  rmSync(join(folder, ADDRESS_FILE), { force: true })
}

/**
 * The address at which the service on this folder listens, or listened when it was killed; undefined if none was left. An
 * older version leaves no secret: nobody can show that it is that service.
 */
export function keptServiceAddress(folder: string): ServiceAddress | undefined {
  try {
    const [origin = '', secret = ''] = readFileSync(join(folder, ADDRESS_FILE), 'utf8').split('\n')
    return { origin: origin.trim(), secret }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** The answer to a challenge that only those can give who know the secret. */
export const proofOf = (secret: string, challenge: string): string =>
  createHmac('sha256', secret).update(`calendar-sync address ${challenge}`).digest('base64url')

/** Whether `proof` is that answer. */
export function isProofOf(secret: string, challenge: string, proof: string): boolean {
  if (secret === '') return false
  const [expected, given] = [Buffer.from(proofOf(secret, challenge)), Buffer.from(proof)]
  return given.length === expected.length && timingSafeEqual(given, expected)
}
