import { defined } from '../../domain/optional-fields.ts'
import type { Clock } from '../../ports/clock.ts'
import type { BookRequest, RescheduleRequest } from './booking-requests.ts'
import type { CalcomAttendee, CalcomBooking, CalcomEventType, CalcomState } from './calcom-state.ts'
import { referenceRows } from './reference-rows.ts'
import { userTable } from './user-table.ts'
import type { PayloadSubject } from './webhook-payload.ts'

/** Cal.com's tables, each change at once. */
export type BookingStore = ReturnType<typeof bookingStore>

/** Keeps the state given, of which `snapshot` is a copy; `onChange` is told after each change. */
export function bookingStore(options: {
  state: CalcomState
  clock: Clock
  newId: () => string
  onChange: () => void
}) {
  const { onChange, newId } = options
  const state = structuredClone(options.state)
  const byUid = new Map<string, CalcomBooking>()
  const byReplaced = new Map<string, CalcomBooking>()
  const index = (booking: CalcomBooking): void => {
    byUid.set(booking.uid, booking)
    const { fromReschedule } = booking
    // Of two that took one booking's place Cal.com finds the first.
    if (fromReschedule !== undefined && !byReplaced.has(fromReschedule)) {
      byReplaced.set(fromReschedule, booking)
    }
  }
  state.bookings.forEach(index)
  const now = (): string => options.clock.now().toString()
  const nextId = (): number => {
    state.nextId += 1
    return state.nextId
  }
  const users = userTable(state, { nextId, onChange })
  const { user, eventTypeOf } = users

  const insert = (booking: CalcomBooking): CalcomBooking => {
    state.bookings.push(booking)
    index(booking)
    onChange()
    return booking
  }
  const update = (booking: CalcomBooking, change: BookingChange): void => {
    for (const [name, value] of Object.entries(change)) {
      if (value !== undefined) Object.assign(booking, { [name]: value })
    }
    booking.updatedAt = now()
    onChange()
  }

  /** Those who book, each with a seat where the event type has seats. */
  const guestsOf = (
    request: Pick<BookRequest, 'userId' | 'attendees'>,
    eventType: CalcomEventType,
  ): CalcomAttendee[] => {
    const guests = request.attendees ?? [
      { name: 'A Guest', email: 'guest@example.com', timeZone: user(request.userId)?.timeZone ?? 'UTC' },
    ]
    if (eventType.seatsPerTimeSlot === undefined) return guests
    return guests.map((guest) => ({ ...guest, seatUid: guest.seatUid ?? newId() }))
  }

  return {
    ...users,
    ...referenceRows({ nextId, onChange }),
    bookings: (): readonly CalcomBooking[] => state.bookings,
    booking: (uid: string): CalcomBooking | undefined => byUid.get(uid),
    /** All that were made at once with it, or were given the number of the whole. */
    recurrences: (recurringEventId: string): CalcomBooking[] =>
      state.bookings.filter((booking) => booking.recurringEventId === recurringEventId),
    bySeat: (seatUid: string): CalcomBooking | undefined =>
      state.bookings.find(({ attendees }) => attendees.some((guest) => guest.seatUid === seatUid)),
    /** The booking that took this one's place. */
    replacementOf: (uid: string): CalcomBooking | undefined => byReplaced.get(uid),
    update,
    /** Its row is gone for good, as after a deletion in the database: nothing is announced, its event stays. */
    forget({ uid, fromReschedule }: CalcomBooking): void {
      state.bookings = state.bookings.filter((booking) => booking.uid !== uid)
      byUid.delete(uid)
      if (fromReschedule !== undefined) byReplaced.delete(fromReschedule)
      onChange()
    },
    snapshot: (): CalcomState => structuredClone(state),

    /** The booking with what its payload needs. */
    subject(booking: CalcomBooking): PayloadSubject {
      const host = user(booking.userId)
      if (host === undefined) throw new Error(`Booking ${booking.uid} has no host`)
      return { booking, user: host, eventType: eventTypeOf(booking) }
    },

    guestsOf,

    /** Undefined where the user or the event type does not exist. */
    create(request: BookRequest, recurringEventId?: string): CalcomBooking | undefined {
      const host = user(request.userId)
      const eventType = users.eventTypeFor(request)
      if (host === undefined || eventType === undefined) return undefined
      const uid = newId()
      const end = request.end ?? request.start.add({ minutes: eventType.lengthMinutes })
      const unpaid = (eventType.price ?? 0) > 0
      const pending = (request.requiresConfirmation ?? eventType.requiresConfirmation) || unpaid
      const attendees = guestsOf(request, eventType)
      return insert({
        id: nextId(),
        uid,
        userId: host.id,
        eventTypeId: eventType.id,
        title:
          request.title ?? `${eventType.title} between ${host.name} and ${attendees[0]?.name ?? 'nobody'}`,
        start: request.start.toString(),
        end: end.toString(),
        status: pending ? 'pending' : 'accepted',
        rescheduled: false,
        ...defined({ recurringEventId, location: request.location }),
        ...(unpaid ? { paid: false } : {}),
        iCalUID: `${uid}@Cal.com`,
        iCalSequence: 0,
        attendees,
        references: [],
        createdAt: now(),
        updatedAt: now(),
      })
    },

    /** One transaction: the old booking ends, the new one is there. The length stays the event type's. */
    replace(old: CalcomBooking, request: RescheduleRequest): CalcomBooking {
      const eventType = eventTypeOf(old)
      const end = request.end ?? request.start.add({ minutes: eventType.lengthMinutes })
      // Moved by its owner a booking is confirmed by that; moved by anyone else its owner has to confirm it again.
      const pending = eventType.requiresConfirmation && request.by !== user(old.userId)?.email
      const { calendarError: _, reason: _reason, metadata: before, ...kept } = structuredClone(old)
      const metadata = { ...before, ...request.metadata }
      const booking = insert({
        ...kept,
        id: nextId(),
        uid: newId(),
        start: request.start.toString(),
        end: end.toString(),
        status: pending ? 'pending' : 'accepted',
        rescheduled: false,
        fromReschedule: old.uid,
        iCalSequence: old.iCalSequence + 1,
        references: [],
        createdAt: now(),
        updatedAt: now(),
        ...defined({ rescheduledBy: request.by }),
        ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
      })
      update(old, { status: 'cancelled', rescheduled: true, reason: request.reason })
      return booking
    },
  }
}

type BookingChange = {
  status?: CalcomBooking['status']
  rescheduled?: boolean
  userId?: number
  title?: string | undefined
  start?: string
  end?: string
  location?: string | undefined
  attendees?: CalcomAttendee[]
  paid?: boolean
  iCalUID?: string
  iCalSequence?: number
  reason?: string | undefined
  cancelledBy?: string | undefined
  rescheduledBy?: string | undefined
  calendarError?: string
}
