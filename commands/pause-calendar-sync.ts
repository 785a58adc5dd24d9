import { z } from 'zod'
import { pauseCalendarSync } from '../domain/calendar/sync.ts'
import { calendarSyncAggregate } from './aggregates.ts'
import { calendarSyncId } from './body-fields.ts'
import { defineCommand, orNotFound } from './command.ts'
import { execute } from './execute.ts'

export const PauseCalendarSync = defineCommand({
  name: 'PauseCalendarSync',
  summary: 'Stops acting on changes of a calendar until it is resumed.',
  schema: z.object({ calendarSyncId }),
  handle: async (body, ports, context) =>
    orNotFound(
      await execute(ports, context, calendarSyncAggregate, body.calendarSyncId, (state) =>
        pauseCalendarSync(state, ports.now().toString()),
      ),
      'CALENDAR_SYNC_NOT_REGISTERED',
    ),
})
