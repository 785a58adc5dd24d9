import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute, load } from '../../commands/execute.ts'
import { RegisterCalendarSync } from '../../commands/register-calendar-sync.ts'
import { recordBookingTimes, type ToldBooking, trackBooking } from '../../domain/booking/facts.ts'
import { type Booking, trackedPart } from '../../domain/booking/state.ts'
import type { Cause } from '../../domain/event-metadata.ts'
import type { BookingDelivery, DeliveredBooking, DeliveredDestination } from '../../ports/booking-webhook.ts'
import type { Document } from '../../ports/read-store/read-store.ts'
import { isPrimary } from '../../ports/vault/calendar-address.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { announceEnd, closeAndHandOn, recordRejection } from './closing.ts'
import { aCalendarOf } from './named-references.ts'
import { flagUnfound } from './reference-ask.ts'
import { NOBODY } from './view.ts'

/** Takes in what Cal.com says. */
export type CalcomIntake = {
  /**
   * Resolves when all that follows from the delivery is durable. Deliveries may be repeated, late and out of order: a
   * repetition changes nothing, and what was closed is never opened again. `cause` where it was no webhook.
   */
  receive(delivery: BookingDelivery, cause?: Cause): Promise<void>
}

export function createCalcomIntake(ports: ServicePorts): CalcomIntake {
  return {
    async receive(delivery, cause) {
      const created = delivery.createdAt === undefined ? {} : { createdAt: delivery.createdAt }
      const webhook = { webhook: delivery.trigger, ...created, receivedAt: ports.now().toString() }
      const actor = cause === undefined ? 'webhook:calcom' : 'CRON:booking-reconciler'
      const context = contextOf(ports, actor, cause ?? webhook)
      switch (delivery.trigger) {
        case 'BOOKING_CREATED':
          return recordCreation(ports, context, delivery.booking)
        case 'BOOKING_RESCHEDULED':
          return recordReschedule(ports, context, delivery)
        case 'BOOKING_CANCELLED':
          return announceEnd(ports, context, delivery.bookingUid, {
            reason: delivery.requestReschedule ? 'RESCHEDULE_REQUESTED' : 'CANCELLED_IN_CALCOM',
            ...(delivery.seats && { seats: delivery.seats }),
          })
        case 'BOOKING_REJECTED':
          return recordRejection(ports, context, delivery.bookingUid)
        case 'PING':
        case 'IGNORED':
          return
      }
    },
  }
}

async function recordCreation(
  ports: ServicePorts,
  context: CommandContext,
  booking: DeliveredBooking,
): Promise<void> {
  await registerCalendars(ports, context, booking)
  await track(ports, context, tell(ports, booking))
  await tellUnplaced(ports, context, booking)
  await askForReferences(ports, context, booking)
}

const track = (ports: ServicePorts, context: CommandContext, told: ToldBooking) =>
  execute(ports, context, bookingAggregate, told.bookingUid, (state) =>
    trackBooking(state, withoutOldTimes(state, told)),
  )

/**
 * A creation tells the times a booking began with: of one that is tracked already, or was until the calendar cancelled
 * it, they are old. Its status may have come from pending to accepted, not back.
 */
function withoutOldTimes(state: Booking, told: ToldBooking): ToldBooking {
  const known = trackedPart(state)
  if (known === undefined) return told
  return { ...told, status: known.status === 'PENDING' ? told.status : known.status, times: known.basis }
}

/**
 * The old booking first, so that nothing more is decided on it. The new one takes its references over once the old one is
 * closed: at once where Cal.com cannot be asked, else when it has answered. Where guests share the old booking, one who
 * moves to another takes nothing along.
 */
