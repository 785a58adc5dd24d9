// Finds each booking's instance after its whole series was edited or split: instances get other ids then.

import type { ExternalEvent } from '../external-event.ts'
import { defined } from '../optional-fields.ts'
import type { StoredReference } from './events.ts'

/** Google appends a split's first original start to the series' id, each time "this and following" splits it. */
const splits = /(?:_R\d{8}(?:T\d{6}Z?)?)+$/

/**
 * The root of a series: the first series that its parts were split off from, or the series itself. All parts share their
 * root. Use the root only to find parts: an instance's own `recurringEventId` names its series.
 */
export const seriesRoot = (recurringEventId: string): string => recurringEventId.replace(splits, '')

/**
 * The latest of these parts of a series that begins at or before `start`, by Google's id of a part. Undefined where none
 * does, or where the ids do not say.
 */
export function partBefore(start: Temporal.Instant, parts: readonly { id: string }[]): string | undefined {
  const at = start.toString({ smallestUnit: 'second' }).replaceAll(/[-:Z]/g, '')
  const begun = parts.filter(({ id }) => partStart(id) !== '' && partStart(id) <= at)
  return begun.toSorted((a, b) => (partStart(a.id) < partStart(b.id) ? -1 : 1)).at(-1)?.id
}

/** The first original start of a part of a series, as its id has it; empty for a whole series. Texts sort by time. */
export const partStart = (id: string): string => /_R(\d{8}(?:T\d{6})?)Z?$/.exec(id)?.[1] ?? ''

/** The stored rule of an event that was a series, and repeats no more. */
export const REPEATS_NO_MORE = 'NONE'

/**
 * A booking that refers to an instance. `start` is used if the reference has no original start. `rule`: the series'
 * recurrence rule when it was last seen. `grown`: the event stood alone before it was made to repeat.
 */
export type LinkedInstance = {
  bookingUid: string
  reference: StoredReference
  start: Temporal.Instant
  end: Temporal.Instant
  rule?: string
  grown?: boolean
}

/**
 * `SAME`: the same instance, perhaps in another part of the series (compare `recurringEventId`) or moved by itself. `MOVED`:
 * another instance that took its place. `GONE`: cancelled, or after the series' end. `CHANGED`: nobody can say which
 * instance is meant, if any.
 */
export type Pairing = {
  bookingUid: string
  outcome: 'SAME' | 'MOVED' | 'GONE' | 'CHANGED'
  event?: ExternalEvent
}

/** The rest of a series: its masters that are not cancelled. `unclear`: it may go on as another series. */
export type SeriesNow = { masters: readonly ExternalEvent[]; unclear?: boolean }

/**
 * Pairs the bookings linked to a series with the instances of all its parts, cancelled ones included. An ambiguous pairing
 * is CHANGED: no answer is better than a wrong one. Returns one pairing per booking, in their order. Past bookings of the
 * series make the pairing surer.
 */
