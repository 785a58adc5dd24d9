// Which instance of a series is a booking's, after the whole series was edited or split? Instances get other ids then.

import type { ExternalEvent } from '../external-event.ts'
import { defined } from '../optional-fields.ts'
import type { StoredReference } from './events.ts'

/** What Google appends to a series' id each time "this and following" splits it: the split's first original start. */
const splits = /(?:_R\d{8}(?:T\d{6}Z?)?)+$/

/**
 * The series that this one was split off from, first to last; itself where it never was. All parts of a series share
 * their root. Only for finding what may belong together: an instance's own `recurringEventId` says what it belongs to.
 */
export const seriesRoot = (recurringEventId: string): string => recurringEventId.replace(splits, '')

/** Stands in for the rule of what was a series, and repeats no more. */
export const REPEATS_NO_MORE = 'NONE'

/**
 * A booking that refers to an instance. `start` stands in where the reference has no original start. `rule`: by which
 * the series repeated when it was last seen. `grown`: its event stood alone before it was made to repeat.
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
 * `SAME`: the instance it was, perhaps in another part of the series (compare `recurringEventId`) or moved by itself.
 * `MOVED`: the instance that has taken its place. `GONE`: cancelled, or behind the series' end. `CHANGED`: nobody can
 * say which instance is meant, if any.
 */
export type Pairing = {
  bookingUid: string
  outcome: 'SAME' | 'MOVED' | 'GONE' | 'CHANGED'
  event?: ExternalEvent
}

/** What is left of a series: its masters that are not cancelled. `unclear`: it may go on as yet another. */
export type SeriesNow = { masters: readonly ExternalEvent[]; unclear?: boolean }

/**
 * Pairs the bookings linked to a series with its instances, cancelled ones included, of all the masters that it was
 * split into. Better no answer than a wrong one: what is not unambiguous is CHANGED. One pairing for each booking given,
 * in their order. It is surest where past bookings of the series are given too.
 */
export function pairInstances(
  linked: readonly LinkedInstance[],
  instances: readonly ExternalEvent[],
  { masters, unclear = false }: SeriesNow,
): Pairing[] {
  const alive = instances.filter(({ status }) => status !== 'cancelled')
  const found = new Map<LinkedInstance, Pairing>()
  const taken = new Set<ExternalEvent>()
  const pair = (one: LinkedInstance, outcome: Pairing['outcome'], event?: ExternalEvent) => {
    found.set(one, { bookingUid: one.bookingUid, outcome, ...defined({ event }) })
    if (event) taken.add(event)
  }
  const remaining = () => linked.filter((one) => !found.has(one))

  for (const one of linked) {
    const event = isNamedBySeries(one)
      ? undefined
      : alive.find(({ id }) => id === one.reference.externalEventId)
    if (event) pair(one, 'SAME', event)
  }
  for (const one of remaining()) {
    const event = alive.find((instance) => !taken.has(instance) && startOf(instance) === originalOf(one))
    if (event) pair(one, 'SAME', event)
  }
  for (const one of remaining()) {
    const event = instances.find((instance) => isGone(one, instance))
    if (event) pair(one, 'GONE', event)
  }
  // One that does not repeat any more, or gives no instance at all, says nothing of those that it had; nor does its end.
  const silent = unclear || masters.some((master) => !master.isSeries || endsBeforeItBegins(master))
  for (const one of remaining()) if (silent || one.rule === REPEATS_NO_MORE) pair(one, 'CHANGED')
  for (const one of remaining())
    if (!masters.every(({ rule }) => rule !== undefined && rule === one.rule))
      pair(one, stoodAlone(one, linked) && !alive.some(isNear(one)) ? 'GONE' : 'CHANGED')

  // From here on the series repeats as it did: it was dragged, or it ends sooner.
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
  // Where others stayed, a whole step is not a move but a neighbour.
  const isMove = (delta: number) => taken.size === 0 || (Math.abs(delta) < before && !isInStep(delta, gap))
  const moved = inOrder(rest, free, isMove) ?? nearest(rest, free, gap)
  rest.forEach((one, index) => {
    const event = moved?.[index]
    pair(one, event ? 'MOVED' : 'CHANGED', event)
  })
  return linked.flatMap((one) => found.get(one) ?? [])
}

const HOUR = 3_600_000

/** Where an instance stands in its series before any move of its own: epoch milliseconds. */
const startOf = ({ originalStart, times }: ExternalEvent): number =>
  (originalStart ?? (times && !times.allDay ? times.start : undefined))?.epochMilliseconds ?? Number.NaN

const originalOf = ({ reference, start }: LinkedInstance): number =>
  (reference.originalStart === undefined ? start : Temporal.Instant.from(reference.originalStart))
    .epochMilliseconds

