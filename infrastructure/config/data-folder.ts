import { randomBytes } from 'node:crypto'
import { accessSync, constants, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '../files/durable-file.ts'
import { errorCode, errorText } from '../logging/error-facts.ts'
import { makeOwnedFolder } from './owned-folder.ts'

/** How the folder is laid out. Raised when an older version could no longer read it. */
const VERSION = 1
/** Says which calendars the folder is for. */
export const STAMP_FILE = 'stamp.json'

const Stamp = z.object({ version: z.int().min(1), googleRoot: z.string().min(1) })

/** Why a folder is refused. `message` is a sentence for the operator. */
export type DataFolderRefusal = {
  readonly ok: false
  readonly code:
    | 'DATA_FOLDER_UNUSABLE'
    | 'DATA_FOLDER_STAMP_UNREADABLE'
    | 'DATA_FOLDER_NEWER'
    | 'DATA_FOLDER_OTHER_GOOGLE_ROOT'
  readonly message: string
}

/**
 * Makes the folder (0700) where it is missing and stamps it with the Google root that its calendars belong to, once.
 * A folder of another root is refused: its sync tokens, channels and links would mean nothing there.
 */
export function openDataFolder(
  folder: string,
  googleRoot: string,
): { readonly ok: true } | DataFolderRefusal {
  const path = join(folder, STAMP_FILE)
  try {
    makeOwnedFolder(folder)
    // SQLite would say of a mount that can only be read that the disk fails.
    accessSync(folder, constants.W_OK)
    const content = readStamp(path)
    if (content !== undefined) return check(content, path, folder, googleRoot)

    const draft = `${path}.${randomBytes(6).toString('hex')}`
    try {
      writeDurably(draft, `${JSON.stringify({ version: VERSION, googleRoot })}\n`)
      renameSync(draft, path)
    } finally {
      rmSync(draft, { force: true })
    }
    return { ok: true }
  } catch (error) {
    const reason = errorText(error)
    return refusal('DATA_FOLDER_UNUSABLE', `The data folder ${folder} cannot be used: ${reason}.`)
  }
}

function check(
  content: string,
  path: string,
  folder: string,
  googleRoot: string,
): { ok: true } | DataFolderRefusal {
  const stamp = Stamp.safeParse(parseJson(content))
  if (!stamp.success) {
    return refusal(
      'DATA_FOLDER_STAMP_UNREADABLE',
      `${path} is not a stamp of this service: restore it from a backup.`,
    )
  }
  if (stamp.data.version > VERSION) {
    return refusal(
      'DATA_FOLDER_NEWER',
      `The data folder ${folder} was written by a newer version (layout ${stamp.data.version}, this one reads up to ${VERSION}): run that version.`,
    )
  }
  if (stamp.data.googleRoot !== googleRoot) {
    return refusal(
      'DATA_FOLDER_OTHER_GOOGLE_ROOT',
      `The data folder ${folder} belongs to ${nameOf(stamp.data.googleRoot)}, and the configuration names ${nameOf(googleRoot)}: choose another DATA_DIR, or set GOOGLE_API_URL as before.`,
    )
  }
  return { ok: true }
}

const nameOf = (googleRoot: string) => (googleRoot === 'stand-in' ? 'the built-in stand-ins' : googleRoot)

function refusal(code: DataFolderRefusal['code'], message: string): DataFolderRefusal {
  return { ok: false, code, message }
}

function readStamp(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}
