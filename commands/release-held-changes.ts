import { z } from 'zod'
import { releaseHeldChanges } from '../domain/calendar/feed.ts'
import { calendarFeedAggregate } from './aggregates.ts'
import { calendar } from './body-fields.ts'
import { defineCommand } from './command.ts'
import { execute } from './execute.ts'
import { withKnownCalendar } from './known-calendar.ts'

export const ReleaseHeldChanges = defineCommand({
  name: 'ReleaseHeldChanges',
  summary: 'Looks again at every booking whose change is held for this calendar, and lets it act.',
  schema: z.object(calendar),
  handle: (body, ports, context) =>
    withKnownCalendar(ports.calendars, body, (calendarKey) =>
      execute(ports, context, calendarFeedAggregate, calendarKey, (state) =>
        releaseHeldChanges(state, { calendarKey, at: ports.now().toString() }),
      ),
    ),
})
