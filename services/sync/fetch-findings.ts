import { bookingAggregate } from '../../commands/aggregates.ts'
import { execute } from '../../commands/execute.ts'
import type { EventName } from '../../domain/booking/events.ts'
import { moveReference, noteSeriesRule } from '../../domain/booking/series-change.ts'
import { partsOf } from '../../domain/booking/series-kinship.ts'
import type { LinkedInstance } from '../../domain/booking/series-pairing.ts'
import type { ExternalEvent } from '../../domain/external-event.ts'
import type { CalendarAccess, ProviderError } from '../../ports/calendar-provider.ts'
import type { Claim } from '../../ports/signal-queue/signal-queue.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { type Change, changesLeft, holdIfTooMany } from './brake.ts'
import type { Finding, Findings } from './findings.ts'
import { rehearseLook } from './look.ts'
import { type LookMemo, writeLookMemo } from './look-memo.ts'
import { flagChanged, linkedInstances, pairWithSeries, type SeriesPairing } from './series-resolution.ts'

/**
 * Every future booking linked to a series that changed gets its instance's present name, and is looked at. Runs after
 * the last page, so that a split's old and new master are known together.
 */
export async function resolveChangedSeries(
  ports: ServicePorts,
  access: CalendarAccess,
  claim: Claim,
  findings: Findings,
  signal: AbortSignal,
): Promise<{ ok: true } | ProviderError> {
  const linked = await linkedInstances(ports, claim.key, [...findings.masters.keys()])
  for (const [root, changed] of findings.masters) {
    const instances = linked.get(root) ?? []
    const { parts: masters, unclear } = partsOf([...changed.values()], [...findings.otherMasters.values()])
    const pairings = await pairWithSeries(ports, access, { masters, unclear }, instances, signal)
    if (!pairings.ok) return pairings
    for (const pairing of pairings.value)
      await follow(ports, claim, { pairing, masters }, instances, findings)
  }
  return { ok: true }
}

async function follow(
  ports: ServicePorts,
  claim: Claim,
  { pairing, masters }: { pairing: SeriesPairing; masters: readonly ExternalEvent[] },
  instances: readonly LinkedInstance[],
  findings: Findings,
): Promise<void> {
  const { bookingUid, outcome, event } = pairing
  const instance = instances.find((one) => one.bookingUid === bookingUid)
  // What has begun only helps to pair the others.
  if (instance === undefined || Temporal.Instant.compare(instance.start, ports.now()) <= 0) return
  const { reference: from } = instance
  findings.seen.add(bookingUid)
  if (outcome === 'CHANGED') {
    findings.looks.delete(bookingUid)
    return flagChanged(ports, bookingUid, from, masters)
  }
  if (event !== undefined && outcome !== 'GONE') {
    const to = {
      provider: from.provider,
      calendarKey: from.calendarKey,
      externalEventId: event.id,
      ...(event.recurringEventId !== undefined && { recurringEventId: event.recurringEventId }),
      ...(event.originalStart && { originalStart: event.originalStart.toString() }),
    }
    const context = contextOf(ports, 'sync-worker', claim.cause)
    const at = ports.now().toString()
    await execute(ports, context, bookingAggregate, bookingUid, (state) =>
      moveReference(state, { from, to, at }),
    )
    const rule = masters.find(({ id }) => id === event.recurringEventId)?.rule
    if (rule !== undefined && rule !== instance.rule)
      await execute(ports, context, bookingAggregate, bookingUid, (state) =>
        noteSeriesRule(state, { ...nameOf(to), rule, at }),
      )
  }
  const known = findings.looks.get(bookingUid)
  findings.looks.set(bookingUid, {
    ...known,
    events: known?.events ?? new Set([from.externalEventId]),
    ...(outcome === 'GONE' && { would: 'CANCELLATION', seriesEnded: true }),
  })
}

const nameOf = ({ calendarKey, externalEventId }: EventName): EventName => ({ calendarKey, externalEventId })

/** How many looks are rehearsed at a time. */
const WIDTH = 8

/**
 * Makes every look of the fetch durable, in one write. More changes of a kind than the brake leaves are all held, not some
 * of them: a calendar that was cleared is one decision, and a person's. Only those count that would still be published
 * once Cal.com was asked.
 */
export async function signalFindings(
  ports: ServicePorts,
  claim: Claim,
  findings: Findings,
  signal: AbortSignal,
): Promise<void> {
  const held = new Set<string>()
  for (const change of ['CANCELLATION', 'MOVE'] as const) {
    const candidates = [...findings.looks].filter(([, { would }]) => would === change)
    if (candidates.length === 0 || candidates.length <= (await changesLeft(ports, claim.key, change)))
      continue
    const would = await rehearsed(ports, claim, candidates, signal)
    const context = contextOf(ports, 'sync-worker', claim.cause)
    for (const one of ['CANCELLATION', 'MOVE'] as const) {
      const uids = would.filter(([, what]) => what === one).map(([bookingUid]) => bookingUid)
      if (await holdIfTooMany(ports, context, claim.key, one, uids)) for (const uid of uids) held.add(uid)
    }
  }
  const signals = [...findings.looks]
    .filter(([bookingUid]) => !held.has(bookingUid))
    .map(([bookingUid, finding]) => ({
      subject: { kind: 'booking' as const, key: bookingUid },
      cause: finding.cause ?? claim.cause,
      dueInMs: 0,
      memo: writeLookMemo(memoOf(finding)),
    }))
  if (signals.length > 0) await ports.queue.signalMany(signals)
}

const memoOf = ({ seen, seriesEnded }: Finding): LookMemo => ({
  ...(seen !== undefined && { seen }),
  ...(seriesEnded && { seriesEnded }),
})

/** What looks at these bookings would publish. */
async function rehearsed(
  ports: ServicePorts,
  claim: Claim,
  candidates: readonly (readonly [string, Finding])[],
  signal: AbortSignal,
): Promise<[string, Change][]> {
  const would: [string, Change][] = []
  const context = contextOf(ports, 'sync-worker', claim.cause)
  for (let start = 0; start < candidates.length; start += WIDTH)
    await Promise.all(
      candidates.slice(start, start + WIDTH).map(async ([bookingUid, finding]) => {
        const change = await rehearseLook(ports, context, bookingUid, memoOf(finding), signal)
        if (change) would.push([bookingUid, change])
      }),
    )
  return would
}
