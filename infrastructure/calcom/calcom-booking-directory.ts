import { z } from 'zod'
import type {
  BookingDirectory,
  DirectoryAnswer,
  DirectoryBooking,
  DirectoryError,
} from '../../ports/booking-directory.ts'
import { BookingAnswer, directoryBooking, directoryReference, ReferenceAnswer } from './calcom-answers.ts'
import { type CalcomApi, type CalcomApiOptions, calcomApi } from './calcom-api-client.ts'
import { calcomApiKeys } from './calcom-api-keys.ts'

/** Bookings a page; Cal.com gives 250 at most. */
const pageSize = 100

/** A key that Cal.com refused when it was last used. `userId`: whose it is; undefined for the one key of all. */
export type RefusedKey = { userId: string | undefined; status: number }

export type CalcomBookingDirectory = BookingDirectory & {
  /** The refused ones of the keys that are configured now. */
  refusedKeys(): RefusedKey[]
}

/**
 * Cal.com's view of bookings by API v2 (version 2024-08-13). If no key answers for a user, the answer is REFUSED
 * without a request. If the user is not known, the keys are tried in turn until one answers. Throws only for a file of
 * keys that cannot be read.
 */
export function calcomBookingDirectory(
  options: CalcomApiOptions & {
    /** One key for all users. */
    apiKey?: string
    /** A JSON file `{userId: key}`; with `apiKey` beside it for the users that it lacks. */
    apiKeysFile?: string
    /** Bookings a page, 250 at most. */
    pageSize?: number
  },
): CalcomBookingDirectory {
  const api = calcomApi(options)
  const keys = calcomApiKeys(options)
  const refused = new Map<string, number>()
  const call: CalcomApi = async (schema, request, signal) => {
    const answer = await api(schema, request, signal)
    if (answer.ok) refused.delete(request.key)
    else if (isOfKey(answer, request.path)) refused.set(request.key, answer.status ?? 401)
    return answer
  }
  const take = options.pageSize ?? pageSize

  const ask = async <T>(
    schema: z.ZodType<T>,
    path: string,
    userId: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<DirectoryAnswer<T>> => {
    const own = userId === undefined ? undefined : keys.keyFor(userId)
    const candidates =
      userId === undefined ? keys.all().map(({ key }) => key) : own === undefined ? [] : [own]
    let refusal: DirectoryError = { ok: false, code: 'REFUSED' }
    for (const key of candidates) {
      const answer = await call(schema, { path, key }, signal)
      if (answer.ok) return { ok: true, value: answer.value.data }
      refusal = answer
      if (answer.code !== 'NOT_FOUND' && answer.code !== 'REFUSED') break
    }
    return refusal
  }

  return {
    refusedKeys: () =>
      keys.all().flatMap(({ key, userId }) => {
        const status = refused.get(key)
        return status === undefined ? [] : [{ userId, status }]
      }),

    async booking(bookingUid, userId, signal) {
      const answer = await ask(
        BookingAnswer,
        `/v2/bookings/${encodeURIComponent(bookingUid)}`,
        userId,
        signal,
      )
      if (!answer.ok) return answer
      const booking = directoryBooking(answer.value, userId)
      return booking === undefined ? { ok: false, code: 'BAD_ANSWER' } : { ok: true, value: booking }
    },

    async references(bookingUid, userId, signal) {
      const path = `/v2/bookings/${encodeURIComponent(bookingUid)}/references?type=google_calendar`
      const answer = await ask(z.array(ReferenceAnswer), path, userId, signal)
      return answer.ok ? { ok: true, value: answer.value.flatMap(directoryReference) } : answer
    },

    async futureBookings({ from, userId, after }, signal) {
      const owners = userId === undefined ? keys.all() : [{ key: keys.keyFor(userId), userId }]
      const place = placeOf(after)
      const owner = owners[place.owner]
      if (owner === undefined) return { ok: true, value: { bookings: [] } }
      if (owner.key === undefined) return { ok: false, code: 'REFUSED' }
      const query = new URLSearchParams({
        // Together: every future booking that is accepted or pending, single or recurring.
        status: 'upcoming,recurring,unconfirmed',
        afterStart: from.toString(),
        // Latest first, so that bookings which end while the pages are read leave at the far end and shift nothing.
        sortStart: 'desc',
        take: String(take),
        skip: String(place.skip),
      })
      const answer = await call(
        z.array(BookingAnswer),
        { path: `/v2/bookings?${query}`, key: owner.key },
        signal,
      )
      const nextOwner = place.owner + 1 < owners.length ? `${place.owner + 1}:0` : undefined
      if (!answer.ok) {
        if (answer.code !== 'REFUSED' || owners.length === 1) return answer
        // One user's revoked key must not keep the others' bookings from being read.
        return { ok: true, value: { bookings: [], ...(nextOwner === undefined ? {} : { next: nextOwner }) } }
      }
      const { data, hasNextPage } = answer.value
      const bookings = data.flatMap((entry) => directoryBooking(entry, owner.userId) ?? [])
      // Counted in what was asked for: Cal.com leaves out of a page what vanished while it was being made.
      const next = (hasNextPage ?? data.length >= take) ? `${place.owner}:${place.skip + take}` : nextOwner
      const seen = new Set<string>()
      return {
        ok: true,
        value: {
          bookings: bookings.filter((booking) => {
            if (seen.has(booking.bookingUid)) return false
            seen.add(booking.bookingUid)
            return isFuture(booking, from) && (userId === undefined || booking.userId === userId)
          }),
          ...(next === undefined ? {} : { next }),
        },
      }
    },
  }
}

/** 403 is also the answer for a single booking that is not the key owner's; for a list it can only be the key. */
const isOfKey = ({ status }: DirectoryError, path: string) =>
  status === 401 || (status === 403 && path.startsWith('/v2/bookings?'))

function isFuture(booking: DirectoryBooking, from: Temporal.Instant): boolean {
  return (
    (booking.status === 'ACCEPTED' || booking.status === 'PENDING') &&
    Temporal.Instant.compare(booking.start, from) > 0
  )
}

/** The state of the reading of pages: which key's bookings, and how many of them have been read. */
function placeOf(after: string | undefined): { owner: number; skip: number } {
  const match = /^(\d+):(\d+)$/.exec(after ?? '0:0')
  if (match === null) throw new RangeError('Not a cursor of futureBookings')
  return { owner: Number(match[1]), skip: Number(match[2]) }
}
