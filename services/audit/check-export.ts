import { createHash } from 'node:crypto'
import { isSignedBy, type SigningKey } from '../../infrastructure/config/signing-key.ts'
import { type LineDifference, lineDifferences } from './line-differences.ts'
import { lineHashes } from './line-hashes.ts'
import { isManifestLine, type Manifest, readManifestLine } from './manifest.ts'

/** Whether a file is the export that was signed, and in what it is not. */
export type ExportCheck =
  | { ok: true; manifest: Manifest }
  | { ok: false; code: 'NO_MANIFEST' | 'KEY_UNKNOWN' | 'MANIFEST_CHANGED'; key?: string }
  | { ok: false; code: 'LINES_DIFFER'; manifest: Manifest; differences: LineDifference[] }

type PublicKey = Pick<SigningKey, 'id' | 'publicKey'>

/** Reads an export from its bytes, and compares it with its manifest, which one of the keys has to have signed. */
export async function checkExport(
  bytes: AsyncIterable<Uint8Array>,
  keys: readonly PublicKey[],
): Promise<ExportCheck> {
  const whole = createHash('sha256')
  const lines = lineHashes()
  let manifestOf: Buffer | undefined
  let endsWell = true
  let behind = 0
  for await (const { line, ended } of linesOf(bytes)) {
    if (manifestOf === undefined && isManifestLine(line)) {
      manifestOf = line
      continue
    }
    if (manifestOf !== undefined) behind += 1
    lines.add(line)
    whole.update(line)
    if (ended) whole.update('\n')
    else endsWell = false
  }
  const signed = manifestOf && readManifestLine(manifestOf)
  if (signed === undefined) return { ok: false, code: 'NO_MANIFEST' }
  const { manifest, text, signature } = signed
  const key = keys.find(({ id }) => id === manifest.key)
  if (key === undefined) return { ok: false, code: 'KEY_UNKNOWN', key: manifest.key }
  if (!isSignedBy(key.publicKey, Buffer.from(text), signature))
    return { ok: false, code: 'MANIFEST_CHANGED', key: manifest.key }
  if (endsWell && whole.digest('hex') === manifest.sha256)
    return behind === 0 ? { ok: true, manifest } : { ok: false, code: 'NO_MANIFEST' }
  const differences = lineDifferences(Buffer.from(manifest.lines, 'base64'), lines.bytes())
  return { ok: false, code: 'LINES_DIFFER', manifest, differences }
}

const LINE_END = 0x0a

/** The lines without their ends; `ended`: an end was there, which the very last line may lack. */
async function* linesOf(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ line: Buffer; ended: boolean }, void> {
  let begun: Uint8Array[] = []
  for await (const chunk of bytes) {
    let from = 0
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, from)) {
      yield { line: Buffer.concat([...begun, chunk.subarray(from, end)]), ended: true }
      begun = []
      from = end + 1
    }
    if (from < chunk.length) begun.push(chunk.subarray(from))
  }
  if (begun.length > 0) yield { line: Buffer.concat(begun), ended: false }
}
