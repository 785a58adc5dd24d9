// Which of two versions of an event is the newer one.
import type { ExternalEvent } from '../external-event.ts'
import { isBefore } from '../times.ts'
import type { Watermark } from './references.ts'

type Version = Pick<ExternalEvent, 'etag' | 'updated'>

/** Written before the version that was decided last. */
export function isOlder(event: Version, { fingerprint, updated }: Watermark): boolean {
  if (updated === undefined) return false
  if (event.updated) return isBefore(event.updated, updated)
  // A tombstone has no `updated`. Its etag tells, where that of the decided version told the same as its `updated`.
  const [decided, at] = [writtenByEtag(fingerprint.split(' ')[0]), writtenByEtag(event.etag)]
  if (decided === undefined || at === undefined) return false
  return at < decided && Math.abs(decided - updated.epochMilliseconds) < 1_000
}

/** Of two versions where each says when it was written. */
export function isNewer(one: Version, than: Version): boolean {
  const [a, b] = [writtenAt(one), writtenAt(than)]
  return a !== undefined && b !== undefined && a > b
}

const writtenAt = ({ etag, updated }: Version): number | undefined =>
  writtenByEtag(etag) ?? updated?.epochMilliseconds

/** Epoch milliseconds: but for imports, an etag is twice the microseconds of `updated`, and so the finer one. */
function writtenByEtag(etag: string | undefined): number | undefined {
  const written = Number(etag?.replaceAll('"', ''))
  return Number.isSafeInteger(written) && written > 1e15 ? written / 2_000 : undefined
}
