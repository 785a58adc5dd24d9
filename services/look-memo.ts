import type { Document } from '../infrastructure/read-store/read-store.ts'

/** What one look leaves for the next. Lost without harm: the waits begin again. */
export type LookMemo = {
  /** The version of the event that an earlier sight (a list, a look) showed to call for action. */
  seen?: string
  /** Since when it calls for action. */
  actsSince?: Temporal.Instant
  /** Since when the event is seen as gone. */
  goneSince?: Temporal.Instant
  /** Since when nothing could be learned. */
  unknownSince?: Temporal.Instant
  /** A person released it. */
  released?: boolean
  /** The look that follows a link. */
  firstLook?: boolean
}

const instants = ['actsSince', 'goneSince', 'unknownSince'] as const

export function readLookMemo(document: Document | undefined): LookMemo {
  const memo: LookMemo = {}
  if (typeof document?.seen === 'string') memo.seen = document.seen
  if (document?.released === true) memo.released = true
  if (document?.firstLook === true) memo.firstLook = true
  for (const name of instants) {
    const value = document?.[name]
    if (typeof value === 'string') memo[name] = Temporal.Instant.from(value)
  }
  return memo
}

export function writeLookMemo(memo: LookMemo): Document {
  const document: Document = {}
  if (memo.seen !== undefined) document.seen = memo.seen
  if (memo.released) document.released = true
  if (memo.firstLook) document.firstLook = true
  for (const name of instants) {
    const value = memo[name]
    if (value !== undefined) document[name] = value.toString()
  }
  return document
}

/** Milliseconds still to wait: each grace runs from its own beginning, side by side. */
export function remainingGrace(
  memo: LookMemo,
  now: Temporal.Instant,
  graces: { echoGraceMs: number; cancelGraceMs: number },
): number {
  const left = (since: Temporal.Instant | undefined, grace: number) =>
    grace - (now.epochMilliseconds - (since ?? now).epochMilliseconds)
  return Math.max(0, left(memo.actsSince, graces.echoGraceMs), left(memo.goneSince, graces.cancelGraceMs))
}
