import { defined } from '../../domain/optional-fields.ts'
import type { BookRequest, NewEventType, NewUser } from './booking-requests.ts'
import type { CalcomBooking, CalcomEventType, CalcomState, CalcomUser } from './calcom-state.ts'

/** Users and their event types. */
export function userTable(state: CalcomState, options: { nextId: () => number; onChange: () => void }) {
  const { nextId, onChange } = options
  const user = (id: number): CalcomUser | undefined => state.users.find((one) => one.id === id)

  const createEventType = (userId: number, request: NewEventType): CalcomEventType => {
    const { title, lengthMinutes, requiresConfirmation, ...further } = request
    const created: CalcomEventType = {
      id: nextId(),
      userId,
      title: title ?? `${lengthMinutes} Min Meeting`,
      lengthMinutes,
      requiresConfirmation: requiresConfirmation ?? false,
      ...defined(further),
    }
    state.eventTypes.push(created)
    onChange()
    return created
  }

  return {
    user,
    users: (): readonly CalcomUser[] => state.users,
    eventTypes: (userId: number): CalcomEventType[] =>
      state.eventTypes.filter((eventType) => eventType.userId === userId),
    createEventType,

    /** A guest's choice: the one named, of the user's own or round robin's, else the user's first. */
    eventTypeFor: ({ userId, eventTypeId }: BookRequest): CalcomEventType | undefined =>
      state.eventTypes.find(({ id, userId: owner, hosts }) =>
        eventTypeId === undefined
          ? owner === userId
          : id === eventTypeId && (owner === userId || hosts?.includes(userId) === true),
      ),

    eventTypeOf(booking: CalcomBooking): CalcomEventType {
      const eventType = state.eventTypes.find(({ id }) => id === booking.eventTypeId)
      if (eventType === undefined) throw new Error(`Booking ${booking.uid} has no event type`)
      return eventType
    },

    createUser(request: NewUser): CalcomUser {
      const id = request.id ?? nextId()
      const known = user(id)
      const created: CalcomUser = {
        id,
        name: request.name ?? known?.name ?? `Host ${id}`,
        email: request.email ?? known?.email ?? `host-${id}@example.com`,
        timeZone: request.timeZone ?? known?.timeZone ?? 'UTC',
        ...defined({ apiKey: request.apiKey, role: request.role }),
      }
      if (request.destination !== undefined) {
        const { externalCalendarId, credentialId } = request.destination
        created.destination = {
          id: nextId(),
          externalCalendarId,
          ...defined({ credentialId }),
        }
      }
      if (known === undefined) state.users.push(created)
      else state.users.splice(state.users.indexOf(known), 1, created)
      const wanted = request.eventTypes ?? (known === undefined ? [{ lengthMinutes: 30 }] : [])
      for (const eventType of wanted) createEventType(id, eventType)
      onChange()
      return created
    },
  }
}
