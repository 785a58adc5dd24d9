import type { Clock } from '../../ports/clock.ts'
import type { BookRequest, NewUser, RescheduleRequest } from './booking-requests.ts'
import type {
  CalcomBooking,
  CalcomEventType,
  CalcomReference,
  CalcomState,
  CalcomUser,
} from './calcom-state.ts'
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
  const { onChange } = options
  const state = structuredClone(options.state)
  const byUid = new Map<string, CalcomBooking>()
  const byReplaced = new Map<string, CalcomBooking>()
  const index = (booking: CalcomBooking): void => {
    byUid.set(booking.uid, booking)
    if (booking.fromReschedule !== undefined) byReplaced.set(booking.fromReschedule, booking)
  }
  state.bookings.forEach(index)
  const now = (): string => options.clock.now().toString()
  const nextId = (): number => {
    state.nextId += 1
    return state.nextId
  }
  const user = (id: number): CalcomUser | undefined => state.users.find((one) => one.id === id)

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
  const eventTypeOf = (booking: CalcomBooking): CalcomEventType => {
    const eventType = state.eventTypes.find(({ id }) => id === booking.eventTypeId)
    if (eventType === undefined) throw new Error(`Booking ${booking.uid} has no event type`)
    return eventType
  }

  return {
    user,
    users: (): readonly CalcomUser[] => state.users,
    eventTypes: (userId: number): CalcomEventType[] =>
      state.eventTypes.filter((eventType) => eventType.userId === userId),
    bookings: (): readonly CalcomBooking[] => state.bookings,
    booking: (uid: string): CalcomBooking | undefined => byUid.get(uid),
    /** The booking that took this one's place. */
    replacementOf: (uid: string): CalcomBooking | undefined => byReplaced.get(uid),
    eventTypeOf,
    update,
    snapshot: (): CalcomState => structuredClone(state),

    /** The booking with what its payload needs. */
    subject(booking: CalcomBooking): PayloadSubject {
      const host = user(booking.userId)
      if (host === undefined) throw new Error(`Booking ${booking.uid} has no host`)
      return { booking, user: host, eventType: eventTypeOf(booking) }
    },

    createUser(request: NewUser): CalcomUser {
      const id = request.id ?? nextId()
      const known = user(id)
      const created: CalcomUser = {
        id,
        name: request.name ?? known?.name ?? `Host ${id}`,
        email: request.email ?? known?.email ?? `host-${id}@example.com`,
        timeZone: request.timeZone ?? known?.timeZone ?? 'UTC',
        ...(request.apiKey === undefined ? {} : { apiKey: request.apiKey }),
      }
      if (request.destination !== undefined) {
        const { externalCalendarId, credentialId } = request.destination
        created.destination = {
          id: nextId(),
          externalCalendarId,
          ...(credentialId === undefined ? {} : { credentialId }),
        }
      }
      if (known === undefined) state.users.push(created)
      else state.users.splice(state.users.indexOf(known), 1, created)
      const wanted = request.eventTypes ?? (known === undefined ? [{ lengthMinutes: 30 }] : [])
      for (const eventType of wanted) {
        state.eventTypes.push({
          id: nextId(),
          userId: id,
          title: eventType.title ?? `${eventType.lengthMinutes} Min Meeting`,
          lengthMinutes: eventType.lengthMinutes,
          requiresConfirmation: eventType.requiresConfirmation ?? false,
        })
      }
      onChange()
      return created
    },

    /** Undefined where the user or the event type does not exist. */
    create(request: BookRequest): CalcomBooking | undefined {
      const host = user(request.userId)
      const eventType = state.eventTypes.find(
        ({ id, userId }) =>
          userId === request.userId && (request.eventTypeId === undefined || id === request.eventTypeId),
      )
      if (host === undefined || eventType === undefined) return undefined
      const uid = options.newId()
      const end = request.end ?? request.start.add({ minutes: eventType.lengthMinutes })
      const pending = request.requiresConfirmation ?? eventType.requiresConfirmation
      const attendees = request.attendees ?? [
        { name: 'A Guest', email: 'guest@example.com', timeZone: host.timeZone },
      ]
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
      const { calendarError: _, ...kept } = structuredClone(old)
      const booking = insert({
        ...kept,
        id: nextId(),
        uid: options.newId(),
        start: request.start.toString(),
        end: end.toString(),
        status: pending ? 'pending' : 'accepted',
        fromReschedule: old.uid,
        iCalSequence: old.iCalSequence + 1,
        references: [],
        createdAt: now(),
        updatedAt: now(),
        ...(request.by === undefined ? {} : { rescheduledBy: request.by }),
      })
      update(old, { status: 'cancelled', rescheduled: true, reason: request.reason })
      return booking
    },

    addReference(
      booking: CalcomBooking,
      reference: {
        externalEventId: string
        externalCalendarId?: string | undefined
        recurringEventId?: string | undefined
        credentialId?: string | undefined
      },
    ): void {
      const { externalEventId, externalCalendarId, recurringEventId, credentialId } = reference
      booking.references.push({
        id: nextId(),
        type: 'google_calendar',
        uid: externalEventId,
        ...(externalCalendarId === undefined ? {} : { externalCalendarId }),
        ...(recurringEventId === undefined ? {} : { thirdPartyRecurringEventId: recurringEventId }),
        ...(credentialId === undefined ? {} : { credentialId }),
        deleted: false,
      })
      onChange()
    },

    copyReference(booking: CalcomBooking, reference: CalcomReference): void {
      booking.references.push({ ...reference, id: nextId() })
      onChange()
    },

    /** The row stays, as it does in Cal.com. */
    deleteReference(reference: CalcomReference): void {
      reference.deleted = true
      onChange()
    },
  }
}

type BookingChange = {
  status?: CalcomBooking['status']
  rescheduled?: boolean
  iCalSequence?: number
  reason?: string | undefined
  cancelledBy?: string | undefined
  calendarError?: string
}