async function recordReschedule(
  ports: ServicePorts,
  context: CommandContext,
  { booking, rescheduledFromUid }: Extract<BookingDelivery, { trigger: 'BOOKING_RESCHEDULED' }>,
): Promise<void> {
  await registerCalendars(ports, context, booking)
  if (rescheduledFromUid === undefined) return recordMove(ports, context, booking)
  const { bookingUid, seats } = booking
  const end = { reason: 'RESCHEDULED', rescheduledToUid: bookingUid, ...(seats && { seats }) }
  await announceEnd(ports, context, rescheduledFromUid, end)
  await track(ports, context, { ...tell(ports, booking), ...(!seats && { rescheduledFromUid }) })
  await tellUnplaced(ports, context, booking)
  if (!seats) await handOnIfClosed(ports, context, rescheduledFromUid, bookingUid)
  await askForReferences(ports, context, booking)
}

/** Repeated after a crash, the old booking may have been closed before the new one was tracked. */
async function handOnIfClosed(
  ports: ServicePorts,
  context: CommandContext,
  rescheduledFromUid: string,
  bookingUid: string,
): Promise<void> {
  const { state } = await load(ports.events, bookingAggregate, rescheduledFromUid)
  if (state.kind !== 'CLOSED' || state.rescheduledToUid !== bookingUid) return
  const { reason } = state
  await closeAndHandOn(ports, context, rescheduledFromUid, { reason, rescheduledToUid: bookingUid })
}

/** A booking whose seats all move together keeps its uid. */
async function recordMove(
  ports: ServicePorts,
  context: CommandContext,
  booking: DeliveredBooking,
): Promise<void> {
  const at = ports.now().toString()
  await execute(ports, context, bookingAggregate, booking.bookingUid, (state) =>
    state.kind === 'OPEN'
      ? recordBookingTimes(state, { times: booking, at })
      : trackBooking(state, tell(ports, booking)),
  )
  await askForReferences(ports, context, booking)
}

function tell(ports: ServicePorts, booking: DeliveredBooking): ToldBooking {
  return {
    bookingUid: booking.bookingUid,
    userId: booking.userId ?? NOBODY,
    status: booking.status,
    times: { start: booking.start, end: booking.end },
    references: [],
    ...(booking.seats && { seats: booking.seats }),
    at: ports.now().toString(),
  }
}

/** The booking is written into a calendar that nothing names, and the host keeps none in step that it could be. */
async function tellUnplaced(
  ports: ServicePorts,
  context: CommandContext,
  { bookingUid, userId, destinations }: DeliveredBooking,
): Promise<void> {
  if (userId === undefined || destinations.length === 0 || !destinations.every(isPrimary)) return
  await ports.caughtUp('calendar-syncs')
  if ((await aCalendarOf(ports, userId)) === undefined) await flagUnfound(ports, context, bookingUid)
}

/**
 * The calendars that the booking is written into are kept in step from now on; without a credential they wait. One that
 * nothing names cannot be.
 */
async function registerCalendars(
  ports: ServicePorts,
  context: CommandContext,
  { userId, destinations }: DeliveredBooking,
): Promise<void> {
  if (userId === undefined) return
  for (const { provider, externalCalendarId, credentialId } of destinations.filter(isPlaced))
    await RegisterCalendarSync.handle(
      {
        userId,
        provider,
        externalCalendarId,
        ...(credentialId !== undefined && { credentialId }),
      },
      ports,
      context,
    )
}

const isPlaced = (destination: DeliveredDestination): boolean => !isPrimary(destination)

/** Cal.com sends its webhook before it stores the references: they are asked for a little later, and again. */
async function askForReferences(
  ports: ServicePorts,
  context: CommandContext,
  booking: DeliveredBooking,
): Promise<void> {
  const [destination] = booking.destinations.filter(isPlaced)
  // The patience begins anew: the booking may have waited long for its confirmation.
  const memo: Document = {
    since: ports.now().toString(),
    tries: 0,
    ...(destination && { destination: await ports.calendars.keyOf(destination) }),
  }
  await ports.queue.signal(
    { kind: 'references', key: booking.bookingUid },
    { cause: context.cause ?? { poll: true }, dueInMs: 0, memo, atOnce: true },
  )
}
