// Looks at one booking: see its events, follow those with another name or calendar, decide, confirm, weigh, record. Each
// attempt looks afresh and decides once. A step that learns a fact ends the attempt. An event that cannot be read is never
// taken for a deletion (docs/rules.md, "look twice").
import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { append, type Loaded, load } from '../../commands/execute.ts'
import { lookContextFor } from '../../commands/look-context.ts'
import { waitAgain } from '../../domain/backoff.ts'
import { decisions, type HeldCode, isCancellation } from '../../domain/booking/decisions.ts'
import type { Claim, Look, LookContext, LookDecision } from '../../domain/booking/look.ts'
import { decideLook } from '../../domain/booking/rules.ts'
import type { Booking, OpenBooking } from '../../domain/booking/state.ts'
import type { Cause } from '../../domain/event-metadata.ts'
import { defined } from '../../domain/optional-fields.ts'
import { isBefore } from '../../domain/times.ts'
import type { Lease } from '../../ports/signal-queue/signal-queue.ts'
import { readClaims } from '../../projections/claims.ts'
import { resolveClosing } from '../calcom/closing.ts'
import { flag, UNFOUND_MS } from '../calcom/flag.ts'
import { askForHostsEvents, askOnceMore } from '../calcom/late-references.ts'
import { retryDelay } from '../running/retry-delay.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { done, type SubjectOutcome } from '../running/subject-outcome.ts'
import type { Brake, Change } from './brake.ts'
import { confirm } from './confirm.ts'
import { lookElsewhere } from './elsewhere.ts'
import { follow } from './follow.ts'
import { lookAtEnded } from './look-ended.ts'
import { type LookMemo, note, readLookMemo, writeLookMemo } from './look-memo.ts'
import { learnRules } from './series-rule.ts'
import { type Sights, see } from './sights.ts'

const ATTEMPTS = 6
/** Shortest and longest time before a booking is looked at again by itself. */
const AGAIN = { firstMs: 1_000, longestMs: 900_000 }
/** Cal.com mostly writes the event within a minute. The calendar's own push then has the booking looked at. */
const ECHO_AGAIN = { firstMs: 60_000, longestMs: 3_600_000 }
const UNFOUND_AGAIN = { firstMs: 1_000, longestMs: 3_600_000 }

const LOOK_AGAIN: Cause = { poll: true, reason: 'LOOK_AGAIN' }

type Looking = {
  ports: ServicePorts
  context: CommandContext
  memo: LookMemo
  failures: number
  signal: AbortSignal
}

/** Looks at a booking until a decision is final. The brake weighs a decision that acts. */
export async function lookAtBooking(
  ports: ServicePorts,
  brake: Brake,
  lease: Lease,
  signal: AbortSignal,
): Promise<SubjectOutcome> {
  const memo = readLookMemo(lease.memo)
  const context = contextOf(ports, 'sync-worker', lease.cause)
  const looking: Looking = { ports, context, memo, failures: lease.failures, signal }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const loaded = await load(ports.events, bookingAggregate, lease.key)
    const booking = loaded.state
    if (booking.kind !== 'OPEN') return lookAtEnded(ports, context, booking, signal)
    if (!isBefore(ports.now(), booking.times.start)) return done
    const outcome = await lookOnce(looking, brake, loaded, booking)
    if (outcome !== 'nextAttempt') return outcome
  }
  // Facts arrive faster than looks. The booking is looked at later, and no failure is counted.
  return again(looking, 1_000)
}

/**
 * `acts`: Cal.com was asked, and the change would be published, at once or after its grace. `recordHeld` records a hold
 * instead of the change; false if the booking has changed meanwhile. `unasked`: Cal.com could not be asked. `waits`: all
 * else.
 */
export type Rehearsal =
  | { kind: 'acts'; change: Change; recordHeld(reason: HeldCode): Promise<boolean> }
  | { kind: 'unasked'; code: string; retryAfterMs?: number }
  | { kind: 'waits' }

const waits: Rehearsal = { kind: 'waits' }