const isNamedBySeries = ({ reference }: LinkedInstance): boolean =>
  reference.externalEventId === reference.recurringEventId

/** Of those left: whoever is linked under the name of the series is known by the original start alone. */
const isGone = (one: LinkedInstance, instance: ExternalEvent): boolean =>
  isNamedBySeries(one)
    ? instance.status === 'cancelled' && startOf(instance) === originalOf(one)
    : instance.id === one.reference.externalEventId

/** Only this booking is linked to the series, and its event was there before the series was. */
const stoodAlone = ({ grown, rule }: LinkedInstance, linked: readonly LinkedInstance[]): boolean =>
  grown === true && rule !== undefined && linked.length === 1

/** Less than half a day from where the booking's own instance stood: it may be that one. */
const isNear =
  (one: LinkedInstance) =>
  (instance: ExternalEvent): boolean =>
    Math.abs(startOf(instance) - originalOf(one)) < 12 * HOUR

function endsBeforeItBegins({ until, times }: ExternalEvent): boolean {
  if (until === undefined || times === undefined || times.allDay) return false
  return Temporal.Instant.compare(until, times.start) < 0
}

/** The series itself says so, by date. */
const leavesOut =
  (one: LinkedInstance) =>
  ({ excluded = [] }: ExternalEvent): boolean =>
    excluded.some(({ epochMilliseconds }) => epochMilliseconds === originalOf(one))

/** As an occurrence that was deleted by itself looks. */
const leftOut = (one: LinkedInstance, { id, etag, updated }: ExternalEvent): ExternalEvent => ({
  id: one.reference.externalEventId,
  status: 'cancelled',
  recurringEventId: id,
  originalStart: Temporal.Instant.fromEpochMilliseconds(originalOf(one)),
  ...defined({ etag, updated }),
})

/** Each part that is left ends at a date, and the booking's instance stood behind all of them; or none is left. */
const isBehind = (one: LinkedInstance, masters: readonly ExternalEvent[]): boolean =>
  masters.every(({ until }) => until !== undefined && until.epochMilliseconds < originalOf(one))

/** What the series still has is in step with what it had; otherwise it may have been moved. */
const isInStepWith =
  (one: LinkedInstance, gap: number) =>
  (instance: ExternalEvent): boolean =>
    isInStep(startOf(instance) - originalOf(one), gap)

const DAYS: { readonly [frequency: string]: number } = { DAILY: 1, WEEKLY: 7 }

/** The fewest milliseconds that the rules leave between two instances, as far as a step of whole days tells it. */
function stepOf(masters: readonly ExternalEvent[]): number {
  const steps = masters.map(({ rule = '' }) => {
    const [, frequency = '', interval = '1'] = /^FREQ=(\w+)(?:;INTERVAL=(\d+))?$/.exec(rule) ?? []
    return (DAYS[frequency] ?? Number.NaN) * Number(interval) * 24 * HOUR
  })
  return Math.min(...steps.filter(Number.isFinite))
}

/** Whole steps away, an hour more or less for a change to or from daylight saving time. */
function isInStep(delta: number, gap: number): boolean {
  const off = Math.abs(delta) % gap
  return Math.abs(delta) > HOUR && Math.min(off, gap - off) <= HOUR
}

/** As many as there were, all moved by the same time. */
function inOrder(
  rest: readonly LinkedInstance[],
  free: readonly ExternalEvent[],
  isMove: (delta: number) => boolean,
): ExternalEvent[] | undefined {
  if (rest.length !== free.length) return undefined
  return moveAlike(rest, free, isMove) ? [...free] : undefined
}

/** Other instances are there too, but each booking has one near by, all at the same distance. */
function nearest(
  rest: readonly LinkedInstance[],
  free: readonly ExternalEvent[],
  gap: number,
): ExternalEvent[] | undefined {
  if (!Number.isFinite(gap)) return undefined
  const chosen = rest.flatMap((one) => {
    const near = free.filter((event) => Math.abs(startOf(event) - originalOf(one)) <= gap / 3)
    return near.length === 1 ? near : []
  })
  const each = new Set(chosen).size === rest.length
  return each && moveAlike(rest, chosen, () => true) ? chosen : undefined
}

/** A change to or from daylight saving time in between makes an hour's difference. */
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

/** Infinity where there is none to measure. */
function smallestGap(starts: readonly number[]): number {
  const sorted = starts.filter(Number.isFinite).toSorted((a, b) => a - b)
  const gaps = sorted.slice(1).map((start, index) => start - (sorted[index] ?? start))
  return Math.min(...gaps.filter((gap) => gap > 0))
}
