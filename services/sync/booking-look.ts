// Looking at one booking: its event in the calendar, then Cal.com's own view, and only then the decision. Each turn of
// the loop is a fresh look; whatever cannot be learned is never taken for a deletion (docs/rules.md, "look twice").
import { bookingAggregate } from '../../commands/aggregates.ts'
import { applyLook } from '../../commands/apply-look.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute, load } from '../../commands/execute.ts'
import { lookContextFor } from '../../commands/look-context.ts'
import { fingerprintOf, isSpokenOf, type Look, type LookContext } from '../../domain/booking/look.ts'
import { findByAnyName, type Reference } from '../../domain/booking/references.ts'
import { decideLook } from '../../domain/booking/rules.ts'
import { moveReference } from '../../domain/booking/series-change.ts'
import type { OpenBooking } from '../../domain/booking/state.ts'
import type { ExternalEvent } from '../../domain/external-event.ts'
import type { Answer, CalendarAccess } from '../../ports/calendar-provider.ts'
import type { Claim } from '../../ports/signal-queue/signal-queue.ts'
import { consultCalcom } from '../calcom/calcom-view.ts'
import { accessTo } from '../calendars/calendar-access.ts'
import { suspendForCredential } from '../channels/suspension.ts'
import { retryDelay } from '../running/retry-delay.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { done, type SubjectOutcome } from '../running/subject-outcome.ts'
import { underBrake } from './brake.ts'
import { type LookMemo, memoOf, readLookMemo, remainingGrace, writeLookMemo } from './look-memo.ts'
import { findInSeries } from './series-resolution.ts'

const LOOKS = 6

/** After Cal.com rescheduled a booking it names the event soon, or never: asked again so often at first, for an hour. */
const UNCONFIRMED_MS = 1_000
const PATIENCE_MS = 3_600_000

/** Looks at every event that the booking refers to. */
export async function lookAtBooking(
  ports: ServicePorts,
  claim: Claim,
  signal: AbortSignal,
): Promise<SubjectOutcome> {
  const memo = readLookMemo(claim.memo)
  const { state } = await load(ports.events, bookingAggregate, claim.key)
  if (state.kind !== 'OPEN') return done
  let outcome: SubjectOutcome = done
  for (const reference of state.references) {
    const one = await lookAtReference(ports, claim, reference, memo, signal)
    if (outcome.kind !== 'failed' && one.kind !== 'done') outcome = one
  }
  return outcome
}

async function lookAtReference(
  ports: ServicePorts,
  claim: Claim,
  linked: Reference,
  memo: LookMemo,
  signal: AbortSignal,
): Promise<SubjectOutcome> {
  const context = contextOf(ports, 'sync-worker', claim.cause)
  const kept = memoOf(memo, linked.stored)
  const reached = await accessTo(ports, linked.stored.calendarKey)
  for (let turn = 0; turn < LOOKS; turn++) {
    const { state } = await load(ports.events, bookingAggregate, claim.key)
    const reference = currentName(state.kind === 'OPEN' ? state : undefined, linked)
    if (state.kind !== 'OPEN' || reference === undefined) return done
    const observedAt = ports.now()
    if (Temporal.Instant.compare(state.times.start, observedAt) <= 0) return done

    const seen = reached.ok
      ? await lookAtEvent(ports, reached.access, state, reference, memo, signal)
      : reached
    if (!seen.ok && seen.code === 'SERIES_CHANGED') return done
    if (!seen.ok && signal.aborted)
      return { kind: 'failed', code: 'ABORTED', retryInMs: 0, memo: writeLookMemo(memo) }
    const now = ports.now()
    if (seen.ok) delete kept.unknownSince
    else kept.unknownSince ??= now
    const look: Look = {
      provider: reference.stored.provider,
      calendarKey: reference.stored.calendarKey,
      externalEventId: reference.stored.externalEventId,
      observedAt,
      result: seen.ok ? { seen: seen.value } : { unknown: seen.code },
    }
    const lookContext = await contextForLook(ports, state, reference, memo, kept.unknownSince)
    const preview = decideLook(state, look, lookContext)
    if (!seen.ok) {
      await applyLook(ports, context, claim.key, look, lookContext)
      await suspendForCredential(ports, context, reference.stored.calendarKey, seen)
      const retryInMs = retryDelay(claim.failures, ports.random, seen.retryAfterMs)
      return { kind: 'failed', code: seen.code, retryInMs, memo: writeLookMemo(memo) }
    }
    if (await renamed(ports, context, state, reference, seen.value)) continue
    if (preview.code === 'LOOK_AGAIN') continue
    if (!preview.acts) {
      const { decision } = await applyLook(ports, context, claim.key, look, lookContext)
      if (decision.code === 'LOOK_AGAIN') continue
      return done
    }

    const fingerprint = fingerprintOf(seen.value)
    const firstSight = memo.seen !== fingerprint && kept.seen !== fingerprint
    kept.seen = fingerprint
    kept.actsSince ??= now
    if (firstSight) continue
    const view = await consultCalcom(ports, context, state, reference, signal)
    if (view.kind === 'news') continue
    if (view.kind === 'failed') {
      const retryInMs = retryDelay(claim.failures, ports.random, view.retryAfterMs)
      return { kind: 'failed', code: `CALCOM_${view.code}`, retryInMs, memo: writeLookMemo(memo) }
    }
    const acted = now.since(kept.actsSince).total('milliseconds')
    if (view.kind === 'unconfirmed' && acted < PATIENCE_MS) {
      const inMs = Math.max(UNCONFIRMED_MS, acted / 2)
      return { kind: 'again', inMs, memo: writeLookMemo(memo) }
    }
    const cancels = preview.events.some(({ type }) => type === 'BookingCancelled')
    if (cancels) kept.goneSince ??= now
    else delete kept.goneSince
    const wait = remainingGrace(kept, now, {
      echoGraceMs: view.kind === 'none' ? ports.settings.echoGraceMs : 0,
      cancelGraceMs: cancels ? ports.settings.cancelGraceMs : 0,
    })
    if (wait > 0) return { kind: 'again', inMs: wait, memo: writeLookMemo(memo) }
    const act = () => applyLook(ports, context, claim.key, look, lookContext)
    const { calendarKey } = reference.stored
    const applied =
      cancels && !isSpokenOf(seen.value, memo.releasedAt)
        ? await underBrake(ports, context, { calendarKey, bookingUid: claim.key }, act)
        : await act()
    if (applied?.decision.code !== 'LOOK_AGAIN') return done
  }
  // Facts keep coming in faster than looks: later, without counting it as a failure of anybody's.
  return { kind: 'again', inMs: 1_000, memo: writeLookMemo(memo) }
}

