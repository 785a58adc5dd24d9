import { deterministicId } from './body-fields.ts'

/** One calendar sync for a user and a calendar. */
export const calendarSyncIdOf = (userId: string, calendarKey: string): string =>
  deterministicId('calendarSync', userId, calendarKey)
