// Fields that come from outside, whether in a command or in a delivery of Cal.com's: what the one refuses, so does the other.
import { z } from 'zod'

/** A text without blanks around it, of 1 to `max` characters, fit for stores, streams and addresses. */
export const text = (max = 1024) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters or half characters')
export const bookingUid = text(255).describe("Cal.com's uid of the booking")
export const userId = text(255).describe("Cal.com's id of the user")
export const externalCalendarId = text(1024).describe("the calendar's id at the provider")
export const credentialId = text(255).describe('the credential stored under PUT /credentials/{credentialId}')

const UNTOLD = 'must be within the years 0000 to 9999 in UTC, with at most nine digits of a second'

/** RFC 3339 with an offset or `Z`. Aborts, for the checks of whole bodies compare instants and must not see a text. */
export const instantText = z.iso
  .datetime({ offset: true, abort: true })
  .refine((value) => toldInUtc(value) !== undefined, { message: UNTOLD, abort: true })
export const instant = instantText
  .transform((value) => Temporal.Instant.from(value))
  .describe('RFC 3339 with offset')

/** The instant, where it can be kept as it is, and told as RFC 3339 in UTC, whose years have four digits. */
export function toldInUtc(text: string): Temporal.Instant | undefined {
  try {
    const instant = Temporal.Instant.from(text)
    return hasFourDigitYear(instant) ? instant : undefined
  } catch {
    return undefined
  }
}

/** Whether RFC 3339 can tell the instant in UTC. */
export const hasFourDigitYear = (instant: Temporal.Instant): boolean => /^\d{4}-/.test(instant.toString())
