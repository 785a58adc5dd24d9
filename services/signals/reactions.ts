// Reactions: work that follows from events without anybody asking. Work is signalled, changes are held, crons are
// woken. One subscription with a checkpoint feeds them: each is repeated after a crash until it is durable. The
// checkpoint goes with the read models, and without it all are repeated from the first event on. However late it is
// repeated, a reaction decides nothing that would not be decided without it (docs/decisions/0008).
import type { Category } from '../../domain/domain-event.ts'
import { eventTypes } from '../../domain/domain-event.ts'
import type { PollReason } from '../../domain/event-metadata.ts'
import { decodeAny, isKnown, type StoredEvent } from '../../ports/event-store/event-codec.ts'
import type { EventPage } from '../../ports/event-store/event-store.ts'
import type { Stores, Time } from '../../ports/port-groups.ts'
import type { Document } from '../../ports/read-store/read-store.ts'
import { openBookings, openBookingsOfUser } from '../../projections/booking-references.ts'
import { calendarSyncById, usersOfOrganization } from '../../projections/calendar-syncs.ts'
import { signalChain } from '../calcom/chain.ts'
import { askForHostsBookings } from '../calcom/host-bookings.ts'
import { askForHostsEvents } from '../calcom/late-references.ts'
import { recordShownOutcomes } from '../calcom/shown-outcomes.ts'
import { signalUnapplied } from '../calcom/unapplied.ts'
import { retryDelay } from '../running/retry-delay.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { hold } from '../sync/brake.ts'
import { recordEarlierUse, recordUses } from './calendar-use.ts'

/** Under which name their checkpoint is kept beside those of the read models. */
export const REACTIONS = 'reactions'
const categories = Object.keys(eventTypes) as Category[] // keyof typeof, which Object.keys forgets

/** Runs until `signal` aborts. `wakeCrons` is called after events that give the crons something to do. */
export async function runReactions(
  ports: ServicePorts,
  options: { signal: AbortSignal; wakeCrons(): void },
): Promise<void> {
  const { signal } = options
  let failures = 0
  while (!signal.aborted) {
    try {
      const after = await ports.readStore.checkpoint(REACTIONS)
      for await (const page of ports.events.subscribe({ after, filter: { categories }, signal })) {
        await reactToPage(ports, page, options.wakeCrons)
        failures = 0
      }
    } catch (error) {
      ports.log.error({ err: error }, 'reactions failed, retrying from their checkpoint')
      await ports.clock.delay(retryDelay(failures++, ports.random), signal)
    }
  }
}

async function reactToPage(ports: ServicePorts, page: EventPage, wakeCrons: () => void): Promise<void> {
  const events = page.events.filter(isKnown).map(decodeAny)
  for (const event of events) await react(ports, event, wakeCrons)
  await recordUses(
    ports,
    events.flatMap((event) => (event.type === 'BookingReferenceLinked' ? [event.data] : [])),
  )
  await ports.readStore.write([], { projection: REACTIONS, position: page.position })
}

async function react(ports: ServicePorts, event: StoredEvent, wakeCrons: () => void): Promise<void> {
  switch (event.type) {
    case 'CalendarSyncRegistered':
      await signalCalendar(ports, event.data.calendarKey, 'ACTIVATED')
      wakeCrons()
      await askForHostsBookings(ports, event.data.userId)
      await recordEarlierUse(ports, event.data)
      // It may have been removed before, and what changed since set aside.
      return signalBookingsOfSync(ports, event.data.calendarSyncId)
    case 'SubscriptionActivated':
      await signalCalendar(ports, event.data.subscriptionId, 'ACTIVATED')
      return wakeCrons()
    case 'CalendarSyncResumed':
      await carryOutWhatWaits(ports)
      return signalBookingsOfSync(ports, event.data.calendarSyncId)
    case 'CalendarSyncPaused':
      return
    case 'SelectedCalendarRegistered':
      await signalCalendar(ports, event.data.calendarKey, 'ACTIVATED')
      return wakeCrons()
    case 'CalendarSyncRemoved':
    case 'SelectedCalendarRemoved':
    case 'SubscriptionRequested':
    case 'SubscriptionRenewed':
    case 'ChannelStopped':
      return wakeCrons()
    case 'BookingReferenceLinked':
      return signalBooking(ports, event.data.bookingUid, 'LINKED', { firstLook: true })
    case 'BookingReassigned':
      return askForHostsEvents(ports, event.data.bookingUid)
    case 'BookingFlagged':
      if (event.data.code === 'REASSIGNED') return askForHostsEvents(ports, event.data.bookingUid)
      // The event may still stand where the host wants it.
      return event.data.code === 'OVERTAKEN'
        ? signalBooking(ports, event.data.bookingUid, 'LOOK_AGAIN')
        : undefined
    case 'BookingUnflagged':
      // Changes that the flag kept from being decided may be decided now.
      return signalBooking(ports, event.data.bookingUid, 'LOOK_AGAIN')
    case 'BookingTracked':
      // The booking before may have been closed when nobody knew this one's times.
      return event.data.rescheduledFromUid === undefined
        ? undefined
        : recordOutcomes(ports, event.data.rescheduledFromUid)
    case 'BookingClosed':
      return recordOutcomes(ports, event.data.bookingUid)
    case 'BookingRescheduled':
    case 'BookingCancelled':
      return ports.writer && signalChain(ports, event.data.bookingUid, { news: true })
    case 'BookingTimesRecorded':
      await recordOutcomes(ports, event.data.bookingUid)
      if (ports.writer) await signalChain(ports, event.data.bookingUid)
      return event.data.status === undefined
        ? undefined
        : signalBooking(ports, event.data.bookingUid, 'ACCEPTED')
    case 'ExternalEventChangeIgnored':
      return holdForPerson(ports, event.data)
    case 'BookingOutcomeReported':
      // Superseded: the very same version of the event may now mean something else.
      return event.data.outcome === 'SUPERSEDED'
        ? signalBooking(ports, event.data.bookingUid, 'LOOK_AGAIN')
        : undefined
    case 'HeldChangesReleased':
      for (const uid of event.data.bookingUids)
        await signalBooking(ports, uid, 'RELEASED', { releasedAt: event.data.at })
      return
    case 'HeldChangesDiscarded':
      for (const uid of event.data.bookingUids)
        await signalBooking(ports, uid, 'DISCARDED', { discardedAt: event.data.at })
      return
    case 'SyncPolicySet':
      wakeCrons()
      if (event.data.mode === 'apply') await carryOutWhatWaits(ports)
      return event.data.mode === 'off' ? undefined : signalBookingsOfScope(ports, event.data)
    case 'SyncPolicyLifted':
      wakeCrons()
      await carryOutWhatWaits(ports)
      return signalBookingsOfScope(ports, event.data)
    default:
  }
}

