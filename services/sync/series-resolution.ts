// Finds a booking's instance after its series was edited or split: instances get other ids then.
import { bookingAggregate } from '../../commands/aggregates.ts'
import { execute } from '../../commands/execute.ts'
import type { StoredReference } from '../../domain/booking/events.ts'
import { isOnRecord } from '../../domain/booking/look.ts'
import type { Reference } from '../../domain/booking/references.ts'
import { flagSeriesChanged, noteSeriesRule } from '../../domain/booking/series-change.ts'
import {
  type LinkedInstance,
  pairInstances,
  REPEATS_NO_MORE,
  seriesRoot,
} from '../../domain/booking/series-pairing.ts'
import type { OpenBooking } from '../../domain/booking/state.ts'
import type { ExternalEvent } from '../../domain/external-event.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { Answer, CalendarAccess } from '../../ports/calendar-provider.ts'
import { type BookingReferencesDocument, bookingsOfSeries } from '../../projections/booking-references.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'

/** Instances are asked for this far around the linked bookings: a series may be moved by days. */
const MARGIN_HOURS = 7 * 24

export type SeriesPairing = ReturnType<typeof pairInstances>[number]

/**
 * Pairs the bookings linked to one series with the instances of these masters (cancelled instances too), within the
 * bookings' span. Bookings of other parts of the series are left out: this change says nothing of them. `unclear`: the
 * series may go on as another series.
 */
export async function pairWithSeries(
  ports: ServicePorts,
  access: CalendarAccess,
  { masters, unclear = false }: { masters: readonly ExternalEvent[]; unclear?: boolean },
  linked: readonly LinkedInstance[],
  signal: AbortSignal,
): Promise<Answer<SeriesPairing[]>> {
  const starts = linked.map(({ start }) => start).toSorted(Temporal.Instant.compare)
  const [first, last] = [starts[0], starts.at(-1)]
  if (first === undefined || last === undefined) return { ok: true, value: [] }
  const from = first.subtract({ hours: MARGIN_HOURS })
  const to = last.add({ hours: MARGIN_HOURS })
  const left = masters.filter(({ status }) => status !== 'cancelled')
  const instances: ExternalEvent[] = []
  for (const master of left) {
    const answer = master.isSeries
      ? await ports.provider.instances({ ...access, eventId: master.id, from, to }, signal)
      : { ok: true as const, value: [master] }
    if (!answer.ok) return answer
    instances.push(...answer.value)
  }
  const names = new Set([...masters, ...instances].map(({ id }) => id))
  const concerned = linked.filter(
    ({ reference }) => names.has(reference.recurringEventId ?? '') || names.has(reference.externalEventId),
  )
  return { ok: true, value: pairInstances(concerned, instances, { masters: left, unclear }) }
}

/**
 * The bookings that are linked to instances of any part of a series: future ones, and those of recent days. Without the
 * latter, their instances would seem to be free.
 */
export async function linkedInstances(
  ports: ServicePorts,
  calendarKey: string,
  roots: readonly string[],
): Promise<Map<string, LinkedInstance[]>> {
  if (roots.length === 0) return new Map()
  await ports.caughtUp('booking-references')
  const found = await bookingsOfSeries(ports.readStore, calendarKey, roots)
  const now = ports.now()
  return new Map(
    [...found].map(([root, bookings]) => [
      root,
      bookings.flatMap((booking) => instancesOf(booking, calendarKey, root, now)),
    ]),
  )
}

function instancesOf(
  booking: BookingReferencesDocument,
  calendarKey: string,
  root: string,
  now: Temporal.Instant,
): LinkedInstance[] {
  const [start, end] = [Temporal.Instant.from(booking.start), Temporal.Instant.from(booking.end)]
  if (Temporal.Instant.compare(start, now.subtract({ hours: MARGIN_HOURS })) <= 0) return []
  return booking.references.flatMap((reference) => {
    const { recurringEventId } = reference
    const ofSeries = recurringEventId !== undefined && seriesRoot(recurringEventId) === root
    if (!ofSeries || reference.calendarKey !== calendarKey) return []
    const { rule, grown } = reference
    const { bookingUid } = booking
    return [{ bookingUid, reference, start, end, ...defined({ rule, grown }) }]
  })
}

/**
 * Looks in the series for an instance that the provider answered as gone (`answer`): it may have another name now. The
 * instance is gone if it was deleted by itself. The same holds if a fetch showed that the series, or its rest, is gone
 * (`seriesEnded`, or this version's record). Otherwise the series may go on under an id that only a fetch finds. If the
 * series changed beyond pairing, the booking is flagged for a person, and nothing is decided.
 */