/** The reference as it is named now: it may have been unlinked, or renamed by a look of this very loop. */
function currentName(booking: OpenBooking | undefined, linked: Reference): Reference | undefined {
  return booking && findByAnyName(booking, linked.stored)
}

async function contextForLook(
  ports: ServicePorts,
  booking: OpenBooking,
  reference: Reference,
  memo: LookMemo,
  unknownSince: Temporal.Instant | undefined,
): Promise<LookContext> {
  const base = await lookContextFor(ports, booking, reference.stored.calendarKey)
  const unknownForMs =
    unknownSince === undefined ? 0 : base.now.epochMilliseconds - unknownSince.epochMilliseconds
  return {
    ...base,
    unknownForMs,
    ...(memo.releasedAt && { releasedAt: memo.releasedAt }),
    ...(memo.discardedAt && { discardedAt: memo.discardedAt }),
    ...(memo.firstLook && { firstLook: true }),
  }
}

/**
 * An instance that seems gone is looked for in its series first: its id changes when the series is edited. So is one
 * that is linked under the name of its series: what answers to that name is the first of them.
 */
async function lookAtEvent(
  ports: ServicePorts,
  access: CalendarAccess,
  booking: OpenBooking,
  reference: Reference,
  memo: LookMemo,
  signal: AbortSignal,
): ReturnType<typeof findInSeries> {
  const { externalEventId, recurringEventId } = reference.stored
  const answer: Answer<ExternalEvent> =
    externalEventId === recurringEventId
      ? { ok: false, code: 'NOT_FOUND', reason: 'namedBySeries' }
      : await ports.provider.event({ ...access, eventId: externalEventId }, signal)
  const gone = answer.ok
    ? answer.value.status === 'cancelled'
    : answer.code === 'NOT_FOUND' || answer.code === 'GONE'
  if (!gone || recurringEventId === undefined) return answer
  const known = { answer, seriesEnded: memo.seriesEnded === true }
  return findInSeries(ports, access, booking, reference, known, signal)
}

/** Keeps up with the event's series: an instance belongs to another master once the series was split. */
async function renamed(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  reference: Reference,
  event: ExternalEvent,
): Promise<boolean> {
  const { recurringEventId, originalStart, id } = event
  const { stored } = reference
  const sameName = id === stored.externalEventId && recurringEventId === stored.recurringEventId
  if (sameName || recurringEventId === undefined || event.status === 'cancelled') return false
  const to = {
    ...stored,
    externalEventId: id,
    recurringEventId,
    ...(originalStart && { originalStart: originalStart.toString() }),
  }
  const result = await execute(ports, context, bookingAggregate, booking.bookingUid, (state) =>
    moveReference(state, { from: stored, to, at: ports.now().toString() }),
  )
  return result.ok && result.events.length > 0
}
