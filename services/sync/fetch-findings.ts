import { bookingAggregate } from '../../commands/aggregates.ts'
import { execute } from '../../commands/execute.ts'
import { moveReference } from '../../domain/booking/series-change.ts'
import type { LinkedInstance } from '../../domain/booking/series-pairing.ts'
import type { CalendarAccess, ProviderError } from '../../ports/calendar-provider.ts'
import type { Claim } from '../../ports/signal-queue/signal-queue.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { type Change, changesLeft, holdIfTooMany } from './brake.ts'
import { rehearseLook } from './look.ts'
import { type LookMemo, writeLookMemo } from './look-memo.ts'
import type { ChangedMaster, Finding, Findings } from './page-match.ts'
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
  const others = byKinship(findings.otherMasters.values())
  for (const [root, changed] of findings.masters) {
    const instances = linked.get(root) ?? []
    const continued = changed.flatMap(kinship).flatMap((kin) => others.get(kin) ?? [])
    const masters = [...changed, ...new Set(continued)]
    const pairings = await pairWithSeries(ports, access, masters, instances, signal)
    if (!pairings.ok) return pairings
    for (const pairing of pairings.value) await follow(ports, claim, pairing, instances, findings)
  }
  return { ok: true }
}

/**
 * What a master shares with those that it was split from. Where "this and following" changes the times too, the series
 * goes on under an id that has nothing to do with the old one: both are written at once (one etag), and the new one
 * keeps the old one's `created`, also when it is changed again.
 */
const kinship = ({ etag, created }: ChangedMaster): string[] => [
  ...(etag === undefined ? [] : [`etag ${etag}`]),
  ...(created === undefined ? [] : [`created ${created}`]),
]

function byKinship(masters: Iterable<ChangedMaster>): Map<string, ChangedMaster[]> {
  const found = new Map<string, ChangedMaster[]>()
  for (const master of masters)
    for (const kin of kinship(master)) found.set(kin, [...(found.get(kin) ?? []), master])
  return found
}

async function follow(
  ports: ServicePorts,
  claim: Claim,
  pairing: SeriesPairing,
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
    return flagChanged(ports, bookingUid, from.externalEventId, claim.key)
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
    await execute(ports, context, bookingAggregate, bookingUid, (state) =>
      moveReference(state, { from, to, at: ports.now().toString() }),
    )
  }
  const known = findings.looks.get(bookingUid)
  findings.looks.set(bookingUid, {
    ...known,
    events: known?.events ?? new Set([from.externalEventId]),
    ...(outcome === 'GONE' && { would: 'CANCELLATION', seriesEnded: true }),
  })
}

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
