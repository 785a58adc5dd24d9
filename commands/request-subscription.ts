import { z } from 'zod'
import { requestSubscription } from '../domain/calendar/subscription.ts'
import { calendarSubscriptionAggregate } from './aggregates.ts'
import { calendar } from './body-fields.ts'
import { type CommandPorts, defineCommand } from './command.ts'
import { execute } from './execute.ts'
import { withKnownCalendar } from './known-calendar.ts'

/** One subscription per calendar, whose key is its id. */
export const RequestSubscription = defineCommand({
  name: 'RequestSubscription',
  summary: 'Asks for push notifications on a calendar; the subscription cron opens the channel.',
  schema: z.object(calendar),
  handle: (body, ports: Pick<CommandPorts, 'events' | 'calendars' | 'now' | 'newId'>, context) =>
    withKnownCalendar(ports.calendars, body, (calendarKey) =>
      execute(ports, context, calendarSubscriptionAggregate, calendarKey, (state) =>
        requestSubscription(state, {
          subscriptionId: calendarKey,
          provider: body.provider,
          calendarKey,
          at: ports.now().toString(),
        }),
      ),
    ),
})
