import { z } from 'zod'
import { calendarFeedAggregate } from './aggregates.ts'
import { calendar } from './body-fields.ts'
import { defineCommand } from './command.ts'
import { load } from './execute.ts'
import { withKnownCalendar } from './known-calendar.ts'

export const FetchNow = defineCommand({
  name: 'FetchNow',
  summary: 'Looks at a calendar at once, without waiting for a push or a poll.',
  schema: z.object(calendar),
  handle: (body, ports) =>
    withKnownCalendar(ports.calendars, body, async (calendarKey) => {
      await ports.queue.signal(
        { kind: 'calendar', key: calendarKey },
        { cause: { poll: true, reason: 'OPERATOR' }, dueInMs: 0, atOnce: true },
      )
      const { stream, revision } = await load(ports.events, calendarFeedAggregate, calendarKey)
      return { ok: true, id: calendarKey, stream, revision, events: [] }
    }),
})
