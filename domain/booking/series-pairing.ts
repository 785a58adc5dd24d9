// Which instance of a series is a booking's, after the whole series was edited or split? Instances get other ids then.

import type { ExternalEvent } from '../external-event.ts'
import type { StoredReference } from './events.ts'

/** What Google appends to a series' id each time "this and following" splits it: the split's first original start. */
const splits = /(?:_R\d{8}(?:T\d{6}Z?)?)+$/

/**
 * The series that this one was split off from, first to last; itself where it never was. All parts of a series share
 * their root. Only for finding what may belong together: an instance's own `recurringEventId` says what it belongs to.
 */
export const seriesRoot = (recurringEventId: string): string => recurringEventId.replace(splits, '')

/** A booking that refers to an instance. `start` stands in where the reference has no original start. */
export type LinkedInstance = { bookingUid: string; reference: StoredReference; start: Temporal.Instant }

/**
 * `SAME`: the instance it was, perhaps in another part of the series (compare `recurringEventId`) or moved by itself.
 * `MOVED`: the instance that has taken its place. `GONE`: cancelled, or behind the series' end. `CHANGED`: the series
 * has another count or frequency, so that nobody can say which instance is meant.
 */
export type Pairing = {
  bookingUid: string
  outcome: 'SAME' | 'MOVED' | 'GONE' | 'CHANGED'
  event?: ExternalEvent
}

/**
 * Pairs the bookings linked to a series with its instances, cancelled ones included, of all the masters that it was
 * split into. Better no answer than a wrong one: what is not unambiguous is CHANGED. One pairing for each booking given,
 * in their order. It is surest where past bookings of the series are given too. `endsAtDate`: every master that is left
 * ends at a date, as "this and following" leaves it when it deletes; a series that is only shorter has another count.
 * `stepDays`: the fewest days between two instances, by the rules of the masters that are left.
 */
export function pairInstances(
  linked: readonly LinkedInstance[],
  instances: readonly ExternalEvent[],
  { endsAtDate, stepDays }: { endsAtDate: boolean; stepDays?: number } = { endsAtDate: true },
): Pairing[] {
  const alive = instances.filter(({ status }) => status !== 'cancelled')
  const found = new Map<LinkedInstance, Pairing>()
  const taken = new Set<ExternalEvent>()
  const pair = (one: LinkedInstance, outcome: Pairing['outcome'], event?: ExternalEvent) => {
    found.set(one, { bookingUid: one.bookingUid, outcome, ...(event && { event }) })
    if (event) taken.add(event)
  }
  const remaining = () => linked.filter((one) => !found.has(one))

  for (const one of linked) {
    const event = alive.find(({ id }) => id === one.reference.externalEventId)
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

  const rest = remaining().toSorted((a, b) => originalOf(a) - originalOf(b))
  const free = alive.filter((instance) => !taken.has(instance)).toSorted((a, b) => startOf(a) - startOf(b))
  const before = smallestGap(linked.map(originalOf))
  const gap = Math.min(before, smallestGap(alive.map(startOf)))
  const step = (stepDays ?? 0) * 24 * HOUR
  if (step > 0 && isOtherFrequency(linked, step)) for (const one of rest) pair(one, 'CHANGED')
  else if (endsAtDate && endedBefore(rest, alive, free, gap)) for (const one of rest) pair(one, 'GONE')
  else {
    // Where others stayed, a whole step is not a move but a neighbour.
    const isMove = (delta: number) => taken.size === 0 || (Math.abs(delta) < before && !isInStep(delta, gap))
    const moved = inOrder(rest, free, isMove) ?? nearest(rest, free, gap)
    rest.forEach((one, index) => {
      const event = moved?.[index]
      pair(one, event ? 'MOVED' : 'CHANGED', event)
    })
  }
  return linked.flatMap((one) => found.get(one) ?? [])
}

const HOUR = 3_600_000

/** Where an instance stands in its series before any move of its own: epoch milliseconds. */
const startOf = ({ originalStart, times }: ExternalEvent): number =>
  (originalStart ?? (times && !times.allDay ? times.start : undefined))?.epochMilliseconds ?? Number.NaN

const originalOf = ({ reference, start }: LinkedInstance): number =>
  (reference.originalStart === undefined ? start : Temporal.Instant.from(reference.originalStart))
    .epochMilliseconds

/** Of those left: whoever is linked under the name of the series is known by the original start alone. */
const isGone = (one: LinkedInstance, instance: ExternalEvent): boolean =>
  one.reference.externalEventId === one.reference.recurringEventId
    ? instance.status === 'cancelled' && startOf(instance) === originalOf(one)
    : instance.id === one.reference.externalEventId

/**
 * The series ends before all that remain: an earlier UNTIL, or no instance at all. What it still has must be in step
 * with what it had; otherwise it may have been moved.
 */
function endedBefore(
  rest: readonly LinkedInstance[],
  alive: readonly ExternalEvent[],
  free: readonly ExternalEvent[],
  gap: number,
): boolean {
  const first = rest[0]
  if (first === undefined) return false
  const origin = originalOf(first)
  return (
    alive.every((event) => startOf(event) < origin) &&
    free.every((event) => isInStep(startOf(event) - origin, gap))
  )
}

/**
 * The bookings are closer together than the rule's step, or each is many steps from the next: the rule was another one
 * when they were made. Parts of a split series stand apart as they like.
 */
function isOtherFrequency(linked: readonly LinkedInstance[], step: number): boolean {
  const parts = Map.groupBy(linked, ({ reference }) => reference.recurringEventId).values()
  const apart = Math.min(...[...parts].map((part) => smallestGap(part.map(originalOf))))
  return apart < step - HOUR || (apart >= 5 * step && Number.isFinite(apart))
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
