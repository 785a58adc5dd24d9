import type { CalcomCore } from './calcom-core.ts'
import type { CalcomBooking } from './calcom-state.ts'
import { ApiError } from './http-json.ts'

/** Who asks: a user, with the user's own key, or whoever holds the stand-in's own key, who may do everything. */
export type Caller = { userId?: number; admin: boolean }

/** Whose keys are whose, and what each may see. `apiKey` answers for all; without it any unknown key does. */
export function apiCallers(core: CalcomCore, options: { apiKey?: string }) {
  const { store, settings, faults } = core

  const noBooking = (uid: string): ApiError =>
    new ApiError(404, 'NotFoundException', `Booking with uid=${uid} was not found in the database`)

  return {
    callerOf(request: Request): Caller {
      const key = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
      if (key === undefined) throw new ApiError(401, 'UnauthorizedException', 'No authentication method')
      const owner = store.users().find(({ apiKey }) => apiKey === key)
      if (owner !== undefined) return { userId: owner.id, admin: owner.role === 'ADMIN' }
      if (options.apiKey === undefined || options.apiKey === key) return { admin: true }
      throw new ApiError(401, 'UnauthorizedException', 'Your api key is not valid')
    },

    /** Version 2024-08-13 shows a booking to whoever knows its uid; others hide or refuse it. */
    bookingFor({ userId, admin }: Caller, uid: string): CalcomBooking {
      const booking = store.booking(uid)
      if (booking === undefined) throw noBooking(uid)
      if (admin || booking.userId === userId || settings.bookingOfOthers === 'shown') return booking
      if (settings.bookingOfOthers === 'hidden') throw noBooking(uid)
      throw new ApiError(
        403,
        'ForbiddenException',
        `User with id=${userId} does not have access to booking with uid=${uid}`,
      )
    },

    /**
     * The references are the present host's alone to see, an admin asks for the team's (calcom/cal.com, apps/api/v2,
     * booking-references.service.ts).
     */
    bookingForReferences(caller: Caller, uid: string, ofTeam: boolean): CalcomBooking {
      const booking = store.booking(uid)
      if (booking === undefined || faults.referencesMissing) {
        throw new ApiError(404, 'NotFoundException', `Booking with uid ${uid} not found`)
      }
      if (ofTeam) {
        if (caller.admin) return booking
        throw new ApiError(403, 'ForbiddenException', 'Only an admin of the team may see this')
      }
      if (caller.userId !== undefined && caller.userId !== booking.userId) {
        throw new ApiError(400, 'BadRequestException', `Booking with uid ${uid} does not belong to user`)
      }
      return booking
    },

    adminOnly({ admin }: Caller): void {
      if (!admin) throw new ApiError(403, 'ForbiddenException', 'Only an admin of the team may do this')
    },
  }
}