/** Looks at a booking without publishing. Facts that the look learns are recorded all the same. */
export async function rehearseLook(
  ports: ServicePorts,
  context: CommandContext,
  bookingUid: string,
  memo: LookMemo,
  signal: AbortSignal,
): Promise<Rehearsal> {
  const looking: Looking = { ports, context, memo, failures: 0, signal }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const loaded = await load(ports.events, bookingAggregate, bookingUid)
    const { state } = loaded
    if (state.kind !== 'OPEN' || state.closing || !isBefore(ports.now(), state.times.start)) return waits
    const looked = await decideOnce(looking, state)
    if (looked === 'nextAttempt') continue
    if (looked === 'unfound' || !looked?.decision.acts) return waits
    const confirmed = await confirm(ports, context, state, { ...looked, memo }, signal)
    if (confirmed.kind === 'nextAttempt') continue
    if (confirmed.kind === 'failed') return { ...confirmed, kind: 'unasked' }
    if (confirmed.kind !== 'confirmed' && confirmed.kind !== 'grace') return waits
    const recordHeld = async (reason: HeldCode) =>
      (await recordAsHeld(looking, loaded, looked, reason)) !== 'CONFLICT'
    return { kind: 'acts', change: changeOf(looked.decision), recordHeld }
  }
  return waits
}

/** Records that the change waits for a person, in place of the change. */
async function recordAsHeld(
  { ports, context }: Looking,
  loaded: Loaded<Booking>,
  { sights, lookContext }: Looked,
  held: HeldCode,
) {
  const { code, events } = decideLook(loaded.state, sights.look, { ...lookContext, held })
  const recorded = await append<'booking', Booking>(ports, context, loaded, events)
  if (recorded !== 'CONFLICT') ports.onDecision?.(code)
  return recorded
}

const changeOf = ({ code }: LookDecision): Change => (isCancellation(code) ? 'CANCELLATION' : 'MOVE')

async function lookOnce(
  looking: Looking,
  brake: Brake,
  loaded: Loaded<Booking>,
  booking: OpenBooking,
): Promise<SubjectOutcome | 'nextAttempt'> {
  const { ports, context, memo, signal } = looking
  const { closing, bookingUid } = booking
  if (closing) {
    const ended = await resolveClosing(ports, context, { ...booking, closing }, signal)
    if (ended.kind === 'resolved') return 'nextAttempt'
    return ended.kind === 'again'
      ? again(looking, ended.inMs)
      : failed(looking, { ...ended, code: `CALCOM_${ended.code}` })
  }
  const looked = await decideOnce(looking, booking)
  if (looked === 'nextAttempt') return 'nextAttempt'
  if (looked === 'unfound') return again(looking, await tellUnfound(looking, booking))
  if (looked === undefined) return signal.aborted ? aborted(looking) : done
  const { decision, lastingMs, sights } = looked
  const record = () => append<'booking', Booking>(ports, context, loaded, decision.events)

  if (decision.acts || decision.asks) {
    const confirmed = await confirm(ports, context, booking, { decision, lastingMs, memo }, signal)
    if (confirmed.kind === 'nextAttempt') return 'nextAttempt'
    if (confirmed.kind === 'nothing') return done
    if (confirmed.kind === 'again' || confirmed.kind === 'grace') return again(looking, confirmed.inMs)
    if (confirmed.kind === 'failed') return failed(looking, confirmed)
  }
  if (decision.acts) {
    const [event] = decision.events
    if (event === undefined || !('calendarKey' in event.data)) return done
    const { calendarKey } = event.data
    const weighed = {
      calendarKey,
      bookingUid,
      change: changeOf(decision),
      released: decision.released === true,
    }
    const carryOut = async () => {
      const carried = await record()
      if (carried !== 'CONFLICT') ports.onDecision?.(decision.code)
      return carried
    }
    const recordHeld = (reason: HeldCode) => recordAsHeld(looking, loaded, looked, reason)
    if ((await brake.weigh(context, weighed, carryOut, recordHeld)) === 'CONFLICT') return 'nextAttempt'
    await learnRules(ports, context, booking, signal)
    return done
  }
  await flagDifference(looking, booking, looked)
  if (decision.code === 'LOOK_AGAIN' || (await record()) === 'CONFLICT') return 'nextAttempt'
  ports.onDecision?.(decision.code)
  await learnRules(ports, context, booking, signal)
  if (decision.code === 'REFERENCE_UNCONFIRMED') await askOnceMore(ports, bookingUid, LOOK_AGAIN)
  if (decision.code === 'REASSIGNED') await askForHostsEvents(ports, bookingUid, context.cause)
  const [failure] = sights.failures
  if (failure) return failed(looking, failure)
  if (decision.code === 'TIMES_DIFFER') return again(looking, waitAgain(lastingMs, ECHO_AGAIN))
  return decisions[decision.code].looksAgain ? again(looking, waitAgain(lastingMs, AGAIN)) : done
}

