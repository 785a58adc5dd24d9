import { z } from 'zod'
import { defined } from '../../domain/optional-fields.ts'
import type { BookingWriter, WriteAnswer } from '../../ports/booking-writer.ts'
import { BookingAnswer, directoryBooking } from './calcom-answers.ts'
import type { CalcomApi } from './calcom-api-client.ts'
import type { CalcomApiKeys } from './calcom-api-keys.ts'
import { InstantText } from './instant-text.ts'

/** Event types have versions of their own. */
const TYPES_VERSION = '2024-06-14'

/** An event type as `GET /v2/event-types/{id}` shows it; the older name is of versions before 2024-06-14. */
const EventTypeAnswer = z.object({
  lengthInMinutes: z.number().positive().optional().catch(undefined),
  length: z.number().positive().optional().catch(undefined),
})

const WritableAnswer = BookingAnswer.extend({
  eventTypeId: z.number().int().nullish().catch(undefined),
  updatedAt: InstantText.nullish().catch(undefined),
})

const uidOf = (bookingUid: string) => `/v2/bookings/${encodeURIComponent(bookingUid)}`

/** Writes by API v2. If no key answers for the user, the answer is REFUSED without a request. */
export function calcomBookingWriter(call: CalcomApi, keys: Pick<CalcomApiKeys, 'keyFor'>): BookingWriter {
  const ask = async <T>(
    userId: string,
    schema: z.ZodType<T>,
    request: { path: string; method?: 'POST'; body?: unknown; version?: string },
    signal: AbortSignal | undefined,
  ): Promise<WriteAnswer<T>> => {
    const key = keys.keyFor(userId)
    if (key === undefined) return { ok: false, code: 'REFUSED' }
    const answer = await call(schema, { ...request, key }, signal)
    return answer.ok ? { ok: true, value: answer.value.data } : answer
  }

  /** Undefined where Cal.com does not show the event type to this key. */
  const lengthOf = async (eventTypeId: number, userId: string, signal: AbortSignal | undefined) => {
    const answer = await ask(
      userId,
      EventTypeAnswer,
      { path: `/v2/event-types/${eventTypeId}`, version: TYPES_VERSION },
      signal,
    )
    if (answer.ok) return { ok: true as const, value: answer.value.lengthInMinutes ?? answer.value.length }
    const hidden = answer.code === 'NOT_FOUND' || answer.code === 'REFUSED'
    return hidden ? { ok: true as const, value: undefined } : answer
  }

  return {
    async booking(bookingUid, userId, { withLength }, signal) {
      const answer = await ask(userId, WritableAnswer, { path: uidOf(bookingUid) }, signal)
      if (!answer.ok) return answer
      const read = answer.value
      const booking = directoryBooking(read, userId)
      if (booking === undefined || booking.bookingUid !== bookingUid) return { ok: false, code: 'BAD_ANSWER' }
      const { eventTypeId, updatedAt } = read
      const length =
        withLength && eventTypeId && !read.rescheduledToUid
          ? await lengthOf(eventTypeId, userId, signal)
          : { ok: true as const }
      if (!length.ok) return length
      const lengthMinutes = 'value' in length ? length.value : undefined
      const hostEmail = read.hosts?.[0]?.email || undefined
      return {
        ok: true,
        value: { ...booking, ...defined({ hostEmail, lengthMinutes, updatedAt: updatedAt ?? undefined }) },
      }
    },

    async cancel(bookingUid, userId, { reason }, signal) {
      const request = { path: `${uidOf(bookingUid)}/cancel`, method: 'POST' as const }
      const answer = await ask(
        userId,
        z.unknown(),
        { ...request, body: { cancellationReason: reason } },
        signal,
      )
      return answer.ok ? { ok: true, value: undefined } : answer
    },

    async reschedule(bookingUid, userId, { start, by, reason }, signal) {
      const body = { start: start.toString(), ...defined({ rescheduledBy: by }), reschedulingReason: reason }
      const request = { path: `${uidOf(bookingUid)}/reschedule`, method: 'POST' as const, body }
      const answer = await ask(userId, BookingAnswer, request, signal)
      if (!answer.ok) return answer
      const booking = directoryBooking(answer.value, userId)
      // Seats that move together keep their booking. Any other answer is of another booking.
      const isOurs = [booking?.bookingUid, booking?.rescheduledFromUid].includes(bookingUid)
      return booking && isOurs ? { ok: true, value: booking } : { ok: false, code: 'BAD_ANSWER' }
    },
  }
}
