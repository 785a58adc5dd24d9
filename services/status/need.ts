// One thing that waits for somebody, as the status tells of it.
import { z } from 'zod'
import type { CalendarDirectory } from '../../ports/vault/credential-vault.ts'

/** One thing that does not mend itself. `next` says what to do about it. */
export const NeedsPerson = z
  .object({
    code: z.string(),
    sentence: z.string(),
    next: z.string(),
    bookingUid: z.string().optional(),
    calendarKey: z.string().optional(),
    externalCalendarId: z.string().nullable().optional(),
    calendarSyncId: z.string().optional(),
    since: z.iso.datetime({ offset: true }).optional(),
  })
  .meta({ id: 'NeedsPerson' })
export type NeedsPerson = z.infer<typeof NeedsPerson>

/** At most this many of each kind are named; the status counts all. */
export const NAMED = 50

/** The calendar's name; null where it was forgotten, or no key opens it. */
export const nameOf = async (calendars: CalendarDirectory, calendarKey: string): Promise<string | null> =>
  (await calendars.addressesOf([calendarKey])).get(calendarKey)?.externalCalendarId ?? null
