import { z } from 'zod'
import { removeCalendarSync } from '../domain/calendar/sync.ts'
import { calendarSyncAggregate } from './aggregates.ts'
import { calendarSyncId } from './body-fields.ts'
import { defineCommand, orNotFound } from './command.ts'
import { execute } from './execute.ts'

export const RemoveCalendarSync = defineCommand({
  name: 'RemoveCalendarSync',
  summary: 'Ends a calendar sync; its channel is stopped when nobody else needs it.',
  schema: z.object({ calendarSyncId }),
  handle: async (body, ports, context) =>
    orNotFound(
      await execute(ports, context, calendarSyncAggregate, body.calendarSyncId, (state) =>
        removeCalendarSync(state, ports.now().toString()),
      ),
      'CALENDAR_SYNC_NOT_REGISTERED',
    ),
})