const signalCalendar = (ports: Pick<Stores, 'queue'>, calendarKey: string, reason: PollReason) =>
  ports.queue.signal({ kind: 'calendar', key: calendarKey }, { cause: { poll: true, reason }, dueInMs: 0 })

const signalBooking = (
  ports: Pick<Stores, 'queue'>,
  bookingUid: string,
  reason: PollReason,
  memo: Document = {},
) =>
  ports.queue.signal(
    { kind: 'booking', key: bookingUid },
    { cause: { poll: true, reason }, dueInMs: 0, memo },
  )

/** Carrying out may have been switched off here for what was published before. */
async function carryOutWhatWaits(ports: ServicePorts): Promise<void> {
  if (ports.writer === undefined) return
  await Promise.all([ports.caughtUp('sync-policies'), ports.caughtUp('calendar-syncs')])
  await signalUnapplied(ports)
}

const recordOutcomes = (ports: ServicePorts, bookingUid: string): Promise<void> =>
  recordShownOutcomes(ports, contextOf(ports, 'reactions'), bookingUid)

type DataOf<Type extends StoredEvent['type']> = Extract<StoredEvent, { type: Type }>['data']

async function holdForPerson(
  ports: ServicePorts,
  { code, calendarKey, bookingUid, at }: DataOf<'ExternalEventChangeIgnored'>,
): Promise<void> {
  if (code === 'FIRST_LOOK' || code === 'DELETION_UNCLEAR')
    await hold(ports, contextOf(ports, 'reactions'), calendarKey, code, [bookingUid], at)
}

/** Has the changes that were set aside under another policy looked at again under the new one. */
async function signalBookingsOfScope(
  ports: Stores & Time,
  { scope, scopeId }: DataOf<'SyncPolicyLifted'>,
): Promise<void> {
  // Else the looks could be decided under the old policy, and not be taken again.
  await ports.caughtUp('sync-policies')
  if (scope === 'user' && scopeId !== undefined) return signalBookingsOfUser(ports, scopeId)
  if (scope === 'calendarSync' && scopeId !== undefined) return signalBookingsOfSync(ports, scopeId)
  await Promise.all([ports.caughtUp('booking-references'), ports.caughtUp('calendar-syncs')])
  const hosts = scopeId === undefined ? undefined : await usersOfOrganization(ports.readStore, scopeId)
  let after: string | undefined
  do {
    const page = await openBookings(ports.readStore, ports.now(), { limit: 500, ...(after && { after }) })
    const concerned = page.items.filter(
      ({ userId, organizationId }) =>
        hosts === undefined ||
        organizationId === scopeId ||
        (organizationId === undefined && hosts.has(userId)),
    )
    await signalBookings(
      ports,
      concerned.map(({ bookingUid }) => bookingUid),
    )
    after = page.next ?? undefined
  } while (after !== undefined)
}

async function signalBookingsOfSync(ports: Stores & Time, calendarSyncId: string): Promise<void> {
  await ports.caughtUp('calendar-syncs')
  const sync = await calendarSyncById(ports.readStore, calendarSyncId)
  if (sync) await signalBookingsOfUser(ports, sync.userId)
}

async function signalBookingsOfUser(ports: Stores & Time, userId: string): Promise<void> {
  await ports.caughtUp('booking-references')
  const bookingUids: string[] = []
  for await (const { bookingUid } of openBookingsOfUser(ports.readStore, userId, ports.now()))
    bookingUids.push(bookingUid)
  await signalBookings(ports, bookingUids)
}

const signalBookings = (ports: Pick<Stores, 'queue'>, bookingUids: readonly string[]): Promise<void> =>
  ports.queue.signalMany(
    bookingUids.map((key) => ({
      subject: { kind: 'booking', key },
      cause: { poll: true, reason: 'POLICY_CHANGED' },
      dueInMs: 0,
    })),
  )
