import { z } from 'zod'
import { discardHeldChanges } from '../domain/calendar/feed.ts'
import { calendarFeedAggregate } from './aggregates.ts'
import { calendar } from './body-fields.ts'
import { defineCommand } from './command.ts'
import { execute } from './execute.ts'
import { withKnownCalendar } from './known-calendar.ts'

export const DiscardHeldChanges = defineCommand({
  name: 'DiscardHeldChanges',
  summary: 'Drops the changes that are held for this calendar; the bookings stay as they are.',
  schema: z.object(calendar),
  handle: (body, ports, context) =>
    withKnownCalendar(ports.calendars, body, (calendarKey) =>
      execute(ports, context, calendarFeedAggregate, calendarKey, (state) =>
        discardHeldChanges(state, { calendarKey, at: ports.now().toString() }),
      ),
    ),
})
