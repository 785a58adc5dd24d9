// One fetch of one calendar (Google's onWatchedCalendarChange): everything that changed since the sync token is matched
// with bookings. What decides nothing is recorded at once; what calls for action becomes a signal to look at that
// booking. Only when all of that is durable does the caller complete the fetch with the new token: a crash anywhere
// before repeats from the old one.
import { calendarFeedAggregate } from '../../commands/aggregates.ts'
import { execute } from '../../commands/execute.ts'
import {
  completeFullSync,
  expireSyncToken,
  failFetching,
  recoverFetching,
} from '../../domain/calendar/feed.ts'
import type { CalendarAccess, ProviderError } from '../../ports/calendar-provider.ts'
import type { Claim } from '../../ports/signal-queue/signal-queue.ts'
import { accessTo } from '../calendars/calendar-access.ts'
import { isCalendarUnneeded } from '../calendars/calendar-need.ts'
import { healIfNotPushed, suspendForCredential } from '../channels/suspension.ts'
import { retryDelay } from '../running/retry-delay.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import type { SubjectOutcome } from '../running/subject-outcome.ts'
import { resolveChangedSeries, signalFindings } from './fetch-findings.ts'
import { holdIfAnother, holdIfGone } from './lost-calendar.ts'
import { findMissing } from './missing-events.ts'
import { matchPage, newFindings } from './page-match.ts'

/** A full sync reaches back this far, so that an event that began yesterday is still seen. */
const FULL_SYNC_BACK_HOURS = 24

export async function fetchCalendar(
  ports: ServicePorts,
  claim: Claim,
  signal: AbortSignal,
): Promise<SubjectOutcome> {
  const calendarKey = claim.key
  if (await isCalendarUnneeded(ports, calendarKey)) return { kind: 'unneeded' }
  const reached = await accessTo(ports, calendarKey)
  if (!reached.ok) return failed(ports, claim, reached, signal)
  let fetched = await readChanges(ports, claim, reached.access, claim.syncToken, signal)
  if (!fetched.ok && fetched.code === 'SYNC_TOKEN_EXPIRED') {
    await recordTokenExpired(ports, claim, fetched.reason)
    fetched = await readChanges(ports, claim, reached.access, undefined, signal)
  }
  if (!fetched.ok) return failed(ports, claim, fetched, signal)
  await recordSuccess(ports, claim, fetched)
  return { kind: 'done', syncToken: fetched.syncToken, changed: fetched.changed }
}

/** `changed`: something in it concerned a booking. */
type Fetched = { ok: true; syncToken: string; events: number; full: boolean; changed: boolean }

async function readChanges(
  ports: ServicePorts,
  claim: Claim,
  access: CalendarAccess,
  syncToken: string | undefined,
  signal: AbortSignal,
): Promise<Fetched | ProviderError> {
  const calendarKey = claim.key
  const full = syncToken === undefined
  const findings = newFindings()
  const from = full ? { timeMin: ports.now().subtract({ hours: FULL_SYNC_BACK_HOURS }) } : { syncToken }
  let pageToken: string | undefined
  let events = 0
  for (;;) {
    const observedAt = ports.now()
    const page = await ports.provider.changes(
      { ...access, ...from, ...(pageToken !== undefined && { pageToken }) },
      signal,
    )
    if (!page.ok) return page
    // The lease may be another's by now: what comes of it is theirs to find.
    if (signal.aborted) return { ok: false, code: 'UNAVAILABLE', reason: 'aborted' }
    events += page.value.events.length
    await matchPage(ports, { calendarKey, cause: claim.cause, observedAt }, page.value.events, findings)
    pageToken = page.value.nextPageToken
    if (pageToken === undefined) {
      const next = page.value.nextSyncToken
      if (next === undefined) return { ok: false, code: 'UNAVAILABLE', reason: 'noSyncToken' }
      const resolved = await resolveChangedSeries(ports, access, claim, findings, signal)
      if (!resolved.ok) return resolved
      if (full) await findMissing(ports, calendarKey, findings)
      if (full) await holdIfAnother(ports, claim, findings, signal)
      await signalFindings(ports, claim, findings, signal)
      const changed = findings.seen.size + findings.looks.size + findings.masters.size > 0
      return { ok: true, syncToken: next, events, full, changed }
    }
  }
}

async function failed(
  ports: ServicePorts,
  claim: Claim,
  error: ProviderError,
  signal: AbortSignal,
): Promise<SubjectOutcome> {
  // A fetch that this process itself broke off says nothing about the calendar.
  if (signal.aborted) return { kind: 'failed', code: 'ABORTED', retryInMs: 0 }
  const calendarKey = claim.key
  const context = contextOf(ports, 'sync-worker', claim.cause)
  // A calendar that is not there any more is for a person to look at: its bookings stay as they are.
  const code = error.code === 'NOT_FOUND' || error.code === 'GONE' ? 'CALENDAR_GONE' : error.code
  const reason = error.reason !== undefined ? { reason: error.reason } : {}
  await execute(ports, context, calendarFeedAggregate, calendarKey, (state) =>
    failFetching(state, { calendarKey, code, ...reason, at: ports.now().toString() }),
  )
  await suspendForCredential(ports, context, calendarKey, error)
  if (code === 'CALENDAR_GONE') await holdIfGone(ports, context, calendarKey, signal)
  ports.log.warn(
    { calendarKey, code, ...reason, failures: claim.failures + 1 },
    'a calendar could not be fetched',
  )
  return { kind: 'failed', code, retryInMs: retryDelay(claim.failures, ports.random, error.retryAfterMs) }
}

async function recordTokenExpired(ports: ServicePorts, claim: Claim, reason = 'unknown'): Promise<void> {
  const calendarKey = claim.key
  const context = contextOf(ports, 'sync-worker', claim.cause)
  await execute(ports, context, calendarFeedAggregate, calendarKey, (state) =>
    expireSyncToken(state, { calendarKey, reason, at: ports.now().toString() }),
  )
}

async function recordSuccess(ports: ServicePorts, claim: Claim, fetched: Fetched): Promise<void> {
  const calendarKey = claim.key
  const context = contextOf(ports, 'sync-worker', claim.cause)
  await healIfNotPushed(ports, context, calendarKey)
  if (claim.failures === 0 && !fetched.full) return
  const at = ports.now().toString()
  await execute(ports, context, calendarFeedAggregate, calendarKey, (state) => {
    const recovered = recoverFetching(state, { calendarKey, at })
    if (!fetched.full || !recovered.ok) return recovered
    const completed = completeFullSync(state, { calendarKey, events: fetched.events, at })
    return completed.ok ? { ok: true, events: [...recovered.events, ...completed.events] } : completed
  })
}
