import { z } from 'zod'
import { resumeCalendarSync } from '../domain/calendar/sync.ts'
import { calendarSyncAggregate } from './aggregates.ts'
import { calendarSyncId } from './body-fields.ts'
import { defineCommand, orNotFound } from './command.ts'
import { execute } from './execute.ts'

export const ResumeCalendarSync = defineCommand({
  name: 'ResumeCalendarSync',
  summary: 'Acts again on changes of a paused calendar.',
  schema: z.object({ calendarSyncId }),
  handle: async (body, ports, context) =>
    orNotFound(
      await execute(ports, context, calendarSyncAggregate, body.calendarSyncId, (state) =>
        resumeCalendarSync(state, ports.now().toString()),
      ),
      'CALENDAR_SYNC_NOT_REGISTERED',
    ),
})
