import type { Document } from '../../ports/read-store/read-store.ts'

/** What one look leaves for the next. Lost without harm: the waits begin again. */
export type LookMemo = {
  /** The version of an event that a list showed to call for action. */
  seen?: string
  /** When a person released it. */
  releasedAt?: Temporal.Instant
  /** When a person discarded it. */
  discardedAt?: Temporal.Instant
  /** The look that follows a link. */
  firstLook?: boolean
  /** A fetch showed that the booking's series ends before it and goes on under no other id. */
  seriesEnded?: boolean
  /** By the name of each event that the booking refers to: one that answers says nothing of another that does not. */
  of: Map<string, EventMemo>
}

export type EventMemo = {
  /** The version that the last look showed to call for action. */
  seen?: string
  /** Since when it calls for action. */
  actsSince?: Temporal.Instant
  /** Since when the event is seen as gone. */
  goneSince?: Temporal.Instant
  /** Since when nothing could be learned. */
  unknownSince?: Temporal.Instant
}

const spoken = ['releasedAt', 'discardedAt'] as const
const instants = ['actsSince', 'goneSince', 'unknownSince'] as const

/** What is kept of one event; changed in place. */
export function memoOf(memo: LookMemo, name: { calendarKey: string; externalEventId: string }): EventMemo {
  const key = `${name.calendarKey}/${name.externalEventId}`
  const known = memo.of.get(key) ?? {}
  memo.of.set(key, known)
  return known
}

export function readLookMemo(document: Document | undefined): LookMemo {
  const memo: LookMemo = { of: new Map() }
  if (typeof document?.seen === 'string') memo.seen = document.seen
  for (const name of spoken) {
    const at = document?.[name]
    if (typeof at === 'string') memo[name] = Temporal.Instant.from(at)
  }
  if (document?.firstLook === true) memo.firstLook = true
  if (document?.seriesEnded === true) memo.seriesEnded = true
  for (const [name, kept] of Object.entries(fields(document?.of))) memo.of.set(name, readEventMemo(kept))
  return memo
}

function readEventMemo(kept: unknown): EventMemo {
  const memo: EventMemo = {}
  const values = fields(kept)
  if (typeof values.seen === 'string') memo.seen = values.seen
  for (const name of instants) {
    const value = values[name]
    if (typeof value === 'string') memo[name] = Temporal.Instant.from(value)
  }
  return memo
}

const fields = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {}

export function writeLookMemo(memo: LookMemo): Document {
  const of: { [name: string]: Document } = {}
  for (const [name, kept] of memo.of) of[name] = writeEventMemo(kept)
  return {
    ...(memo.seen !== undefined && { seen: memo.seen }),
    ...(memo.releasedAt && { releasedAt: memo.releasedAt.toString() }),
    ...(memo.discardedAt && { discardedAt: memo.discardedAt.toString() }),
    ...(memo.firstLook && { firstLook: true }),
    ...(memo.seriesEnded && { seriesEnded: true }),
    of,
  }
}

function writeEventMemo(memo: EventMemo): Document {
  const document: Document = {}
  if (memo.seen !== undefined) document.seen = memo.seen
  for (const name of instants) {
    const value = memo[name]
    if (value !== undefined) document[name] = value.toString()
  }
  return document
}

/** Milliseconds still to wait: each grace runs from its own beginning, side by side. */
export function remainingGrace(
  memo: EventMemo,
  now: Temporal.Instant,
  graces: { echoGraceMs: number; cancelGraceMs: number },
): number {
  const left = (since: Temporal.Instant | undefined, grace: number) =>
    grace - (now.epochMilliseconds - (since ?? now).epochMilliseconds)
  return Math.max(0, left(memo.actsSince, graces.echoGraceMs), left(memo.goneSince, graces.cancelGraceMs))
}
