import { z } from 'zod'
import { subscriptionId } from './body-fields.ts'
import { credentialForCalendar } from './calendar-credential.ts'
import { defineCommand } from './command.ts'
import { openNewChannel } from './open-channel.ts'

export const ActivateSubscription = defineCommand({
  name: 'ActivateSubscription',
  summary: 'Opens the push channel of a subscription that has none.',
  schema: z.object({ subscriptionId }),
  handle: (body, ports, context) =>
    openNewChannel(ports, context, body.subscriptionId, {
      credentialFor: (calendarKey) => credentialForCalendar(ports, calendarKey),
      force: true,
    }),
})