export function pairInstances(
  linked: readonly LinkedInstance[],
  instances: readonly ExternalEvent[],
  { masters, unclear = false }: SeriesNow,
): Pairing[] {
  const alive = instances.filter((instance) => !isCancelled(instance))
  const found = new Map<LinkedInstance, Pairing>()
  const taken = new Set<ExternalEvent>()
  const pair = (one: LinkedInstance, outcome: Pairing['outcome'], event?: ExternalEvent) => {
    found.set(one, { bookingUid: one.bookingUid, outcome, ...defined({ event }) })
    if (event) taken.add(event)
  }
  const remaining = () => linked.filter((one) => !found.has(one))

  const aliveById = firstBy(alive, ({ id }) => id)
  for (const one of linked) {
    const event = isNamedBySeries(one) ? undefined : aliveById.get(one.reference.externalEventId)
    if (event) pair(one, 'SAME', event)
  }
  const aliveByStart = Map.groupBy(alive, startOf)
  for (const one of remaining()) {
    const event = aliveByStart.get(originalOf(one))?.find((instance) => !taken.has(instance))
    if (event) pair(one, 'SAME', event)
  }
  const byId = firstBy(instances, ({ id }) => id)
  const goneByStart = firstBy(instances.filter(isCancelled), startOf)
  for (const one of remaining()) {
    // A link under the series' name has only the original start to compare.
    const event = isNamedBySeries(one)
      ? goneByStart.get(originalOf(one))
      : byId.get(one.reference.externalEventId)
    if (event) pair(one, 'GONE', event)
  }
  // A series that repeats no more, or has no instance at all, says nothing of its former instances. Nor does its end.
  const silent = unclear || masters.some((master) => !master.isSeries || endsBeforeItBegins(master))
  for (const one of remaining()) if (silent || one.rule === REPEATS_NO_MORE) pair(one, 'CHANGED')
  for (const one of remaining())
    if (!masters.every(({ rule }) => rule !== undefined && rule === one.rule))
      pair(one, stoodAlone(one, linked) && !alive.some(isNear(one)) ? 'GONE' : 'CHANGED')

  // From here the rule is unchanged: the series was dragged, or it ends sooner.
  const free = alive.filter((instance) => !taken.has(instance)).toSorted((a, b) => startOf(a) - startOf(b))
  const before = smallestGap(linked.map(originalOf))
  const gap = Math.min(before, smallestGap(alive.map(startOf)), stepOf(masters))
  for (const one of remaining()) {
    const master = masters.find(leavesOut(one))
    if (master && !free.some(isNear(one))) pair(one, 'GONE', leftOut(one, master))
  }
  for (const one of remaining())
    if (isBehind(one, masters) && free.every(isInStepWith(one, gap))) pair(one, 'GONE')
  const rest = remaining().toSorted((a, b) => originalOf(a) - originalOf(b))
  // If other instances stayed, an instance a whole step away is a neighbour, and no moved one.
  const isMove = (delta: number) => taken.size === 0 || (Math.abs(delta) < before && !isInStep(delta, gap))
  const moved = inOrder(rest, free, isMove) ?? nearest(rest, free, gap)
  rest.forEach((one, index) => {
    const event = moved?.[index]
    pair(one, event ? 'MOVED' : 'CHANGED', event)
  })
  return linked.flatMap((one) => found.get(one) ?? [])
}

const HOUR = 3_600_000

/** An instance's place in its series before any move of its own, in epoch milliseconds. */
const startOf = ({ originalStart, times }: ExternalEvent): number =>
  (originalStart ?? (times && !times.allDay ? times.start : undefined))?.epochMilliseconds ?? Number.NaN

const originalOf = ({ reference, start }: LinkedInstance): number =>
  (reference.originalStart === undefined ? start : Temporal.Instant.from(reference.originalStart))
    .epochMilliseconds

const isNamedBySeries = ({ reference }: LinkedInstance): boolean =>
  reference.externalEventId === reference.recurringEventId

const isCancelled = ({ status }: ExternalEvent): boolean => status === 'cancelled'

/** The first event of each key. No loop in a loop: both lists are as long as others like. */
function firstBy<Key>(events: readonly ExternalEvent[], keyOf: (event: ExternalEvent) => Key) {
  const first = new Map<Key, ExternalEvent>()
  for (const event of events) if (!first.has(keyOf(event))) first.set(keyOf(event), event)
  return first
}

/** True if only this booking is linked to the series, and its event was there before the series. */
const stoodAlone = ({ grown, rule }: LinkedInstance, linked: readonly LinkedInstance[]): boolean =>
  grown === true && rule !== undefined && linked.length === 1

/** True for an instance less than half a day from the booking's own: it may be the same. */
function isNear(one: LinkedInstance): (instance: ExternalEvent) => boolean {
  const original = originalOf(one)
  return (instance) => Math.abs(startOf(instance) - original) < 12 * HOUR
}

function endsBeforeItBegins({ until, times }: ExternalEvent): boolean {
  if (until === undefined || times === undefined || times.allDay) return false
  return Temporal.Instant.compare(until, times.start) < 0
}

