// Fetches one calendar (Google's onWatchedCalendarChange), and matches all changes since the sync token with bookings. A
// change that does not act is recorded at once; any other signals a look at its booking. The caller stores the new token
// once all of that is durable. After a crash the fetch repeats from the old token.
import { calendarFeedAggregate } from '../../commands/aggregates.ts'
import { execute } from '../../commands/execute.ts'
import {
  completeFullSync,
  expireSyncToken,
  failFetching,
  NO_SYNC_TOKEN,
  recoverFetching,
} from '../../domain/calendar/feed.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { CalendarAccess, ProviderError } from '../../ports/calendar-provider.ts'
import { pageLimit } from '../../ports/page-limit.ts'
import type { Document } from '../../ports/read-store/read-store.ts'
import type { Lease } from '../../ports/signal-queue/signal-queue.ts'
import { accessTo } from '../calendars/calendar-access.ts'
import { isCalendarUnneeded } from '../calendars/calendar-need.ts'
import { healIfNotPushed, suspendForCredential } from '../channels/suspension.ts'
import { retryDelay } from '../running/retry-delay.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import type { SubjectOutcome } from '../running/subject-outcome.ts'
import { resolveChangedSeries, signalFindings, type Unasked } from './fetch-findings.ts'
import { type Findings, lookAt, newFindings } from './findings.ts'
import { holdIfAnother, holdIfGone } from './lost-calendar.ts'
import { findMissing, findMissingSeries } from './missing-events.ts'
import { matchPage } from './page-match.ts'
import { linkedInstances } from './series-resolution.ts'

/** A full sync reaches back this far, so that an event that began yesterday is still seen. */
const FULL_SYNC_BACK_HOURS = 24

export async function fetchCalendar(
  ports: ServicePorts,
  lease: Lease,
  signal: AbortSignal,
): Promise<SubjectOutcome> {
  const calendarKey = lease.key
  if (await isCalendarUnneeded(ports, calendarKey)) return { kind: 'unneeded' }
  const reached = await accessTo(ports, calendarKey)
  if (!reached.ok) return failed(ports, lease, reached, signal)
  let fetched = await readChanges(ports, lease, reached.access, lease.syncToken, signal)
  if (!('unasked' in fetched) && !fetched.ok && fetched.code === 'SYNC_TOKEN_EXPIRED') {
    await recordTokenExpired(ports, lease, fetched.reason)
    fetched = await readChanges(ports, lease, reached.access, undefined, signal)
  }
  if ('unasked' in fetched) return unweighed(ports, lease, fetched.unasked)
  if (!fetched.ok) return failed(ports, lease, fetched, signal)
  await recordSuccess(ports, lease, fetched)
  const { syncToken, changed, full } = fetched
  if (syncToken === undefined) {
    const before = full ? { syncToken: null } : {}
    return { kind: 'done', ...before, changed, memo: { [TOKEN_MISSED]: true } }
  }
  return { kind: 'done', syncToken, changed, ...onceMore(lease, fetched) }
}

/** `changed`: an event of the list concerned a booking. Without `syncToken` the list is whole, but names no end. */
type Fetched = { ok: true; syncToken?: string; events: number; full: boolean; changed: boolean }

/** After a push and an empty list, the calendar is asked once more after this time. */
const ONCE_MORE_MS = 10_000

/** Memo of a calendar between fetches: the last list had no token; a push's list was asked for twice. */
const [TOKEN_MISSED, ASKED_TWICE] = ['tokenMissed', 'askedTwice'] as const

/** A list can lag behind its push, so it is asked for once more. Once is enough: most empty lists are right. */
function onceMore(
  { cause, memo }: Lease,
  { events, full }: Fetched,
): { againInMs?: number; memo?: Document } {
  if (!('channelId' in cause) || events > 0 || full) return {}
  const push = `${cause.channelId} ${cause.messageNumber}`
  return memo?.[ASKED_TWICE] === push ? {} : { againInMs: ONCE_MORE_MS, memo: { [ASKED_TWICE]: push } }
}

async function readChanges(
  ports: ServicePorts,
  lease: Lease,
  access: CalendarAccess,
  syncToken: string | undefined,
  signal: AbortSignal,
): Promise<Fetched | ProviderError | { unasked: Unasked }> {
  const calendarKey = lease.key
  const full = syncToken === undefined
  const findings = newFindings()
  const from = full ? { timeMin: ports.now().subtract({ hours: FULL_SYNC_BACK_HOURS }) } : { syncToken }
  let pageToken: string | undefined
  const pages = pageLimit()
  let events = 0
  for (;;) {
    const observedAt = ports.now()
    const page = await ports.provider.changes({ ...access, ...from, ...defined({ pageToken }) }, signal)
    if (!page.ok) {
      if (events > 0 && !signal.aborted) await signalPart(ports, lease, findings, signal)
      return page
    }
    // Another process may have the lease by now, and will find the same.
    if (signal.aborted) return { ok: false, code: 'UNAVAILABLE', reason: 'aborted' }
    events += page.value.events.length
    await matchPage(ports, { calendarKey, cause: lease.cause, observedAt }, page.value.events, findings)
    pageToken = page.value.nextPageToken
    const beyond = pages.beyond(pageToken)
    if (beyond !== undefined) {
      await signalPart(ports, lease, findings, signal)
      return { ok: false, code: 'UNAVAILABLE', reason: beyond }
    }
    if (pageToken === undefined) {
      const next = page.value.nextSyncToken
      const resolved = await resolveSeries(ports, lease, access, { full, findings }, signal)
      if (!resolved.ok) {
        if (!signal.aborted) await signalPart(ports, lease, findings, signal)
        return resolved
      }
      if (full) await findMissing(ports, calendarKey, findings)
      if (full) await holdIfAnother(ports, lease, findings, signal)
      const unasked = await signalFindings(ports, lease, findings, signal)
      if (unasked !== undefined) return { unasked }
      const changed = findings.listed.size + findings.looks.size + findings.masters.size > 0
      return { ok: true, ...defined({ syncToken: next }), events, full, changed }
    }
  }
}

