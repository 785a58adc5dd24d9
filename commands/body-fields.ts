import { createHash } from 'node:crypto'
import { z } from 'zod'
import {
  bookingUid,
  credentialId,
  externalCalendarId,
  instant,
  instantText,
  text,
  userId,
} from '../ports/outside-fields.ts'
import { isPrimary } from '../ports/vault/calendar-address.ts'

/** Field schemas that several commands share. Unknown fields of a body are ignored. */
export { bookingUid, credentialId, instant, instantText, text, userId }

const provider = z.literal('google')
export const calendarSyncId = text(255)
export const subscriptionId = text(255)

/** A calendar that may be known already, also under a name that is not its own, by which it is still found. */
export const calendar = { provider, externalCalendarId }

/** A calendar under its own name. */
export const ownCalendar = {
  provider,
  externalCalendarId: externalCalendarId.refine((name) => !isPrimary({ externalCalendarId: name }), {
    message:
      "primary means another calendar for each credential: write the calendar's own id, which is the e-mail address of its account",
  }),
}

/** `start` before or at `end`. */
export const times = { start: instant, end: instant }
export const startBeforeEnd = (body: {
  start?: Temporal.Instant | undefined
  end?: Temporal.Instant | undefined
}): boolean =>
  body.start === undefined || body.end === undefined || Temporal.Instant.compare(body.start, body.end) <= 0
export const startBeforeEndProblem = { message: 'end must not be before start', path: ['end'] }

/** A URL-safe id: the same parts always give the same id. */
export const deterministicId = (...parts: string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)