/** True if the series leaves the booking's instance out by date. */
function leavesOut(one: LinkedInstance): (master: ExternalEvent) => boolean {
  const original = originalOf(one)
  return ({ excluded = [] }) => excluded.some(({ epochMilliseconds }) => epochMilliseconds === original)
}

/** The instance, as a deleted occurrence looks. */
const leftOut = (one: LinkedInstance, { id, etag, updated }: ExternalEvent): ExternalEvent => ({
  id: one.reference.externalEventId,
  status: 'cancelled',
  recurringEventId: id,
  originalStart: Temporal.Instant.fromEpochMilliseconds(originalOf(one)),
  ...defined({ etag, updated }),
})

/** True if no part is left, or all parts end by date before the booking's instance. */
const isBehind = (one: LinkedInstance, masters: readonly ExternalEvent[]): boolean =>
  masters.every(({ until }) => until !== undefined && until.epochMilliseconds < originalOf(one))

/** True if an instance is in step with the booking's own. Otherwise the series may have been moved. */
function isInStepWith(one: LinkedInstance, gap: number): (instance: ExternalEvent) => boolean {
  const original = originalOf(one)
  return (instance) => isInStep(startOf(instance) - original, gap)
}

const DAYS: { readonly [frequency: string]: number } = { DAILY: 1, WEEKLY: 7 }

/** The smallest gap between two instances by the rules, in milliseconds, as far as whole days tell. */
function stepOf(masters: readonly ExternalEvent[]): number {
  const steps = masters.map(({ rule = '' }) => {
    const [, frequency = '', interval = '1'] = /^FREQ=(\w+)(?:;INTERVAL=(\d+))?$/.exec(rule) ?? []
    return (DAYS[frequency] ?? Number.NaN) * Number(interval) * 24 * HOUR
  })
  return Math.min(...steps.filter(Number.isFinite))
}

/** True for whole steps, an hour more or less for daylight saving time. */
function isInStep(delta: number, gap: number): boolean {
  const off = Math.abs(delta) % gap
  return Math.abs(delta) > HOUR && Math.min(off, gap - off) <= HOUR
}

/** Pairs in order: there are as many instances as before, all moved by the same time. */
function inOrder(
  rest: readonly LinkedInstance[],
  free: readonly ExternalEvent[],
  isMove: (delta: number) => boolean,
): ExternalEvent[] | undefined {
  if (rest.length !== free.length) return undefined
  return moveAlike(rest, free, isMove) ? [...free] : undefined
}

/** Pairs with near instances: each booking has one, all at the same distance, whatever else is there. */
function nearest(
  rest: readonly LinkedInstance[],
  free: readonly ExternalEvent[],
  gap: number,
): ExternalEvent[] | undefined {
  if (!Number.isFinite(gap)) return undefined
  const starts = free.map(startOf)
  const chosen = rest.flatMap((one) => {
    const original = originalOf(one)
    const near = free.filter((_, index) => Math.abs((starts[index] ?? Number.NaN) - original) <= gap / 3)
    return near.length === 1 ? near : []
  })
  const each = new Set(chosen).size === rest.length
  return each && moveAlike(rest, chosen, () => true) ? chosen : undefined
}

/** True if all moved alike, an hour more or less for daylight saving time. */
function moveAlike(
  rest: readonly LinkedInstance[],
  events: readonly ExternalEvent[],
  allowed: (delta: number) => boolean,
): boolean {
  const deltas = rest.flatMap((one, index) => {
    const event = events[index]
    return event ? [startOf(event) - originalOf(one)] : []
  })
  return deltas.every(allowed) && Math.max(...deltas) - Math.min(...deltas) <= HOUR
}

/** The smallest gap between two starts; Infinity if there are none. */
function smallestGap(starts: readonly number[]): number {
  const sorted = starts.filter(Number.isFinite).toSorted((a, b) => a - b)
  const gaps = sorted.slice(1).map((start, index) => start - (sorted[index] ?? start))
  return Math.min(...gaps.filter((gap) => gap > 0))
}
