import { createReadStream, readFileSync } from 'node:fs'
import { signingKeysOf } from '../composition/audit.ts'
import { StartRefused } from '../composition/start-refused.ts'
import { publicKeyOf } from '../infrastructure/config/signing-key.ts'
import { errorCode } from '../infrastructure/logging/error-facts.ts'
import { checkExport, type ExportCheck } from '../services/audit/check-export.ts'
import type { LineDifference } from '../services/audit/line-differences.ts'
import { configurationOrExplain } from './configured.ts'

/** So many differences are printed. */
const MOST = 20

/**
 * Says whether a file is an export as it was made, and which lines were changed, removed, added or moved. `publicKey`: a
 * PEM file; without it the keys of this deployment. Resolves with the exit code. 0: it is. 1: it is not, or cannot be
 * read. 2: there is no key to check it with.
 */
export async function verifyExport(
  file: string,
  options: { publicKey: string | undefined; json: boolean },
): Promise<number> {
  const keys = keysFor(options.publicKey)
  if (keys === undefined) return 2
  let check: ExportCheck
  try {
    check = await checkExport(createReadStream(file), keys)
  } catch (error) {
    const code = errorCode(error)
    if (code === undefined) throw error
    console.error(`${file} cannot be read (${code}).`)
    return 1
  }
  if (options.json) console.log(JSON.stringify(shown(check)))
  else if (check.ok) console.log(sentenceOf(file, check))
  else console.error([sentenceOf(file, check), ...differencesIn(check)].join('\n'))
  return check.ok ? 0 : 1
}

function keysFor(path: string | undefined) {
  try {
    if (path !== undefined) return [publicKeyOf(readFileSync(path, 'utf8'))]
  } catch (error) {
    console.error(
      `${path} is no PEM file of an Ed25519 public key (${errorCode(error) ?? 'of another kind'}).`,
    )
    return undefined
  }
  const configuration = configurationOrExplain()
  try {
    return configuration && signingKeysOf(configuration)
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error
    console.error(`${error.message} Or name the public key: --public-key FILE.`)
    return undefined
  }
}

function sentenceOf(file: string, check: ExportCheck): string {
  if (check.ok) {
    const { events, madeAt, first, last, key } = check.manifest
    const span = first === null ? '' : `, positions ${first} to ${last}`
    return `${file} is as it was exported at ${madeAt}: ${events} events${span}, signed with the key ${key}.`
  }
  switch (check.code) {
    case 'NO_MANIFEST':
      return `${file} is not whole: its last line is no manifest. It was cut short, or something was added behind.`
    case 'KEY_UNKNOWN':
      return `${file} was signed with the key ${check.key}, which is none of those given here: it was made by another deployment, or by somebody else.`
    case 'MANIFEST_CHANGED':
      return `${file}: its last line, the manifest, was changed after it was signed with the key ${check.key}. Nothing can be said of the other lines.`
    case 'LINES_DIFFER':
      return `${file} is not as it was exported at ${check.manifest.madeAt}:`
  }
}

function differencesIn(check: ExportCheck): string[] {
  if (check.ok || check.code !== 'LINES_DIFFER') return []
  const { differences } = check
  if (differences.length === 0) return ['  the end of its last line is missing.']
  const more = differences.length - MOST
  return [
    ...differences.slice(0, MOST).map((one) => `  ${sayingOf(one)}.`),
    ...(more > 0 ? [`  and ${more} more.`] : []),
  ]
}

function sayingOf(difference: LineDifference): string {
  const { kind, line } = difference
  switch (kind) {
    case 'CHANGED':
      return `line ${line} was changed`
    case 'ADDED':
      return `line ${line} was added`
    case 'REMOVED':
      return `line ${line} of the export was removed`
    case 'MOVED':
      return `line ${line} was moved there: it was line ${difference.wasLine}`
  }
}

function shown(check: ExportCheck) {
  if (!('manifest' in check)) return check
  const { lines: _, ...manifest } = check.manifest
  return check.ok
    ? { ok: true, manifest }
    : {
        ok: false,
        code: check.code,
        manifest,
        differences: check.differences.slice(0, MOST),
        count: check.differences.length,
      }
}
