import { type CalendarAddress, isPrimary } from '../ports/vault/calendar-address.ts'
import type { CommandResult } from './command.ts'

/**
 * The refusal of a name that means another calendar for each credential; undefined for one of the calendar's own. What is
 * known under such a name from before goes on being found.
 */
export const refusedName = (...named: readonly CalendarAddress[]): CommandResult | undefined =>
  named.some(isPrimary)
    ? {
        ok: false,
        status: 409,
        code: 'CALENDAR_NAME_NOT_ITS_OWN',
        detail:
          "primary means another calendar for each credential. Write the calendar's own id, which is the e-mail address of its account.",
      }
    : undefined
