import { z } from 'zod'
import { subscriptionId } from './body-fields.ts'
import { type CredentialPorts, credentialForCalendar } from './calendar-credential.ts'
import { defineCommand } from './command.ts'
import { type ChannelPorts, openNewChannel } from './open-channel.ts'

export const ActivateSubscription = defineCommand({
  name: 'ActivateSubscription',
  summary: 'Opens the push channel of a subscription that has none.',
  schema: z.object({ subscriptionId }),
  handle: (body, ports: ChannelPorts & CredentialPorts, context) =>
    openNewChannel(ports, context, body.subscriptionId, {
      credentialFor: (calendarKey) => credentialForCalendar(ports, calendarKey),
      force: true,
    }),
})
