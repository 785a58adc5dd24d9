import { bookingAggregate } from '../../commands/aggregates.ts'
import { execute } from '../../commands/execute.ts'
import { moveReference } from '../../domain/booking/series-change.ts'
import type { LinkedInstance } from '../../domain/booking/series-pairing.ts'
import type { CalendarAccess, ProviderError } from '../../ports/calendar-provider.ts'
import type { Document } from '../../ports/read-store/read-store.ts'
import type { Claim } from '../../ports/signal-queue/signal-queue.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { cancellationsLeft, hold } from './brake.ts'
import type { ChangedMaster, Findings } from './page-match.ts'
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
  findings.looks.set(bookingUid, { ...known, ...(outcome === 'GONE' && { gone: true, seriesEnded: true }) })
}

/**
 * Makes every look of the fetch durable, in one write. More cancellations than the brake leaves are all held, not some
 * of them: a calendar that was cleared is one decision, and a person's.
 */
export async function signalFindings(ports: ServicePorts, claim: Claim, findings: Findings): Promise<void> {
  const looks = [...findings.looks]
  const gone = looks.filter(([, look]) => look.gone).map(([bookingUid]) => bookingUid)
  const held = new Set<string>()
  if (gone.length > 0 && gone.length > (await cancellationsLeft(ports, claim.key))) {
    await hold(ports, contextOf(ports, 'sync-worker', claim.cause), claim.key, 'MASS_CHANGE', gone)
    for (const bookingUid of gone) held.add(bookingUid)
  }
  const signals = looks
    .filter(([bookingUid]) => !held.has(bookingUid))
    .map(([bookingUid, { cause, seen, seriesEnded }]) => {
      const memo: Document = { ...(seen !== undefined && { seen }), ...(seriesEnded && { seriesEnded }) }
      return {
        subject: { kind: 'booking' as const, key: bookingUid },
        cause: cause ?? claim.cause,
        dueInMs: 0,
        memo,
      }
    })
  if (signals.length > 0) await ports.queue.signalMany(signals)
}
