import { type DecisionCode, isDecisionCode } from '../../domain/booking/decisions.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { Document } from '../../ports/read-store/read-store.ts'

/** A look's memory for the next look. A loss does no harm: the waits begin again. */
export type LookMemo = {
  /** The version of an event that called for action in a list, or in the look before. Stored as `seen`. */
  calledBy?: string
  /** The code that looks have decided without a break, and since when. */
  since?: { code: DecisionCode; at: Temporal.Instant }
  /** When a person released what was held. */
  releasedAt?: Temporal.Instant
  /** When a person discarded what was held. */
  discardedAt?: Temporal.Instant
  /** This look follows a link. */
  firstLook?: boolean
  /** A fetch showed that the booking's series ends before it and goes on under no other id. */
  seriesEnded?: boolean
}

const instantOf = (value: unknown): Temporal.Instant | undefined =>
  typeof value === 'string' ? Temporal.Instant.from(value) : undefined

export function readLookMemo(document: Document | undefined): LookMemo {
  const { seen: calledBy, code, since, firstLook, seriesEnded } = document ?? {}
  const releasedAt = instantOf(document?.releasedAt)
  const discardedAt = instantOf(document?.discardedAt)
  const at = instantOf(since)
  return {
    ...(typeof calledBy === 'string' && { calledBy }),
    ...(at && typeof code === 'string' && isDecisionCode(code) && { since: { code, at } }),
    ...defined({ releasedAt, discardedAt }),
    ...(firstLook === true && { firstLook }),
    ...(seriesEnded === true && { seriesEnded }),
  }
}

export const writeLookMemo = (memo: LookMemo): Document => ({
  ...defined({
    seen: memo.calledBy,
    code: memo.since?.code,
    since: memo.since?.at.toString(),
    releasedAt: memo.releasedAt?.toString(),
    discardedAt: memo.discardedAt?.toString(),
  }),
  ...(memo.firstLook && { firstLook: true }),
  ...(memo.seriesEnded && { seriesEnded: true }),
})

/** Notes the code of a look. Returns for how many milliseconds looks have decided this code. */
export function note(memo: LookMemo, code: DecisionCode, now: Temporal.Instant): number {
  if (memo.since?.code !== code) memo.since = { code, at: now }
  return now.epochMilliseconds - memo.since.at.epochMilliseconds
}