export async function findInSeries(
  ports: ServicePorts,
  access: CalendarAccess,
  booking: OpenBooking,
  reference: Reference,
  { answer, seriesEnded }: { answer: Answer<ExternalEvent>; seriesEnded: boolean },
  signal: AbortSignal,
): Promise<Answer<ExternalEvent> | { ok: false; code: 'SERIES_CHANGED' }> {
  const { calendarKey, recurringEventId } = reference.stored
  if (recurringEventId === undefined) return answer
  const master = await ports.provider.event({ ...access, eventId: recurringEventId }, signal)
  if (!master.ok) return master.code === 'NOT_FOUND' || master.code === 'GONE' ? answer : master
  const series = master.value
  const root = seriesRoot(recurringEventId)
  const linked = (await linkedInstances(ports, calendarKey, [root])).get(root) ?? []
  const pairings = await pairWithSeries(ports, access, { masters: [series] }, linked, signal)
  if (!pairings.ok) return pairings
  const mine = pairings.value.find(({ bookingUid }) => bookingUid === booking.bookingUid)
  if (mine === undefined) return UNCLEAR
  if (mine.outcome === 'CHANGED') {
    await flagChanged(ports, booking.bookingUid, reference.stored, [series])
    return { ok: false, code: 'SERIES_CHANGED' }
  }
  const { outcome, event } = mine
  if (event !== undefined && (outcome !== 'GONE' || !answer.ok)) return { ok: true, value: event }
  const gone = goneWith(series, reference.stored)
  const isClear = seriesEnded || isOnRecord(reference, gone)
  if (!answer.ok) return isClear ? { ok: true, value: gone } : UNCLEAR
  const isSaid = series.status === 'cancelled' || event !== undefined
  return isClear || isSaid ? { ok: true, value: asClearAs(series, answer.value) } : UNCLEAR
}

/** A look alone cannot decide whether the instance is gone. */
const UNCLEAR = { ok: false, code: 'NOT_FOUND', reason: 'seriesEnded' } as const

/**
 * Finds the booking's occurrence, where its event repeats now: the occurrence at the booking's start, even if cancelled or
 * moved. If there is none, the event was moved as it was made to repeat, and its first occurrence counts. If there is no
 * first occurrence either, no event stands for the booking.
 */
export async function findOccurrence(
  ports: ServicePorts,
  access: CalendarAccess,
  booking: OpenBooking,
  reference: Reference,
  series: ExternalEvent,
  signal: AbortSignal,
): Promise<Answer<ExternalEvent>> {
  if (series.times === undefined || series.times.allDay) return { ok: true, value: series }
  const { start } = booking.times
  for (const at of [start, series.times.start]) {
    const answer = await ports.provider.event({ ...access, eventId: instanceId(series.id, at) }, signal)
    if (answer.ok && answer.value.recurringEventId === series.id) return answer
    if (!answer.ok && answer.code !== 'NOT_FOUND' && answer.code !== 'GONE') return answer
  }
  // The id that we build may be wrong: a listed instance has the last word.
  const range = { from: start.subtract({ hours: MARGIN_HOURS }), to: start.add({ hours: MARGIN_HOURS }) }
  const answer = await ports.provider.instances({ ...access, eventId: series.id, ...range }, signal)
  if (!answer.ok) return answer
  const one = answer.value.find(({ originalStart }) => originalStart?.equals(start))
  if (one) return { ok: true, value: one }
  return { ok: true, value: goneWith(series, reference.stored) }
}

const instanceId = (seriesId: string, start: Temporal.Instant): string =>
  `${seriesRoot(seriesId)}_${start.toString({ smallestUnit: 'second' }).replaceAll(/[-:]/g, '')}`

/** The series speaks for an instance that the provider no longer knows. */
function goneWith(
  series: ExternalEvent,
  { externalEventId: id, recurringEventId }: Reference['stored'],
): ExternalEvent {
  const { etag, updated, idOnly } = series
  return {
    id,
    status: 'cancelled',
    ...defined({ recurringEventId, etag, updated, idOnly }),
  }
}

/**
 * Makes an instance as clearly deleted as its series. A series given to another organiser leaves cancelled instances, as a
 * deleted series does. A series that goes on may leave only an instance's id.
 */
function asClearAs(series: ExternalEvent, { idOnly: _, ...instance }: ExternalEvent): ExternalEvent {
  return { ...instance, ...defined({ idOnly: series.idOnly }) }
}

/**
 * Tells a person that a booking's series was changed beyond recognition. This never cancels the booking, also not when the
 * rest of the series is deleted later.
 */
export async function flagChanged(
  ports: ServicePorts,
  bookingUid: string,
  { calendarKey, externalEventId, recurringEventId }: StoredReference,
  masters: readonly ExternalEvent[],
): Promise<void> {
  const context = contextOf(ports, 'sync-worker')
  const now = ports.now()
  await execute(ports, context, bookingAggregate, bookingUid, (state) =>
    flagSeriesChanged(state, { calendarKey, externalEventId, now }),
  )
  const master = masters.find(({ id }) => id === recurringEventId)
  if (master === undefined || master.status === 'cancelled' || master.isSeries) return
  const noted = { calendarKey, externalEventId, rule: REPEATS_NO_MORE, at: now.toString() }
  await execute(ports, context, bookingAggregate, bookingUid, (state) => noteSeriesRule(state, noted))
}