/** Resolves the series that the whole list shows or lacks. */
async function resolveSeries(
  ports: ServicePorts,
  lease: Lease,
  access: CalendarAccess,
  { full, findings }: { full: boolean; findings: Findings },
  signal: AbortSignal,
): Promise<{ ok: true } | ProviderError> {
  const found = full ? await findMissingSeries(ports, access, lease.key, findings, signal) : undefined
  return found?.ok === false ? found : resolveChangedSeries(ports, access, lease, findings, signal)
}

/**
 * Signals the findings of a list that broke off, before the fetch begins anew: they are true all the same. A changed series
 * is known in part only, so each of its bookings is looked at.
 */
async function signalPart(
  ports: ServicePorts,
  lease: Lease,
  findings: Findings,
  signal: AbortSignal,
): Promise<void> {
  const linked = await linkedInstances(ports, lease.key, [...findings.masters.keys()])
  for (const { bookingUid, reference, start } of [...linked.values()].flat())
    if (Temporal.Instant.compare(start, ports.now()) > 0)
      lookAt(findings, bookingUid, reference.externalEventId)
  await signalFindings(ports, lease, findings, signal)
}

/** The calendar is well. The same list is read again until Cal.com can be asked about it. */
function unweighed(
  { log, random }: ServicePorts,
  { key: calendarKey, failures }: Lease,
  { code, retryAfterMs }: Unasked,
): SubjectOutcome {
  if (code === 'ABORTED') return { kind: 'failed', code, retryInMs: 0 }
  log.warn({ calendarKey, code, failures: failures + 1 }, 'calendar changes wait for Cal.com, retrying')
  return { kind: 'failed', code, retryInMs: retryDelay(failures, random, retryAfterMs) }
}

async function failed(
  ports: ServicePorts,
  lease: Lease,
  error: ProviderError,
  signal: AbortSignal,
): Promise<SubjectOutcome> {
  // A fetch that this process itself broke off says nothing about the calendar.
  if (signal.aborted) return { kind: 'failed', code: 'ABORTED', retryInMs: 0 }
  const calendarKey = lease.key
  const context = contextOf(ports, 'sync-worker', lease.cause)
  // A person is told of a calendar that is gone. Its bookings stay as they are.
  const code = error.code === 'NOT_FOUND' || error.code === 'GONE' ? 'CALENDAR_GONE' : error.code
  const reason = defined({ reason: error.reason })
  await execute(ports, context, calendarFeedAggregate, calendarKey, (state) =>
    failFetching(state, { calendarKey, code, ...reason, at: ports.now().toString() }),
  )
  await suspendForCredential(ports, context, calendarKey, error)
  if (code === 'CALENDAR_GONE') await holdIfGone(ports, context, calendarKey, signal)
  ports.log.warn(
    { calendarKey, code, ...reason, failures: lease.failures + 1 },
    'calendar not fetched, retrying',
  )
  return { kind: 'failed', code, retryInMs: retryDelay(lease.failures, ports.random, error.retryAfterMs) }
}

async function recordTokenExpired(ports: ServicePorts, lease: Lease, reason = 'unknown'): Promise<void> {
  const calendarKey = lease.key
  const context = contextOf(ports, 'sync-worker', lease.cause)
  await execute(ports, context, calendarFeedAggregate, calendarKey, (state) =>
    expireSyncToken(state, { calendarKey, reason, at: ports.now().toString() }),
  )
}

async function recordSuccess(ports: ServicePorts, lease: Lease, fetched: Fetched): Promise<void> {
  const calendarKey = lease.key
  const context = contextOf(ports, 'sync-worker', lease.cause)
  await healIfNotPushed(ports, context, calendarKey)
  const whole = fetched.syncToken !== undefined
  if (whole && lease.failures === 0 && !fetched.full && !lease.memo?.[TOKEN_MISSED]) return
  const at = ports.now().toString()
  await execute(ports, context, calendarFeedAggregate, calendarKey, (state) => {
    const outcome = whole
      ? recoverFetching(state, { calendarKey, at })
      : failFetching(state, { calendarKey, code: NO_SYNC_TOKEN, at })
    if (!fetched.full || !outcome.ok) return outcome
    const completed = completeFullSync(state, { calendarKey, events: fetched.events, at })
    return completed.ok ? { ok: true, events: [...outcome.events, ...completed.events] } : completed
  })
  if (!whole && !lease.memo?.[TOKEN_MISSED])
    ports.log.warn({ calendarKey, code: NO_SYNC_TOKEN }, 'calendar list without a sync token')
}
