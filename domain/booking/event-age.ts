// The age of versions: whether one version of an event is older or newer than another.
import type { ExternalEvent } from '../external-event.ts'
import { isBefore } from '../times.ts'
import type { Watermark } from './references.ts'

type Version = Pick<ExternalEvent, 'etag' | 'updated'>

/** True if the version was written before the version that was decided last. */
export function isOlder(event: Version, { fingerprint, updated }: Watermark): boolean {
  if (updated === undefined) return false
  if (event.updated) return isBefore(event.updated, updated)
  // A tombstone has no `updated`. Use its etag's time, if the decided version's etag agreed with its `updated`.
  const [decided, at] = [writtenByEtag(fingerprint.split(' ')[0]), writtenByEtag(event.etag)]
  if (decided === undefined || at === undefined) return false
  return at < decided && Math.abs(decided - updated.epochMilliseconds) < 1_000
}

/** True if both versions show their time and the first is newer. */
export function isNewer(one: Version, than: Version): boolean {
  const [a, b] = [writtenAt(one), writtenAt(than)]
  return a !== undefined && b !== undefined && a > b
}

const writtenAt = ({ etag, updated }: Version): number | undefined =>
  writtenByEtag(etag) ?? updated?.epochMilliseconds

/**
 * The time of an etag, in epoch milliseconds. Google's etag is twice `updated` in microseconds, except for imports: seen in
 * recorded answers, written nowhere. `updated` itself has milliseconds only.
 */
function writtenByEtag(etag: string | undefined): number | undefined {
  const written = Number(etag?.replaceAll('"', ''))
  return Number.isSafeInteger(written) && written > 1e15 ? written / 2_000 : undefined
}
