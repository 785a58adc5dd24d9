// Work on calendars and bookings that fails for a reason that nobody foresaw: it is tried again, and a person is told.
import { redactedText } from '../../infrastructure/logging/redaction.ts'
import type { Clock } from '../../ports/clock.ts'
import { type Kind, type WorkKind, workKinds } from '../../ports/signal-queue/signal-queue.ts'
import { UNEXPECTED, type WorkedOutcome } from '../running/counted-outcomes.ts'
import type { NeedsPerson } from './need.ts'

/** So long after the last one a person is told: longer than the longest wait between two tries. */
const TOLD_MS = 3_600_000
/** For so long nothing else comes out of the work before it counts as standing still. */
const STILL_MS = 60_000
/** Characters of the newest error that are shown. */
const FIRST_WORDS = 200

const named: { readonly [kind in WorkKind]: string } = {
  calendar: 'Fetches of calendars',
  booking: 'Looks at bookings',
  references: 'Questions to Cal.com for the events of bookings',
  host: 'Imports of bookings from Cal.com',
  apply: 'Calls that carry changes out in Cal.com',
}

type Failures = { count: number; first: Temporal.Instant; last: Temporal.Instant; words: string }

export type UnforeseenFailures = {
  worked(kind: Kind, outcome: WorkedOutcome): void
  /** One entry for each kind of work that so failed within the last hour. */
  needsPerson(): NeedsPerson[]
  /** Rejects while nothing but unforeseen failures has come out of the work for a minute. */
  ready(): Promise<void>
}

/** Counts the unforeseen failures of this process, and tells whether anything else comes out of its work. */
export function unforeseenFailures({ now }: Pick<Clock, 'now'>): UnforeseenFailures {
  const failing = new Map<Kind, Failures>()
  let alone: Pick<Failures, 'first' | 'last'> | undefined

  const isPast = ({ last }: Pick<Failures, 'last'>) => msBetween(last, now()) > TOLD_MS

  const recent = (kind: Kind): Failures | undefined => {
    const known = failing.get(kind)
    return known && isPast(known) ? undefined : known
  }

  return {
    worked(kind, outcome) {
      // A subject given back says nothing of the work.
      if (outcome === 'released') return
      if (outcome.kind !== 'failed' || outcome.code !== UNEXPECTED) {
        alone = undefined
        return
      }
      const last = now()
      const { count = 0, first = last } = recent(kind) ?? {}
      failing.set(kind, { count: count + 1, first, last, words: firstWords(outcome.words ?? '') })
      alone = { first: alone && !isPast(alone) ? alone.first : last, last }
    },
    needsPerson: () =>
      workKinds.flatMap((kind) => {
        const failures = recent(kind)
        return failures ? [entryOf(kind, failures)] : []
      }),
    async ready() {
      if (alone && !isPast(alone) && msBetween(alone.first, alone.last) >= STILL_MS)
        throw new Error('nothing but unforeseen failures comes out of the work')
    },
  }
}

const msBetween = (from: Temporal.Instant, to: Temporal.Instant) => to.since(from).total('milliseconds')

const firstWords = (text: string) => redactedText(text).slice(0, FIRST_WORDS).toWellFormed()

const entryOf = (kind: WorkKind, { count, first, words }: Failures): NeedsPerson => ({
  code: 'UNFORESEEN_FAILURES',
  sentence: `${named[kind]} failed ${count === 1 ? 'once' : `${count} times`} for a reason that nobody foresaw, the last one with: ${words}`,
  next: 'It is tried again by itself. Report it with the log line "work failed, retrying", and restart this process if it lasts.',
  since: first.toString(),
})
