import { z } from 'zod'

/** The last line of an export tells what the lines before it are. */
export const Manifest = z.object({
  format: z.literal('calendar-sync-export'),
  version: z.literal(1),
  /** RFC 3339 in UTC. */
  madeAt: z.string(),
  /** As it was asked for; all events where it names nothing. */
  selection: z.object({
    from: z.string().optional(),
    to: z.string().optional(),
    category: z.string().optional(),
    bookingUid: z.string().optional(),
  }),
  /** The position of the event store's end when the export was begun. */
  upTo: z.string(),
  events: z.int(),
  categories: z.record(z.string(), z.int()),
  /** Positions of the first and the last event; null where there is none. */
  first: z.string().nullable(),
  last: z.string().nullable(),
  /** SHA-256 of all lines before this one with their line ends, in hexadecimal digits. */
  sha256: z.string(),
  /** The first six bytes of the SHA-256 of each line without its end, one after the other, in base64. */
  lines: z.base64(),
  /** The id of the key that it is signed with. */
  key: z.string(),
})
export type Manifest = z.infer<typeof Manifest>

/** The manifest as it stands in a file, and the signature of its very text. */
export type SignedManifest = { text: string; manifest: Manifest; signature: Buffer }

const BEGIN = '{"manifest":'

/** The signature is over the manifest's JSON as it stands in the line (UTF-8), in base64. */
export function manifestLine(manifest: Manifest, sign: (data: Uint8Array) => Uint8Array): string {
  const text = JSON.stringify(manifest)
  const signature = Buffer.from(sign(Buffer.from(text))).toString('base64')
  return `${BEGIN}${text},"signature":"${signature}"}`
}

export const isManifestLine = (line: Buffer): boolean => line.toString('latin1', 0, BEGIN.length) === BEGIN

/** Undefined where the line is not one, or is of another version. */
export function readManifestLine(line: Buffer): SignedManifest | undefined {
  const [, text = '', signature = ''] =
    /^\{"manifest":(\{.*\}),"signature":"([A-Za-z0-9+/]+={0,2})"\}$/s.exec(line.toString()) ?? []
  const read = Manifest.safeParse(parsed(text))
  return read.success ? { text, manifest: read.data, signature: Buffer.from(signature, 'base64') } : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
