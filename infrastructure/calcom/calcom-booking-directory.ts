import { z } from 'zod'
import { defined } from '../../domain/optional-fields.ts'
import type {
  BookingDirectory,
  DirectoryAnswer,
  DirectoryBooking,
  DirectoryError,
} from '../../ports/booking-directory.ts'
import type { BookingWriter } from '../../ports/booking-writer.ts'
import {
  BookingAnswer,
  BookingEntries,
  directoryBooking,
  directoryReference,
  MOST_ENTRIES,
  ReferenceAnswer,
  readBookings,
} from './calcom-answers.ts'
import { type CalcomApiOptions, calcomApi } from './calcom-api-client.ts'
import { calcomApiKeys } from './calcom-api-keys.ts'
import { type ApiTroubles, apiTroubles } from './calcom-api-troubles.ts'
import { calcomBookingWriter } from './calcom-booking-writer.ts'
import {
  beyondPages,
  firstPage,
  isRepeated,
  type Place,
  pageQuery,
  placeAfter,
  placeOf,
} from './calcom-pages.ts'

/** Bookings a page; Cal.com gives 250 at most. */
const pageSize = 100

export type CalcomBookingDirectory = BookingDirectory &
  ApiTroubles & {
    /** Writes with the same keys. */
    writer: BookingWriter
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
  const keys = calcomApiKeys(options)
  const troubles = apiTroubles(keys)
  const call = troubles.noted(calcomApi(options))
  const take = options.pageSize ?? pageSize

  const ask = async <T>(
    schema: z.ZodType<T>,
    path: string,
    userId: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<DirectoryAnswer<T>> => {
    const own = userId === undefined ? undefined : keys.keyFor(userId)
    if (userId !== undefined && own === undefined) troubles.noKeyFor(userId)
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
    refusedKeys: troubles.refusedKeys,
    missingKeys: troubles.missingKeys,
    complaints: troubles.complaints,
    writer: calcomBookingWriter(call, keys),

    async booking(bookingUid, userId, signal) {
      const path = `/v2/bookings/${encodeURIComponent(bookingUid)}`
      const answer = await ask(BookingAnswer, path, userId, signal)
      if (!answer.ok) return answer
      // Another booking's state must not be taken for this one's.
      const isMeant = answer.value.uid === bookingUid
      const booking = isMeant ? directoryBooking(answer.value, userId) : undefined
      return booking === undefined ? { ok: false, code: 'BAD_ANSWER' } : { ok: true, value: booking }
    },

    async references(bookingUid, userId, signal) {
      const path = `/v2/bookings/${encodeURIComponent(bookingUid)}/references?type=google_calendar`
      const answer = await ask(z.array(ReferenceAnswer), path, userId, signal)
      return answer.ok ? { ok: true, value: answer.value.flatMap(directoryReference) } : answer
    },

    async futureBookings({ from, userId, after: asked }, signal) {
      const owners = userId === undefined ? keys.all() : [{ key: keys.keyFor(userId), userId }]
      const place = asked === undefined ? firstPage(0) : placeOf(asked)
      const owner = owners[place.owner]
      if (owner === undefined) return { ok: true, value: { bookings: [] } }
      if (owner.key === undefined) return { ok: false, code: 'REFUSED' }
      const path = `/v2/bookings?${pageQuery(place, { from, take })}`
      const answer = await call(BookingEntries, { path, key: owner.key }, signal)
      const following = place.owner + 1 < owners.length ? firstPage(place.owner + 1) : undefined
      const page = (bookings: DirectoryBooking[], next: Place | undefined) => ({
        ok: true as const,
        value: { bookings, ...defined({ next: next?.text }) },
      })
      if (!answer.ok) {
        if (answer.code !== 'REFUSED' || owners.length === 1) return answer
        // One user's revoked key must not keep the others' bookings from being read.
        return page([], following)
      }
      if (answer.value.data.length > MOST_ENTRIES)
        return { ok: false, code: 'BAD_ANSWER', reason: 'TOO_MANY_ENTRIES' }
      const read = readBookings(answer.value.data)
      const uids = read.map(({ uid }) => uid)
      if (isRepeated(place, uids)) {
        troubles.repeats()
        return { ok: false, code: 'BAD_ANSWER' }
      }
      const after = placeAfter(place, answer.value, { uids, take })
      const beyond = after && beyondPages(place, after, take)
      if (beyond !== undefined) return { ok: false, code: 'BAD_ANSWER', reason: beyond }
      const bookings = read.flatMap((entry) => directoryBooking(entry, owner.userId) ?? [])
      const seen = new Set<string>()
      const wanted = bookings.filter((booking) => {
        if (seen.has(booking.bookingUid)) return false
        seen.add(booking.bookingUid)
        return isFuture(booking, from) && (userId === undefined || booking.userId === userId)
      })
      return page(wanted, after ?? following)
    },
  }
}

function isFuture(booking: DirectoryBooking, from: Temporal.Instant): boolean {
  return (
    (booking.status === 'ACCEPTED' || booking.status === 'PENDING') &&
    Temporal.Instant.compare(booking.start, from) > 0
  )
}
