import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute } from '../../commands/execute.ts'
import type { EventName } from '../../domain/booking/events.ts'
import { moveReference, noteSeriesRule } from '../../domain/booking/series-change.ts'
import { partsOf } from '../../domain/booking/series-kinship.ts'
import { type LinkedInstance, seriesRoot } from '../../domain/booking/series-pairing.ts'
import type { ExternalEvent } from '../../domain/external-event.ts'
import { defined } from '../../domain/optional-fields.ts'
import { sameTimes, type Times } from '../../domain/times.ts'
import type { CalendarAccess, ProviderError } from '../../ports/calendar-provider.ts'
import type { Lease } from '../../ports/signal-queue/signal-queue.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { type Change, changesLeft, holdIfTooMany } from './brake.ts'
import type { Finding, Findings } from './findings.ts'
import { nameIn } from './follow.ts'
import { type Rehearsal, rehearseLook } from './look.ts'
import { type LookMemo, writeLookMemo } from './look-memo.ts'
import { flagChanged, linkedInstances, pairWithSeries, type SeriesPairing } from './series-resolution.ts'

/**
 * Gives every future booking of a changed series its instance's present name, and has the booking looked at. Runs after the
 * last page, so that a split's old and new master are known together.
 */
export async function resolveChangedSeries(
  ports: ServicePorts,
  access: CalendarAccess,
  lease: Lease,
  findings: Findings,
  signal: AbortSignal,
): Promise<{ ok: true } | ProviderError> {
  const linked = await linkedInstances(ports, lease.key, [...findings.masters.keys()])
  for (const [root, changed] of findings.masters) {
    const { parts: masters, unclear } = partsOf([...changed.values()], othersThan(root, findings))
    // An instance that is known to belong to a part cannot belong to another booking.
    const roots = new Set([root, ...masters.map(({ id }) => seriesRoot(id))])
    const instances = [...roots].flatMap((one) => linked.get(one) ?? [])
    const pairings = await pairWithSeries(ports, access, { masters, unclear }, instances, signal)
    if (!pairings.ok) return pairings
    for (const pairing of pairings.value)
      await follow(ports, lease, { pairing, masters }, linked.get(root) ?? [], findings)
  }
  return { ok: true }
}

/**
 * Series that this series may go on as, with or without linked bookings. An earlier fetch may have linked some bookings
 * before it broke off.
 */
function othersThan(root: string, { masters, otherMasters }: Findings): ExternalEvent[] {
  const linked = [...masters].filter(([other]) => other !== root).flatMap(([, of]) => [...of.values()])
  const living = linked.filter(({ isSeries, status }) => isSeries && status !== 'cancelled')
  return [...otherMasters.values(), ...living]
}

async function follow(
  ports: ServicePorts,
  lease: Lease,
  { pairing, masters }: { pairing: SeriesPairing; masters: readonly ExternalEvent[] },
  instances: readonly LinkedInstance[],
  findings: Findings,
): Promise<void> {
  const { bookingUid, outcome, event } = pairing
  const instance = instances.find((one) => one.bookingUid === bookingUid)
  // A booking that has begun only helps to pair the others.
  if (instance === undefined || Temporal.Instant.compare(instance.start, ports.now()) <= 0) return
  const { reference: from } = instance
  findings.listed.add(bookingUid)
  if (outcome === 'CHANGED') {
    findings.looks.delete(bookingUid)
    return flagChanged(ports, bookingUid, from, masters)
  }
  if (event !== undefined && outcome !== 'GONE') {
    const to = nameIn(from, event)
    const context = contextOf(ports, 'sync-worker', lease.cause)
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
    ...(event && outcome !== 'GONE' && showsOtherTimes(event, instance) && { would: 'MOVE' }),
    ...(outcome === 'GONE' && { would: 'CANCELLATION', seriesEnded: true }),
  })
}

const showsOtherTimes = ({ times }: ExternalEvent, booked: Times): boolean =>
  times !== undefined && !times.allDay && !sameTimes(times, booked)

