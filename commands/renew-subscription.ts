import { z } from 'zod'
import { subscriptionId } from './body-fields.ts'
import { credentialForCalendar } from './calendar-credential.ts'
import { defineCommand } from './command.ts'
import { openNewChannel } from './open-channel.ts'

export const RenewSubscription = defineCommand({
  name: 'RenewSubscription',
  summary: 'Opens a new channel beside one that is near its end; the old one is stopped after the overlap.',
  schema: z.object({ subscriptionId }),
  handle: (body, ports, context) =>
    openNewChannel(ports, context, body.subscriptionId, {
      credentialFor: (calendarKey) => credentialForCalendar(ports, calendarKey),
      force: false,
    }),
})
