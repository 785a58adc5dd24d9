import { success } from './api-v2-answers.ts'
import { bookingOutput } from './api-v2-outputs.ts'
import type { ApiVersion } from './api-v2-version.ts'
import type { CalcomCore } from './calcom-core.ts'
import type { CalcomBooking } from './calcom-state.ts'
import { ApiError } from './http-json.ts'
import { instantOf } from './instant-of.ts'

/** A page of one user's bookings, or of everybody's. The version decides how the next one is asked for. */
export function bookingsPage(
  core: CalcomCore,
  userId: number | undefined,
  query: URLSearchParams,
  version: ApiVersion,
): Response {
  const take = Number(query.get('take') ?? query.get('limit') ?? 100)
  const asked = Number(query.get('skip') ?? 0)
  if (!(take >= 1 && take <= 250) || !(asked >= 0)) {
    throw new ApiError(400, 'BadRequestException', 'take must not be greater than 250, skip not less than 0')
  }
  const all = matching(core, userId, query)
  const show = (items: readonly CalcomBooking[]) =>
    items.map((booking) => bookingOutput(core, booking, version))
  if (version === '2026-05-01') {
    const begin = placeAfter(all, query.get('cursor'))
    const items = all.slice(begin, begin + take)
    const last = items.at(-1)
    const hasMore = begin + items.length < all.length
    const nextCursor = hasMore && last !== undefined ? cursorOf(last) : null
    return success(show(items), { pagination: { nextCursor, hasMore } })
  }
  const skip = core.settings.skip === 'ignored' ? 0 : asked
  const items = all.slice(skip, skip + take)
  return success(show(items), {
    pagination: {
      totalItems: all.length,
      remainingItems: Math.max(0, all.length - skip - items.length),
      returnedItems: items.length,
      itemsPerPage: take,
      currentPage: Math.floor(skip / take) + 1,
      totalPages: Math.ceil(all.length / take),
      hasNextPage: skip + items.length < all.length,
      hasPreviousPage: skip > 0,
    },
  })
}

function matching(core: CalcomCore, userId: number | undefined, query: URLSearchParams): CalcomBooking[] {
  const statuses = (query.get('status') ?? '').split(',').filter(Boolean)
  const unknown = statuses.find((status) => !knownStatuses.includes(status))
  if (unknown !== undefined) {
    throw new ApiError(400, 'BadRequestException', `Invalid status. Allowed are ${knownStatuses.join(', ')}`)
  }
  const afterStart = instantOf(query.get('afterStart'))
  const now = core.clock.now()
  const direction = query.get('sortStart') === 'desc' ? -1 : 1
  return core.store
    .bookings()
    .filter(
      (booking) =>
        (userId === undefined || booking.userId === userId) &&
        (statuses.length === 0 || statuses.some((status) => isOf(status, booking, now))) &&
        (afterStart === undefined || Temporal.Instant.compare(booking.start, afterStart) >= 0),
    )
    .sort((a, b) => direction * (Temporal.Instant.compare(a.start, b.start) || a.id - b.id))
}

const knownStatuses = ['upcoming', 'recurring', 'past', 'cancelled', 'unconfirmed']

function isOf(status: string, booking: CalcomBooking, now: Temporal.Instant): boolean {
  const ended = booking.status === 'cancelled' || booking.status === 'rejected'
  const over = Temporal.Instant.compare(booking.end, now) < 0
  const recurs = booking.recurringEventId !== undefined
  if (status === 'cancelled') return ended
  if (status === 'past') return over && !ended
  if (status === 'unconfirmed') return !over && booking.status === 'pending'
  return !over && !ended && recurs === (status === 'recurring')
}

const cursorOf = ({ uid }: CalcomBooking): string => Buffer.from(uid).toString('base64url')

function placeAfter(all: readonly CalcomBooking[], cursor: string | null): number {
  if (cursor === null) return 0
  const uid = Buffer.from(cursor, 'base64url').toString()
  const at = all.findIndex((booking) => booking.uid === uid)
  if (at < 0) throw new ApiError(400, 'BadRequestException', 'Invalid cursor')
  return at + 1
}
