import { bookingAggregate } from '../../commands/aggregates.ts'
import { applyLook } from '../../commands/apply-look.ts'
import { execute } from '../../commands/execute.ts'
import { lookContextFor } from '../../commands/look-context.ts'
import { decisions } from '../../domain/booking/decisions.ts'
import type { Claim, Look, LookContext } from '../../domain/booking/look.ts'
import { findReference } from '../../domain/booking/references.ts'
import { moveReference } from '../../domain/booking/series-change.ts'
import { seriesRoot } from '../../domain/booking/series-pairing.ts'
import { accept } from '../../domain/decision.ts'
import type { Cause } from '../../domain/event-metadata.ts'
import type { ExternalEvent } from '../../domain/external-event.ts'
import { nextTurn } from '../../ports/turns.ts'
import {
  type BookingReferencesDocument,
  bookingsOfEvents,
  bookingsOfOccurrences,
  bookingsOfSeries,
  concernedBy,
} from '../../projections/booking-references.ts'
import { claimsOf } from '../../projections/claims.ts'
import { askForHostsEvents } from '../calcom/late-references.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { addMaster, type Findings, forget, found, lookAt, newestOfEach } from './findings.ts'
import { nameNow } from './follow.ts'

/** A page of a calendar's list: its calendar, when it was asked for, and why. */
export type PageSight = { calendarKey: string; cause: Cause; observedAt: Temporal.Instant }

type Match = {
  booking: BookingReferencesDocument
  externalEventId: string
  event: ExternalEvent
  /** As in LookContext. */
  claims: readonly Claim[]
}

/** Bookings decided side by side: their appends share the store's group commits. */
const WIDTH = 500
/** Bookings begun with before others have their turn. */
const AT_ONCE = 250

/**
 * Matches one page's events with the bookings that refer to them. A change that does not act (an echo, a title, a past
 * event) is recorded with the booking. Any other change goes into the findings. A repeated page changes nothing.
 */
export async function matchPage(
  ports: ServicePorts,
  sight: PageSight,
  events: readonly ExternalEvent[],
  findings: Findings,
): Promise<void> {
  if (events.length === 0) return
  const newest = newestOfEach(events, findings.newest)
  await collectMasters(ports, sight.calendarKey, newest, findings)
  const matches = await findMatches(ports, sight.calendarKey, newest, findings)
  const perBooking = Map.groupBy(matches, ({ booking }) => booking.bookingUid)
  const contexts = contextsOfPage(ports, sight.calendarKey)
  const queue = [...perBooking.values()]
  for (let start = 0; start < queue.length; start += WIDTH) {
    await Promise.all(
      queue.slice(start, start + WIDTH).map(async (matches, index) => {
        for (let turn = 0; turn <= index; turn += AT_ONCE) await nextTurn()
        const [first] = matches
        if (first) await decideOrFind(ports, sight, matches, findings, await contexts(first.booking))
      }),
    )
  }
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

async function findMatches(
  ports: ServicePorts,
  calendarKey: string,
  events: readonly ExternalEvent[],
  findings: Findings,
): Promise<Match[]> {
  const byEvent = await bookingsOfEvents(
    ports.readStore,
    calendarKey,
    events.map(({ id }) => id),
  )
  const matches: Match[] = []
  const strangers: (ExternalEvent & { recurringEventId: string; originalStart: Temporal.Instant })[] = []
  for (const event of events) {
    // A master says nothing of a single instance: `collectMasters` takes it.
    const known = byEvent.get(event.id) ?? []
    const direct = concernedBy(known, event).filter((booking) => !isLinkedAsInstanceOf(booking, event.id))
    if (direct.length > 0) findings.newest.set(event.id, event)
    const claims = claimsOf(known, { calendarKey, externalEventId: event.id })
    for (const booking of direct) {
      // Only a look can tell which occurrence stands for the booking.
      if (event.isSeries) {
        if (booking.open) lookAt(findings, booking.bookingUid, event.id)
        continue
      }
      matches.push({ booking, externalEventId: event.id, event, claims })
    }
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
    if (event) matches.push({ booking, externalEventId: reference.externalEventId, event, claims: [] })
  }
  return matches
}

const isLinkedAsInstanceOf = ({ references }: BookingReferencesDocument, eventId: string): boolean =>
  references.some((one) => one.externalEventId === eventId && one.recurringEventId === eventId)

/**
 * Adds masters to the findings: also cancelled ones, and events that repeat no more. A master concerns every booking linked
 * to an instance of its series.
 */
async function collectMasters(
  ports: ServicePorts,
  calendarKey: string,
  events: readonly ExternalEvent[],
  findings: Findings,
): Promise<void> {
  const whole = events.filter(({ recurringEventId }) => recurringEventId === undefined)
  if (whole.length === 0) return
  const linked = await bookingsOfSeries(ports.readStore, calendarKey, [
    ...new Set(whole.map(({ id }) => seriesRoot(id))),
  ])
  for (const event of whole) {
    if ((linked.get(seriesRoot(event.id)) ?? []).length > 0) addMaster(findings, event)
    else if (event.isSeries && event.status !== 'cancelled') findings.otherMasters.set(event.id, event)
    else findings.otherMasters.delete(event.id)
  }
}

/** Decides a page's events for one booking, as far as that needs no look of its own. */
async function decideOrFind(
  ports: ServicePorts,
  sight: PageSight,
  matches: readonly Match[],
  findings: Findings,
  lookContext: LookContext,
): Promise<void> {
  const [{ booking }] = matches as [Match]
  const { bookingUid } = booking
  findings.listed.add(bookingUid)
  const look: Look = {
    observedAt: sight.observedAt,
    sights: matches.map(({ externalEventId, event }) => ({
      calendarKey: sight.calendarKey,
      externalEventId,
      result: { seen: event },
    })),
  }
  const claims = matches.flatMap((match) => match.claims)
  const context = contextOf(ports, 'sync-worker', sight.cause)
  const { decision } = await applyLook(
    ports,
    context,
    bookingUid,
    look,
    { ...lookContext, claims },
    'unless it acts',
  )
  const names = matches.map(({ externalEventId }) => externalEventId)
  let followed = false
  for (const { externalEventId, event } of matches)
    followed = (await followInPage(ports, sight, booking, externalEventId, event)) || followed
  if (decision.code === 'REASSIGNED') await askForHostsEvents(ports, bookingUid, sight.cause)
  const gone = matches.some(({ event }) => event.status === 'cancelled')
  if (decision.acts || decisions[decision.code].looksAgain)
    found(findings, bookingUid, { names, gone }, decision)
  else forget(findings, bookingUid, names)
  if (followed) for (const name of names) lookAt(findings, bookingUid, name)
}

/**
 * Records another name of an event as soon as a list shows it. No later list may show the series. True if the name was
 * new.
 */
async function followInPage(
  ports: ServicePorts,
  { calendarKey, cause }: PageSight,
  { bookingUid, references }: BookingReferencesDocument,
  externalEventId: string,
  event: ExternalEvent,
): Promise<boolean> {
  const known = references.find(
    (one) => one.calendarKey === calendarKey && one.externalEventId === externalEventId,
  )
  const to = known && nameNow(known, event)
  if (known === undefined || to === undefined) return false
  const at = ports.now().toString()
  const context = contextOf(ports, 'sync-worker', cause)
  const moved = await execute(ports, context, bookingAggregate, bookingUid, (state) => {
    const reference = state.kind === 'OPEN' ? findReference(state, known) : undefined
    return reference ? moveReference(state, { from: reference.stored, to, at }) : accept()
  })
  return moved.ok && moved.events.length > 0
}
