import { hash } from 'node:crypto'

/** As many bytes of a line's SHA-256 are kept as tell lines apart; the whole file's SHA-256 is kept in full. */
const BYTES = 6

/** The hashes of a file's lines, in their order. */
export type LineHashes = {
  add(line: string | Uint8Array): void
  /** All of them, one after the other. */
  bytes(): Buffer
}

export function lineHashes(): LineHashes {
  let bytes = Buffer.alloc(BYTES * 1024)
  let length = 0
  return {
    add(line) {
      if (length === bytes.length) bytes = Buffer.concat([bytes], bytes.length * 2)
      length += hash('sha256', line, 'buffer').copy(bytes, length, 0, BYTES)
    },
    bytes: () => bytes.subarray(0, length),
  }
}

/** How many lines these are the hashes of. */
export const countOf = (hashes: Uint8Array): number => Math.floor(hashes.length / BYTES)

/** The hash of one line, counted from 0, as text to compare. */
export const hashAt = (hashes: Buffer, line: number): string =>
  hashes.toString('latin1', line * BYTES, (line + 1) * BYTES)
