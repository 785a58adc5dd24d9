import { createHash } from 'node:crypto'
import { z } from 'zod'
import { isPrimary } from '../ports/vault/calendar-address.ts'

/** Field schemas that several commands share. Unknown fields of a body are ignored. */
export const text = (max = 1024) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters or half characters')
export const bookingUid = text(255).describe("Cal.com's uid of the booking")
export const userId = text(255).describe("Cal.com's id of the user")
const provider = z.literal('google')
const externalCalendarId = text(1024).describe("the calendar's id at the provider")
export const credentialId = text(255).describe('the credential stored under PUT /credentials/{credentialId}')
export const calendarSyncId = text(255)
export const subscriptionId = text(255)

/** RFC 3339 with an offset or `Z`. Aborts, for the checks of whole bodies compare instants and must not see a text. */
export const instantText = z.iso.datetime({ offset: true, abort: true }).refine(canBeToldInUtc, {
  message: 'must be within the years 0000 to 9999 in UTC, with at most nine digits of a second',
  abort: true,
})
export const instant = instantText
  .transform((value) => Temporal.Instant.from(value))
  .describe('RFC 3339 with offset')

/** Whether an instant can be kept as it is, and told as RFC 3339 in UTC, whose years have four digits. */
function canBeToldInUtc(text: string): boolean {
  try {
    return /^\d{4}-/.test(Temporal.Instant.from(text).toString())
  } catch {
    return false
  }
}

/** A calendar that may be known already, also under a name that is not its own: it goes on being found. */
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

/** A URL-safe id that the same parts always give. */
export const deterministicId = (...parts: string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)
