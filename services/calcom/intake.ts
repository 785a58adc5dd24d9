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

/** A payment may have accepted the booking, or not: Cal.com is asked. Where it cannot be, the delivery's own word counts. */
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
  // An earlier delivery may have left out whose it is; that it was given to another since is no delivery's to say.
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
 * A creation tells the times a booking began with: of one that is tracked already, or was until the calendar cancelled
 * it, they are old. Its status may have come from pending to accepted, not back.
 */
function withoutOldTimes(state: Booking, stated: StatedBooking): StatedBooking {
  const known = trackedPart(state)
  if (known === undefined) return stated
  const { impossibleTimes: _, ...rest } = stated
  return { ...rest, status: known.status === 'PENDING' ? stated.status : known.status, times: known.basis }
}

/**
 * The old booking first, so that nothing more is decided on it. The new one takes its references over once the old one is
 * closed: at once where Cal.com cannot be asked, else when it has answered. Where guests share the old booking, one who
 * moves to another takes nothing along.
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

/** A delivery that leaves out whose booking it is tells of one with the host of the booking before. */
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

/** The booking is written into a calendar that nothing names, and the host keeps none in step that it could be. */
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
        ...defined({ credentialId }),
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
    // Where no calendar is named, the one that Cal.com has written the event into is kept in step.
    ...(destination === undefined && { register: true }),
    // Nobody is known yet for whom the calendar could be kept in step.
    ...(booking.userId === undefined &&
      destination?.credentialId !== undefined && { credentialId: destination.credentialId }),
  }
  await ports.queue.signal(
    { kind: 'references', key: booking.bookingUid },
    { cause: context.cause ?? { poll: true }, dueInMs: 0, memo, atOnce: true },
  )
}
