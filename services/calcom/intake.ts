import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute, load } from '../../commands/execute.ts'
import { RegisterCalendarSync } from '../../commands/register-calendar-sync.ts'
import { recordBookingTimes, type StatedBooking, trackBooking } from '../../domain/booking/facts.ts'
import { type Booking, NOBODY, trackedPart } from '../../domain/booking/state.ts'
import type { Cause } from '../../domain/event-metadata.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { BookingDelivery, DeliveredBooking, DeliveredDestination } from '../../ports/booking-webhook.ts'
import type { Document } from '../../ports/read-store/read-store.ts'
import { isPrimary } from '../../ports/vault/calendar-address.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { recordHost, recordSecondWriter } from './answer.ts'
import { announceEnd, closeAndHandOn, recordRejection } from './closing.ts'
import { flag } from './flag.ts'
import { aCalendarOf } from './named-references.ts'

/** Takes in Cal.com's deliveries. */
export type CalcomIntake = {
  /**
   * Resolves when all that follows from the delivery is durable. Deliveries may be repeated, late and out of order. A
   * repetition changes nothing, and a closed booking is never opened again. Give `cause` if it was no webhook.
   */
  receive(delivery: BookingDelivery, cause?: Cause): Promise<void>
}

export function createCalcomIntake(ports: ServicePorts): CalcomIntake {
  return {
    async receive(delivery, cause) {
      const created = defined({ createdAt: delivery.createdAt })
      const webhook = { webhook: delivery.trigger, ...created, receivedAt: ports.now().toString() }
      const actor = cause === undefined ? 'webhook:calcom' : 'CRON:booking-reconciler'
      const context = contextOf(ports, actor, cause ?? webhook)
      switch (delivery.trigger) {
        case 'BOOKING_CREATED':
          return recordCreation(ports, context, delivery.booking)
        case 'BOOKING_RESCHEDULED':
          return recordReschedule(ports, context, delivery)
        case 'BOOKING_PAID':
          return recordPayment(ports, context, delivery.booking)
        case 'SEAT_MOVED':
          return announceEnd(ports, context, delivery.rescheduledFromUid, {
            reason: 'RESCHEDULED',
            seats: true,
          })
        case 'BOOKING_CANCELLED':
          await recordSecondWriter(ports, context, delivery.bookingUid, delivery)
          return announceEnd(ports, context, delivery.bookingUid, {
            reason: delivery.requestReschedule ? 'RESCHEDULE_REQUESTED' : 'CANCELLED_IN_CALCOM',
            ...defined({ seats: delivery.seats }),
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
  await track(ports, context, booking, tell(ports, booking))
  await tellUnplaced(ports, context, booking)
  await askForReferences(ports, context, booking)
}

/** Asks Cal.com whether the payment accepted the booking. If Cal.com cannot be asked, the delivery decides. */
async function recordPayment(
  ports: ServicePorts,
  context: CommandContext,
  booking: DeliveredBooking,
): Promise<void> {
  const answer = await ports.calcom?.booking(booking.bookingUid, booking.userId)
  const status = answer?.ok ? answer.value.status : booking.status
  return recordCreation(ports, context, { ...booking, status })
}

async function track(
  ports: ServicePorts,
  context: CommandContext,
  { userId }: DeliveredBooking,
  stated: StatedBooking & Pick<DeliveredBooking, 'secondWriter'>,
): Promise<void> {
  const { bookingUid } = stated
  await execute(ports, context, bookingAggregate, bookingUid, (state) =>
    trackBooking(state, withoutOldTimes(state, stated)),
  )
  await recordSecondWriter(ports, context, bookingUid, stated)
  // An earlier delivery may have left the host out. No delivery says that another host got the booking.
  if (userId !== undefined) await learnHost(ports, context, bookingUid, userId)
}

async function learnHost(
  ports: ServicePorts,
  context: CommandContext,
  bookingUid: string,
  userId: string,
): Promise<void> {
  const { state } = await load(ports.events, bookingAggregate, bookingUid)
  if (state.kind === 'OPEN' && state.userId === NOBODY) await recordHost(ports, context, state, { userId })
}

/**
 * Leaves out old times: a creation has the times that the booking began with. A booking that is tracked, or was cancelled
 * by the calendar, has newer ones. The status may go from pending to accepted, not back.
 */
function withoutOldTimes(state: Booking, stated: StatedBooking): StatedBooking {
  const known = trackedPart(state)
  if (known === undefined) return stated
  const { impossibleTimes: _, ...rest } = stated
  return { ...rest, status: known.status === 'PENDING' ? stated.status : known.status, times: known.basis }
}

/**
 * Ends the old booking first, so that nothing more is decided on it. The new booking takes the references over once the
 * old one is closed. That is at once if Cal.com cannot be asked, else after its answer. A guest who leaves a booking
 * with seats takes nothing along.
 */
async function recordReschedule(
  ports: ServicePorts,
  context: CommandContext,
  { booking: stated, rescheduledFromUid }: Extract<BookingDelivery, { trigger: 'BOOKING_RESCHEDULED' }>,
): Promise<void> {
  const booking = await ofSameHost(ports, stated, rescheduledFromUid)
  await registerCalendars(ports, context, booking)
  if (rescheduledFromUid === undefined) return recordMove(ports, context, booking)
  const { bookingUid, seats } = booking
  const end = { reason: 'RESCHEDULED', rescheduledToUid: bookingUid, ...defined({ seats }) }
  await announceEnd(ports, context, rescheduledFromUid, end)
  await track(ports, context, booking, { ...tell(ports, booking), ...(!seats && { rescheduledFromUid }) })
  await tellUnplaced(ports, context, booking)
  if (!seats) await handOnIfClosed(ports, context, rescheduledFromUid, bookingUid)
  await askForReferences(ports, context, booking)
}

/** Gives a booking without host the host of the booking that it was rescheduled from. */
async function ofSameHost(
  ports: ServicePorts,
  booking: DeliveredBooking,
  rescheduledFromUid: string | undefined,
): Promise<DeliveredBooking> {
  if (booking.userId !== undefined || rescheduledFromUid === undefined) return booking
  const { state } = await load(ports.events, bookingAggregate, rescheduledFromUid)
  const userId = trackedPart(state)?.userId ?? NOBODY
  return userId === NOBODY ? booking : { ...booking, userId }
}

/** After a crash and a repetition, the old booking may have been closed before the new booking was tracked. */
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
  const { start, end, impossibleTimes = false } = booking
  await execute(ports, context, bookingAggregate, booking.bookingUid, (state) =>
    state.kind === 'OPEN'
      ? recordBookingTimes(state, { times: { start, end }, impossibleTimes, at })
      : trackBooking(state, tell(ports, booking)),
  )
  await askForReferences(ports, context, booking)
}

function tell(
  ports: ServicePorts,
  booking: DeliveredBooking,
): StatedBooking & Pick<DeliveredBooking, 'secondWriter'> {
  const { createdAt, secondWriter, impossibleTimes = false } = booking
  return {
    bookingUid: booking.bookingUid,
    userId: booking.userId ?? NOBODY,
    status: booking.status,
    times: { start: booking.start, end: booking.end },
    references: [],
    ...defined({ seats: booking.seats, createdAt, secondWriter }),
    impossibleTimes,
    at: ports.now().toString(),
  }
}

/** Tells a person if nothing names the booking's calendar, and the host has no synced calendar to guess. */
async function tellUnplaced(
  ports: ServicePorts,
  context: CommandContext,
  { bookingUid, userId, destinations }: DeliveredBooking,
): Promise<void> {
  if (userId === undefined || destinations.length === 0 || !destinations.every(isPrimary)) return
  await ports.caughtUp('calendar-syncs')
  if ((await aCalendarOf(ports, userId)) === undefined)
    await flag(ports, context, bookingUid, { code: 'EVENT_NOT_FOUND', raised: true })
}

/**
 * Registers the calendars that the booking is written into. Without a credential their syncs wait. A calendar that nothing
 * names cannot be registered.
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
        ...defined({ credentialId }),
      },
      ports,
      context,
    )
}

const isPlaced = (destination: DeliveredDestination): boolean => !isPrimary(destination)

/** Signals that references be asked for, and again later: Cal.com stores them after its webhook. */
async function askForReferences(
  ports: ServicePorts,
  context: CommandContext,
  booking: DeliveredBooking,
): Promise<void> {
  const [destination] = booking.destinations.filter(isPlaced)
  // The wait begins anew: the booking may have waited long for its confirmation.
  const memo: Document = {
    since: ports.now().toString(),
    tries: 0,
    ...(destination && { destination: await ports.calendars.keyOf(destination) }),
    // If no calendar is named, the calendar of Cal.com's event is registered.
    ...(destination === undefined && { register: true }),
    // The host is not known yet, so the credential is kept for later.
    ...(booking.userId === undefined &&
      destination?.credentialId !== undefined && { credentialId: destination.credentialId }),
  }
  await ports.queue.signal(
    { kind: 'references', key: booking.bookingUid },
    { cause: context.cause ?? { poll: true }, dueInMs: 0, memo, atOnce: true },
  )
}
