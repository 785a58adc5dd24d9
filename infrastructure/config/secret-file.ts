import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '../files/durable-file.ts'
import { errorCode } from '../logging/error-facts.ts'

/**
 * The secret that the folder keeps under `name`, readable by its owner only (0600); at the first call it is what `make`
 * gives. An existing one is never overwritten, so two processes that start at once agree on one. Throws if the folder
 * cannot be used, or the file is empty.
 */
export function keptSecret(
  folder: string,
  name: string,
  make: () => string,
): { secret: string; isNew: boolean } {
  const path = join(folder, name)
  const kept = readKept(path)
  if (kept !== undefined) return { secret: kept, isNew: false }

  const made = make()
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  writeDurably(draft, `${made}\n`)
  try {
    // A link fails where the name is taken, and never shows a file that is half written.
    linkSync(draft, path)
    return { secret: made, isNew: true }
  } catch (error) {
    const theirs = readKept(path)
    if (theirs === undefined) throw error
    return { secret: theirs, isNew: false }
  } finally {
    rmSync(draft, { force: true })
  }
}

function readKept(path: string): string | undefined {
  try {
    const secret = readFileSync(path, 'utf8').trim()
    if (secret === '')
      throw new Error(`${path} is empty: put its backup in place, or delete it to have a new one made`)
    return secret
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
