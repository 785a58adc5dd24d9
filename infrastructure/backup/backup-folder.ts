// A backup is a folder: the files, and manifest.json, which is written last and says what each must be.
import { createHash } from 'node:crypto'
import {
  closeSync,
  createReadStream,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
} from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { writeDurably } from '../files/durable-file.ts'
import { errorCode, errorText } from '../logging/error-facts.ts'

const MANIFEST_FILE = 'manifest.json'
const VERSION = 1

const Manifest = z.object({
  version: z.int().min(1),
  /** RFC 3339 in UTC: every event acknowledged before it is in the backup. */
  begunAt: z.string(),
  /** The position of the last event in it; empty where there was none. */
  head: z.string(),
  /** Whether the encryption key lies in it. */
  hasKey: z.boolean(),
  files: z.array(
    z.object({
      name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/),
      bytes: z.int().min(0),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
})
export type Manifest = z.infer<typeof Manifest>

/** Why a folder is not usable for a backup, or is none. `message` is a sentence for the operator. */
export class BackupRefused extends Error {
  readonly code: 'DIRECTORY_UNUSABLE' | 'BACKUP_DAMAGED'
  constructor(code: BackupRefused['code'], message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'BackupRefused'
    this.code = code
  }
}

/**
 * Makes `directory` (0700) where it is missing. Throws BackupRefused where it is not absolute, holds anything, lies in
 * the data folder, or cannot be made: its parent has to be there.
 */
export function makeBackupFolder(directory: string, dataFolder: string): void {
  if (!isAbsolute(directory)) throw unusable(directory, 'is not an absolute path')
  const inside = relative(realPath(dataFolder), realPath(directory))
  if (!inside.startsWith('..') && !isAbsolute(inside)) throw unusable(directory, 'lies in the data folder')
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    if (errorCode(error) !== 'EEXIST')
      throw unusable(directory, `cannot be made: ${errorText(error)}`, { cause: error })
  }
  if (!isEmptyFolder(directory)) throw unusable(directory, 'is not an empty folder')
}

/** The path without links, of what is there and of what is to be made there. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    const above = dirname(resolve(path))
    if (errorCode(error) !== 'ENOENT' || above === resolve(path)) throw error
    return join(realPath(above), basename(path))
  }
}

/** Whether nothing is there, or a folder with nothing in it. */
export function isEmptyFolder(path: string): boolean {
  try {
    return readdirSync(path).length === 0
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return true
    if (errorCode(error) === 'ENOTDIR') return false
    throw error
  }
}

/** Writes down what the files are, as the last thing: a backup without it is no backup. Durable when it resolves. */
export async function sealBackup(
  directory: string,
  facts: Omit<Manifest, 'version' | 'files'>,
): Promise<Manifest> {
  const files: Manifest['files'] = []
  for (const name of readdirSync(directory).sort())
    files.push({
      name,
      bytes: statSync(join(directory, name)).size,
      sha256: await sha256Of(join(directory, name)),
    })
  const manifest: Manifest = { version: VERSION, ...facts, files }
  const draft = join(directory, `${MANIFEST_FILE}.draft`)
  writeDurably(draft, `${JSON.stringify(manifest, null, 2)}\n`)
  renameSync(draft, join(directory, MANIFEST_FILE))
  syncFolder(directory)
  return manifest
}

/**
 * The manifest of a whole and unaltered backup, with none but `known` files in it. Throws BackupRefused for any other,
 * naming the first file that differs.
 */
export async function readBackup(directory: string, known: readonly string[]): Promise<Manifest> {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(join(directory, MANIFEST_FILE), 'utf8'))
  } catch (error) {
    throw damaged(
      `${directory} has no readable ${MANIFEST_FILE}: it is no backup, or one that was not finished`,
      error,
    )
  }
  const parsed = Manifest.safeParse(content)
  if (!parsed.success) throw damaged(`${join(directory, MANIFEST_FILE)} is not the manifest of a backup`)
  const manifest = parsed.data
  if (manifest.version > VERSION)
    throw damaged(
      `${directory} was made by a newer version (layout ${manifest.version}): restore it with that version`,
    )
  for (const { name, bytes, sha256 } of manifest.files) {
    if (!known.includes(name)) throw damaged(`${directory} holds ${name}, which belongs to no backup`)
    const path = join(directory, name)
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found === undefined) throw damaged(`${path} is missing`)
    if (!found.isFile()) throw damaged(`${path} is no file: no link is followed`)
    if (found.size !== bytes || (await sha256Of(path)) !== sha256)
      throw damaged(`${path} is not what was backed up: its checksum differs`)
  }
  return manifest
}

/** Makes new names in a folder survive a power cut. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

const unusable = (directory: string, why: string, options?: { cause: unknown }) =>
  new BackupRefused('DIRECTORY_UNUSABLE', `${directory} ${why}.`, options)
const damaged = (what: string, cause?: unknown) => new BackupRefused('BACKUP_DAMAGED', `${what}.`, { cause })
