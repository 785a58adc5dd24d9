import { z } from 'zod'
import { removeSelectedCalendar } from '../domain/calendar/selected.ts'
import { selectedCalendarAggregate } from './aggregates.ts'
import { calendar, credentialId, deterministicId, userId } from './body-fields.ts'
import { defineCommand, orNotFound } from './command.ts'
import { execute } from './execute.ts'

export const RemoveSelectedCalendar = defineCommand({
  name: 'RemoveSelectedCalendar',
  summary: 'The user no longer checks this calendar for conflicts.',
  schema: z.object({ userId, ...calendar, credentialId: credentialId.optional() }),
  async handle(body, ports, context) {
    const calendarKey = await ports.calendars.find(body)
    const selectedCalendarId = deterministicId('selectedCalendar', body.userId, calendarKey ?? '')
    return orNotFound(
      await execute(ports, context, selectedCalendarAggregate, selectedCalendarId, (state) =>
        removeSelectedCalendar(state, ports.now().toString()),
      ),
      'SELECTED_CALENDAR_NOT_REGISTERED',
    )
  },
})