const nameOf = ({ calendarKey, externalEventId }: EventName): EventName => ({ calendarKey, externalEventId })

/** How many looks are rehearsed at a time. */
const WIDTH = 8

/** Cal.com could not be asked, so nobody knows how many changes a person must decide. */
export type Unasked = { code: string; retryAfterMs?: number }

/**
 * Signals every look of the fetch, in one write. If there are more changes of a kind than the brake allows, all of them
 * are held. To clear a calendar is one decision, and a person's. A change counts if it would be published once Cal.com
 * was asked. If Cal.com cannot be asked, the changes are neither held nor signalled, and the fetch finds them again.
 */
export async function signalFindings(
  ports: ServicePorts,
  lease: Lease,
  findings: Findings,
  signal: AbortSignal,
): Promise<Unasked | undefined> {
  const left = new Set<string>()
  let unasked: Unasked | undefined
  const context = contextOf(ports, 'sync-worker', lease.cause)
  for (const change of CHANGES) {
    const candidates = [...findings.looks].filter(([, { would }]) => would === change)
    if (candidates.length === 0 || candidates.length <= (await changesLeft(ports, lease.key, change)))
      continue
    const rehearsal = await rehearsed(ports, lease, candidates, signal)
    if ('code' in rehearsal) {
      unasked = rehearsal
      for (const [bookingUid] of candidates) left.add(bookingUid)
    } else for (const bookingUid of await heldOf(ports, context, lease.key, rehearsal)) left.add(bookingUid)
  }
  const signals = [...findings.looks]
    .filter(([bookingUid]) => !left.has(bookingUid))
    .map(([bookingUid, finding]) => ({
      subject: { kind: 'booking' as const, key: bookingUid },
      cause: finding.cause ?? lease.cause,
      dueInMs: 0,
      memo: writeLookMemo(memoOf(finding)),
    }))
  if (signals.length > 0) await ports.queue.signalMany(signals)
  return unasked
}

const CHANGES: readonly Change[] = ['CANCELLATION', 'MOVE']

type Acting = Extract<Rehearsal, { kind: 'acts' }>

/** Holds the changes that would act, if there are too many. Returns the bookings held. */
async function heldOf(
  ports: ServicePorts,
  context: CommandContext,
  calendarKey: string,
  acting: ReadonlyMap<string, Acting>,
): Promise<string[]> {
  const held: string[] = []
  for (const change of CHANGES) {
    const those = [...acting].filter(([, one]) => one.change === change)
    const reason = await holdIfTooMany(
      ports,
      context,
      calendarKey,
      change,
      those.map(([bookingUid]) => bookingUid),
    )
    if (reason === undefined) continue
    await inBatches(those, async ([bookingUid, { recordHeld }]) => {
      if (await recordHeld(reason)) held.push(bookingUid)
    })
  }
  return held
}

const memoOf = ({ calledBy, seriesEnded }: Finding): LookMemo => defined({ calledBy, seriesEnded })

/** Rehearses looks at these bookings. Returns those that would act. Stops once Cal.com cannot be asked about one. */
async function rehearsed(
  ports: ServicePorts,
  lease: Lease,
  candidates: readonly (readonly [string, Finding])[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Acting> | Unasked> {
  const acting = new Map<string, Acting>()
  let unasked: Unasked | undefined
  const context = contextOf(ports, 'sync-worker', lease.cause)
  await inBatches(candidates, async ([bookingUid, finding]) => {
    if (unasked !== undefined) return
    const rehearsal = await rehearseLook(ports, context, bookingUid, memoOf(finding), signal)
    if (rehearsal.kind === 'acts') acting.set(bookingUid, rehearsal)
    if (rehearsal.kind === 'unasked') unasked = rehearsal
    if (signal.aborted) unasked = { code: 'ABORTED' }
  })
  return unasked ?? acting
}

async function inBatches<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += WIDTH)
    await Promise.all(items.slice(start, start + WIDTH).map(work))
}