type Looked = { decision: LookDecision; lastingMs: number; sights: Sights; lookContext: LookContext }

/**
 * Sees, follows, decides. Undefined if a person was told, or the process stops. `unfound`: Cal.com did not say in which
 * calendar the events are, and none of the host's calendars has them.
 */
async function decideOnce(
  looking: Looking,
  booking: OpenBooking,
): Promise<Looked | 'nextAttempt' | 'unfound' | undefined> {
  const { ports, context, memo, signal } = looking
  const here = await see(ports, context, booking, { seriesEnded: isSeriesEnded(memo) }, signal)
  if (here === undefined || signal.aborted) return undefined
  if (await follow(ports, context, booking, here.look)) return 'nextAttempt'
  const elsewhere = await lookElsewhere(ports, context, booking, here, signal)
  if (signal.aborted) return undefined
  if (elsewhere.kind === 'moved') return 'nextAttempt'
  if (elsewhere.kind === 'told') return undefined
  if (elsewhere.kind === 'unfound') return 'unfound'
  if (booking.flags.includes('EVENT_NOT_FOUND'))
    await flag(ports, context, booking.bookingUid, unfound(false))
  const { sights } = elsewhere
  const lookContext = await contextFor(ports, booking, sights.look, memo)
  const decision = decideLook(booking, sights.look, lookContext)
  return { decision, lastingMs: note(memo, decision.code, ports.now()), sights, lookContext }
}

/** A release or discard speaks of what a fetch had shown: the series has ended for the booking. */
const isSeriesEnded = ({ seriesEnded, releasedAt, discardedAt }: LookMemo): boolean =>
  seriesEnded === true || releasedAt !== undefined || discardedAt !== undefined

/** Tells a person once no calendar has had the event for long. Returns the milliseconds until the next look. */
async function tellUnfound({ ports, context, memo }: Looking, { bookingUid }: OpenBooking): Promise<number> {
  const lastingMs = note(memo, 'EVENT_NOT_FOUND', ports.now())
  if (lastingMs >= UNFOUND_MS) await flag(ports, context, bookingUid, unfound(true))
  return waitAgain(lastingMs, UNFOUND_AGAIN)
}

/** Tells a person while an event goes on showing other times than its booking. */
async function flagDifference(
  { ports, context }: Looking,
  { bookingUid, flags }: OpenBooking,
  { decision: { code }, lastingMs }: Looked,
): Promise<void> {
  const lasts = code === 'TIMES_DIFFER' && lastingMs >= (decisions[code].afterMs ?? 0)
  const raised = flags.includes('TIMES_DIFFER')
  if (lasts || (raised && code !== 'TIMES_DIFFER'))
    await flag(ports, context, bookingUid, { code: 'TIMES_DIFFER', raised: lasts })
}

const unfound = (raised: boolean) => ({ code: 'EVENT_NOT_FOUND', raised }) as const

async function contextFor(
  ports: ServicePorts,
  booking: OpenBooking,
  look: Look,
  memo: LookMemo,
): Promise<LookContext> {
  const [first] = booking.references
  const base = await lookContextFor(ports, booking, first?.stored.calendarKey ?? '')
  // A look that may act waits for the read model, so that every earlier link is known.
  if (memo.calledBy !== undefined) await ports.caughtUp('booking-references')
  const claims: Claim[] = await readClaims(ports.readStore, look)
  const { since, releasedAt, discardedAt, firstLook } = memo
  return {
    ...base,
    claims,
    ...(since && {
      lasting: { code: since.code, ms: base.now.epochMilliseconds - since.at.epochMilliseconds },
    }),
    ...defined({ releasedAt, discardedAt }),
    ...(firstLook && { firstLook }),
  }
}

const again = ({ memo }: Looking, inMs: number): SubjectOutcome => ({
  kind: 'again',
  inMs,
  memo: writeLookMemo(memo),
})

const aborted = ({ memo }: Looking): SubjectOutcome => ({
  kind: 'failed',
  code: 'ABORTED',
  retryInMs: 0,
  memo: writeLookMemo(memo),
})

const failed = (
  { ports, memo, failures }: Looking,
  { code, retryAfterMs }: { code: string; retryAfterMs?: number },
): SubjectOutcome => ({
  kind: 'failed',
  code,
  retryInMs: retryDelay(failures, ports.random, retryAfterMs),
  memo: writeLookMemo(memo),
})
