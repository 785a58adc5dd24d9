import { z } from 'zod'
import { registerCalendarSync } from '../domain/calendar/sync.ts'
import { defined } from '../domain/optional-fields.ts'
import { calendarSyncAggregate } from './aggregates.ts'
import { credentialId, ownCalendar, text, userId } from './body-fields.ts'
import { calendarSyncIdOf } from './calendar-sync-id.ts'
import { defineCommand } from './command.ts'
import { execute } from './execute.ts'

/** One sync for a user and a calendar: registering again brings its credential or organisation up to date. */
export const RegisterCalendarSync = defineCommand({
  name: 'RegisterCalendarSync',
  summary: "Keeps a user's bookings in step with one of their calendars.",
  schema: z.object({
    userId,
    organizationId: text(255).optional(),
    ...ownCalendar,
    credentialId: credentialId.optional().describe('may follow later: the sync waits for it, visibly'),
  }),
  async handle(body, ports, context) {
    const calendarKey = await ports.calendars.keyOf(body)
    const calendarSyncId = calendarSyncIdOf(body.userId, calendarKey)
    return execute(ports, context, calendarSyncAggregate, calendarSyncId, (state) =>
      registerCalendarSync(state, {
        calendarSyncId,
        userId: body.userId,
        provider: body.provider,
        calendarKey,
        ...defined({ organizationId: body.organizationId, credentialId: body.credentialId }),
        at: ports.now().toString(),
      }),
    )
  },
})
