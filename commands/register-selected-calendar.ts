import { z } from 'zod'
import { registerSelectedCalendar } from '../domain/calendar/selected.ts'
import { selectedCalendarAggregate } from './aggregates.ts'
import { credentialId, deterministicId, ownCalendar, userId } from './body-fields.ts'
import { defineCommand } from './command.ts'
import { execute } from './execute.ts'

export const RegisterSelectedCalendar = defineCommand({
  name: 'RegisterSelectedCalendar',
  summary: 'Watches a calendar that a user ticked for conflicts; it shares the one channel of that calendar.',
  schema: z.object({ userId, ...ownCalendar, credentialId }),
  async handle(body, ports, context) {
    const calendarKey = await ports.calendars.keyOf(body)
    const selectedCalendarId = deterministicId('selectedCalendar', body.userId, calendarKey)
    return execute(ports, context, selectedCalendarAggregate, selectedCalendarId, (state) =>
      registerSelectedCalendar(state, {
        selectedCalendarId,
        userId: body.userId,
        provider: body.provider,
        calendarKey,
        credentialId: body.credentialId,
        at: ports.now().toString(),
      }),
    )
  },
})
