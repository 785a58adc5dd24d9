import { applyLook } from '../../commands/apply-look.ts'
import { lookContextFor } from '../../commands/look-context.ts'
import { fingerprintOf, type Look, type LookContext } from '../../domain/booking/look.ts'
import { seriesRoot } from '../../domain/booking/series-pairing.ts'
import type { Cause } from '../../domain/event-metadata.ts'
import type { ExternalEvent } from '../../domain/external-event.ts'
import {
  type BookingReferencesDocument,
  bookingsOfEvents,
  bookingsOfOccurrences,
  bookingsOfSeries,
  concernedBy,
} from '../../projections/booking-references.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'

/** What a fetch found to be looked at, kept until its last page: nothing here is decided yet. */
export type Findings = {
  /**
   * Bookings to look at. `gone`: a candidate for cancellation, counted by the brake. `seriesEnded`: the fetch shows that
   * the booking's series ends before it and goes on under no other id.
   */
  looks: Map<string, { cause?: Cause; seen?: string; gone?: true; seriesEnded?: true }>
  /** Masters that changed, by the root of their series. */
  masters: Map<string, ChangedMaster[]>
  /** Masters of series that no booking is linked to, by id: what a series goes on as once it was split. */
  otherMasters: Map<string, ChangedMaster>
  /** Bookings whose event was in the list. */
  seen: Set<string>
}

export type ChangedMaster = {
  id: string
  alive: boolean
  endsAtDate: boolean
  stepDays?: number
  etag?: string
  created?: Temporal.Instant
}

export const newFindings = (): Findings => ({
  looks: new Map(),
  masters: new Map(),
  otherMasters: new Map(),
  seen: new Set(),
})

export type Sight = { calendarKey: string; cause: Cause; observedAt: Temporal.Instant }

type Match = { booking: BookingReferencesDocument; externalEventId: string; event: ExternalEvent }

/** Bookings decided side by side: their appends share the store's group commits. */
const WIDTH = 500

/**
 * Matches one page's events with the bookings that refer to them. Changes that decide nothing (an echo, a title, a past
 * event) are recorded with the booking; those that call for action go into the findings. Repeating a page changes nothing.
 */
export async function matchPage(
  ports: ServicePorts,
  sight: Sight,
  events: readonly ExternalEvent[],
  findings: Findings,
): Promise<void> {
  if (events.length === 0) return
  await collectMasters(ports, sight.calendarKey, events, findings)
  const matches = await findMatches(ports, sight.calendarKey, events)
  const perBooking = Map.groupBy(matches, ({ booking }) => booking.bookingUid)
  const contexts = contextsOfPage(ports, sight.calendarKey)
  const queue = [...perBooking.values()].map((list) => list.toSorted(byUpdated))
  for (let start = 0; start < queue.length; start += WIDTH)
    await Promise.all(
      queue.slice(start, start + WIDTH).map(async (list) => {
        for (const match of list)
          await decideOrFind(ports, sight, match, findings, await contexts(match.booking))
      }),
    )
}

/** One context for each host that the page concerns. */
function contextsOfPage(ports: ServicePorts, calendarKey: string) {
  const known = new Map<string, Promise<LookContext>>()
  return (booking: BookingReferencesDocument): Promise<LookContext> => {
    const host = JSON.stringify([booking.userId, booking.organizationId])
    const context = known.get(host) ?? lookContextFor(ports, booking, calendarKey)
    known.set(host, context)
    return context
  }
}

const byUpdated = (a: Match, b: Match): number =>
  (a.event.updated?.epochMilliseconds ?? 0) - (b.event.updated?.epochMilliseconds ?? 0)

