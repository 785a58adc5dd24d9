import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute, load } from '../../commands/execute.ts'
import { RegisterCalendarSync } from '../../commands/register-calendar-sync.ts'
import {
  closeBooking,
  recordBookingTimes,
  type ToldBooking,
  trackBooking,
} from '../../domain/booking/facts.ts'
import { passedOnReferences } from '../../domain/booking/links.ts'
import { type Booking, trackedPart } from '../../domain/booking/state.ts'
import type { Cause } from '../../domain/event-metadata.ts'
import type { BookingDelivery, DeliveredBooking } from '../../ports/booking-webhook.ts'
import type { Document } from '../../ports/read-store/read-store.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'

/** Takes in what Cal.com says. */
export type CalcomIntake = {
  /**
   * Resolves when all that follows from the delivery is durable. Deliveries may be repeated, late and out of order: a
   * repetition changes nothing, and what was closed is never opened again. `cause` where it was no webhook.
   */
  receive(delivery: BookingDelivery, cause?: Cause): Promise<void>
}

/** Old deliveries do not say whose booking it is. */
const NOBODY = 'unknown'

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
          return rescheduled(ports, context, delivery)
        case 'BOOKING_CANCELLED':
          return close(ports, context, delivery.bookingUid, {
            reason: delivery.requestReschedule ? 'RESCHEDULE_REQUESTED' : 'CANCELLED_IN_CALCOM',
          })
        case 'BOOKING_REJECTED':
          return rejected(ports, context, delivery.bookingUid)
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
  await execute(ports, context, bookingAggregate, booking.bookingUid, (state) =>
    trackBooking(state, withoutOldTimes(state, tell(ports, booking))),
  )
  await askForReferences(ports, context, booking)
}

/**
 * A creation tells the times a booking began with: of one that is tracked already, or was until the calendar cancelled
 * it, they are old. Its status may have come from pending to accepted, not back.
 */
function withoutOldTimes(state: Booking, told: ToldBooking): ToldBooking {
  const known = trackedPart(state)
  if (known === undefined) return told
  return { ...told, status: known.status === 'PENDING' ? told.status : known.status, times: known.basis }
}

async function rescheduled(
  ports: ServicePorts,
  context: CommandContext,
  delivery: Extract<BookingDelivery, { trigger: 'BOOKING_RESCHEDULED' }>,
): Promise<void> {
  const { booking, rescheduledFromUid } = delivery
  await registerCalendars(ports, context, booking)
  if (rescheduledFromUid === undefined) return movedInPlace(ports, context, booking)
  // The old one first, so that nothing more is decided on it: closed, it still has the references to pass on, also for
  // a repetition should this process end in between.
  await close(ports, context, rescheduledFromUid, {
    reason: 'RESCHEDULED',
    rescheduledToUid: booking.bookingUid,
  })
  const before = await load(ports.events, bookingAggregate, rescheduledFromUid)
  const told = {
    ...tell(ports, booking),
    rescheduledFromUid,
    references: passedOnReferences(before.state),
  }
  await execute(ports, context, bookingAggregate, booking.bookingUid, (state) =>
    trackBooking(state, withoutOldTimes(state, told)),
  )
  await askForReferences(ports, context, booking)
}

/** A booking with seats keeps its uid. */
async function movedInPlace(
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

async function rejected(ports: ServicePorts, context: CommandContext, bookingUid: string): Promise<void> {
  const { state } = await load(ports.events, bookingAggregate, bookingUid)
  if (state.kind !== 'OPEN') return close(ports, context, bookingUid, { reason: 'REJECTED' })
  await execute(ports, context, bookingAggregate, bookingUid, (booking) =>
    booking.kind === 'OPEN'
      ? recordBookingTimes(booking, { times: booking.basis, status: 'REJECTED', at: ports.now().toString() })
      : { ok: true, events: [] },
  )
}

async function close(
  ports: ServicePorts,
  context: CommandContext,
  bookingUid: string,
  how: { reason: string; rescheduledToUid?: string },
): Promise<void> {
  await execute(ports, context, bookingAggregate, bookingUid, (state) =>
    closeBooking(state, { bookingUid, ...how, at: ports.now().toString() }),
  )
}

function tell(ports: ServicePorts, booking: DeliveredBooking): ToldBooking {
  return {
    bookingUid: booking.bookingUid,
    userId: booking.userId ?? NOBODY,
    status: booking.status,
    times: { start: booking.start, end: booking.end },
    references: [],
    at: ports.now().toString(),
  }
}

/** The calendars that the booking is written into are kept in step from now on; without a credential they wait. */
async function registerCalendars(
  ports: ServicePorts,
  context: CommandContext,
  { userId, destinations }: DeliveredBooking,
): Promise<void> {
  if (userId === undefined) return
  for (const { provider, externalCalendarId, credentialId } of destinations)
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

/** Cal.com sends its webhook before it stores the references: they are asked for a little later, and again. */
async function askForReferences(
  ports: ServicePorts,
  context: CommandContext,
  booking: DeliveredBooking,
): Promise<void> {
  const [destination] = booking.destinations
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
