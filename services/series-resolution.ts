// Instances of a series get other ids when the series is edited or split: which instance is a booking's now?
import { bookingAggregate } from '../commands/aggregates.ts'
import { execute } from '../commands/execute.ts'
import type { OpenBooking, Reference } from '../domain/booking.ts'
import { flagSeriesChanged } from '../domain/booking-facts.ts'
import type { ExternalEvent } from '../domain/external-event.ts'
import { type LinkedInstance, pairInstances, seriesRoot } from '../domain/series.ts'
import type { Answer, CalendarAccess } from '../infrastructure/calendar-provider/calendar-provider.ts'
import { type BookingReferencesDocument, bookingsOfSeries } from '../projections/booking-references.ts'
import { contextOf, type ServicePorts } from './service-ports.ts'

/** How far around the linked bookings instances are asked for: a series may be moved by days. */
const MARGIN_HOURS = 7 * 24

export type SeriesPairing = ReturnType<typeof pairInstances>[number]

/** Pairs the bookings linked to one series with the instances of its masters, bounded to the bookings' span. */
export async function pairWithSeries(
  ports: ServicePorts,
  access: CalendarAccess,
  masters: readonly string[],
  linked: readonly LinkedInstance[],
  signal: AbortSignal,
): Promise<Answer<SeriesPairing[]>> {
  const starts = linked.map(({ start }) => start).toSorted(Temporal.Instant.compare)
  const [first, last] = [starts[0], starts.at(-1)]
  if (first === undefined || last === undefined) return { ok: true, value: [] }
  const from = first.subtract({ hours: MARGIN_HOURS })
  const to = last.add({ hours: MARGIN_HOURS })
  const instances: ExternalEvent[] = []
  for (const eventId of masters) {
    const answer = await ports.provider.instances({ ...access, eventId, from, to }, signal)
    if (!answer.ok) return answer
    instances.push(...answer.value)
  }
  return { ok: true, value: pairInstances([...linked], instances) }
}

/** The future bookings that are linked to instances of a series, whatever segment of it. */
export async function linkedInstances(
  ports: ServicePorts,
  calendarKey: string,
  roots: readonly string[],
): Promise<Map<string, LinkedInstance[]>> {
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
  const start = Temporal.Instant.from(booking.start)
  if (Temporal.Instant.compare(start, now) <= 0) return []
  return booking.references.flatMap((reference) => {
    const { recurringEventId } = reference
    const ofSeries = recurringEventId !== undefined && seriesRoot(recurringEventId) === root
    return ofSeries && reference.calendarKey === calendarKey
      ? [{ bookingUid: booking.bookingUid, reference, start }]
      : []
  })
}

/**
 * An instance that the provider answered as gone (`answer`) may only be named otherwise now. The answer stands if the
 * series is gone too or has no other instance for the booking; where the series changed beyond pairing, the booking is
 * flagged for a person and nothing is decided.
 */
export async function findInSeries(
  ports: ServicePorts,
  access: CalendarAccess,
  booking: OpenBooking,
  reference: Reference,
  answer: Answer<ExternalEvent>,
  signal: AbortSignal,
): Promise<Answer<ExternalEvent> | { ok: false; code: 'SERIES_CHANGED' }> {
  const { calendarKey, recurringEventId } = reference.stored
  if (recurringEventId === undefined) return answer
  const master = await ports.provider.event({ ...access, eventId: recurringEventId }, signal)
  if (!master.ok) return master.code === 'NOT_FOUND' || master.code === 'GONE' ? answer : master
  if (master.value.status === 'cancelled') return answer
  const root = seriesRoot(recurringEventId)
  const linked = (await linkedInstances(ports, calendarKey, [root])).get(root) ?? []
  const pairings = await pairWithSeries(ports, access, [recurringEventId], linked, signal)
  if (!pairings.ok) return pairings
  const mine = pairings.value.find(({ bookingUid }) => bookingUid === booking.bookingUid)
  if (mine?.event !== undefined && mine.outcome !== 'GONE') return { ok: true, value: mine.event }
  if (mine?.outcome !== 'CHANGED') return answer
  await flagChanged(ports, booking.bookingUid, reference.stored.externalEventId, calendarKey)
  return { ok: false, code: 'SERIES_CHANGED' }
}

/** Tells a person that a booking's series was changed beyond recognition. Never a cancellation. */
export async function flagChanged(
  ports: ServicePorts,
  bookingUid: string,
  externalEventId: string,
  calendarKey: string,
): Promise<void> {
  await execute(ports, contextOf(ports, 'sync-worker'), bookingAggregate, bookingUid, (state) =>
    flagSeriesChanged(state, { calendarKey, externalEventId, now: ports.now() }),
  )
}