async function findMatches(
  ports: ServicePorts,
  calendarKey: string,
  events: readonly ExternalEvent[],
): Promise<Match[]> {
  const byEvent = await bookingsOfEvents(
    ports.readStore,
    calendarKey,
    events.map(({ id }) => id),
  )
  const matches: Match[] = []
  const strangers: (ExternalEvent & { recurringEventId: string; originalStart: Temporal.Instant })[] = []
  for (const event of events) {
    // What is said of a series is not said of one instance: `collectMasters` sees to it.
    const known = concernedBy(byEvent.get(event.id) ?? [], event)
    const direct = known.filter((booking) => !isLinkedAsInstanceOf(booking, event.id))
    for (const booking of direct) matches.push({ booking, externalEventId: event.id, event })
    const { recurringEventId, originalStart } = event
    const open = direct.some((booking) => booking.open)
    if (!open && recurringEventId !== undefined && originalStart !== undefined)
      strangers.push({ ...event, recurringEventId, originalStart })
  }
  if (strangers.length === 0) return matches
  const occurrences = strangers.map(({ recurringEventId, originalStart }) => ({
    recurringEventId,
    originalStart: originalStart.toString(),
  }))
  for (const { booking, reference } of await bookingsOfOccurrences(
    ports.readStore,
    calendarKey,
    occurrences,
  )) {
    const event = strangers.find(
      ({ recurringEventId, originalStart }) =>
        recurringEventId === reference.recurringEventId &&
        originalStart.toString() === reference.originalStart,
    )
    if (event) matches.push({ booking, externalEventId: reference.externalEventId, event })
  }
  return matches
}

const isLinkedAsInstanceOf = ({ references }: BookingReferencesDocument, eventId: string): boolean =>
  references.some((one) => one.externalEventId === eventId && one.recurringEventId === eventId)

/** A master, or an id-only tombstone of one, concerns every booking linked to an instance of its series. */
async function collectMasters(
  ports: ServicePorts,
  calendarKey: string,
  events: readonly ExternalEvent[],
  findings: Findings,
): Promise<void> {
  const candidates = events.filter(
    ({ isSeries, status, recurringEventId }) =>
      isSeries === true || (status === 'cancelled' && recurringEventId === undefined),
  )
  if (candidates.length === 0) return
  const roots = [...new Set(candidates.map(({ id }) => seriesRoot(id)))]
  const linked = await bookingsOfSeries(ports.readStore, calendarKey, roots)
  for (const { id, status, etag, created, endsAtDate = false, stepDays } of candidates) {
    const root = seriesRoot(id)
    const alive = status !== 'cancelled'
    const master = {
      id,
      alive,
      endsAtDate,
      ...(stepDays !== undefined && { stepDays }),
      ...(etag !== undefined && { etag }),
      ...(created && { created }),
    }
    if ((linked.get(root) ?? []).length > 0) {
      const masters = findings.masters.get(root) ?? []
      findings.masters.set(root, [...masters.filter((known) => known.id !== id), master])
    } else if (alive) findings.otherMasters.set(id, master)
    else findings.otherMasters.delete(id)
  }
}

/** Decides what one sight of one event means for one booking, as far as it can be decided without a second look. */
async function decideOrFind(
  ports: ServicePorts,
  sight: Sight,
  { booking, externalEventId, event }: Match,
  findings: Findings,
  lookContext: LookContext,
): Promise<void> {
  findings.seen.add(booking.bookingUid)
  const { provider } = booking.references.find(
    (reference) => reference.externalEventId === externalEventId,
  ) ?? {
    provider: ports.provider.name,
  }
  const look: Look = {
    provider,
    calendarKey: sight.calendarKey,
    externalEventId,
    observedAt: sight.observedAt,
    result: { seen: event },
  }
  const context = contextOf(ports, 'sync-worker', sight.cause)
  const { decision } = await applyLook(
    ports,
    context,
    booking.bookingUid,
    look,
    lookContext,
    'unless it acts',
  )
  // An entry that cannot be read says only that there is something to look at.
  if (!decision.acts && decision.code !== 'LOOK_AGAIN' && decision.code !== 'UNKNOWN') return
  const gone = event.status === 'cancelled'
  const seen = decision.acts ? { seen: fingerprintOf(event) } : {}
  findings.looks.set(booking.bookingUid, { ...seen, ...(gone && { gone }) })
}
