import { z } from 'zod'
import { stopChannel } from '../domain/calendar/channels.ts'
import { calendarSubscriptionAggregate } from './aggregates.ts'
import { subscriptionId, text } from './body-fields.ts'
import { type CommandResult, defineCommand, notFound } from './command.ts'
import { execute, load } from './execute.ts'
import type { ChannelPorts } from './open-channel.ts'

/** Asks the provider first: a channel that could not be stopped stays recorded, so that it can be stopped later. */
export const StopChannel = defineCommand({
  name: 'StopChannel',
  summary: 'Stops one channel of a subscription at the provider.',
  schema: z.object({ subscriptionId, channelId: text(64) }),
  async handle(body, ports: ChannelPorts, context) {
    const { state } = await load(ports.events, calendarSubscriptionAggregate, body.subscriptionId)
    if (state.kind === 'NONE') return notFound('SUBSCRIPTION_UNKNOWN', 'There is no such subscription.')
    const now = ports.now()
    const stopped = (outcome: 'STOPPED' | 'UNKNOWN_TO_PROVIDER' | 'EXPIRED') =>
      execute(ports, context, calendarSubscriptionAggregate, body.subscriptionId, (current) =>
        stopChannel(current, { channelId: body.channelId, outcome, at: now.toString() }),
      )
    const opening = state.openings.find(({ channelId }) => channelId === body.channelId)
    if (opening !== undefined)
      return Temporal.Instant.compare(opening.requestedExpiresAt, now) <= 0
        ? stopped('EXPIRED')
        : refused('CHANNEL_RESOURCE_UNKNOWN', "The provider's answer for this channel is not known yet.")
    const channel = state.channels.find(({ channelId }) => channelId === body.channelId)
    if (channel === undefined) return stopped('STOPPED')
    if (Temporal.Instant.compare(channel.expiresAt, now) <= 0) return stopped('EXPIRED')
    const address = await ports.calendars.addressOf(body.subscriptionId)
    const where = address && { externalCalendarId: address.externalCalendarId }
    const answer = await ports.provider.stop({ ...channel, ...where })
    if (!answer.ok)
      return refused(
        `STOP_FAILED_${answer.code}`,
        'The provider did not stop the channel; it is tried again.',
      )
    return stopped(answer.value.known ? 'STOPPED' : 'UNKNOWN_TO_PROVIDER')
  },
})

const refused = (code: string, detail: string): CommandResult => ({ ok: false, status: 409, code, detail })
