import { activateChannel, failActivation, openChannel } from '../domain/calendar/channels.ts'
import type { DomainEvent } from '../domain/domain-event.ts'
import { defined } from '../domain/optional-fields.ts'
import type { ProviderError } from '../ports/calendar-provider.ts'
import { calendarSubscriptionAggregate } from './aggregates.ts'
import { type CommandContext, type CommandPorts, type CommandResult, notFound } from './command.ts'
import { execute } from './execute.ts'

/** Which credential opens the calendar: the first that is stored, of the syncs and selected calendars on it. */
export type CredentialFor = (calendarKey: string) => Promise<string | undefined>

/** Ports for opening and stopping a channel. */
export type ChannelPorts = Pick<CommandPorts, 'events' | 'calendars' | 'provider' | 'push' | 'now' | 'newId'>

const refused = (code: string, detail: string): CommandResult => ({ ok: false, status: 409, code, detail })

/**
 * Opens a channel if there is none, or if the current one is near its end. ChannelOpening is appended first, so that one of
 * two concurrent tries gives way, and a crash leaves a trace. Then the provider is asked, and its answer appended. A
 * failure at the provider is a fact (SubscriptionActivationFailed), not an error of the command.
 */
export async function openNewChannel(
  ports: ChannelPorts,
  context: CommandContext,
  subscriptionId: string,
  options: { credentialFor: CredentialFor; force: boolean },
): Promise<CommandResult> {
  const { push } = ports
  const address = await ports.calendars.addressOf(subscriptionId)
  if (address === undefined) return notFound('SUBSCRIPTION_UNKNOWN', 'There is no such subscription.')
  if (push === undefined)
    return refused(
      'PUSH_NOT_CONFIGURED',
      'PUBLIC_URL is not set: calendars are polled, no channel is opened.',
    )
  const credentialId = await options.credentialFor(subscriptionId)
  if (credentialId === undefined)
    return refused('CREDENTIAL_MISSING', 'No credential is stored for any sync of this calendar.')

  const channelId = `${subscriptionId}-${ports.newId().replaceAll('-', '').slice(0, 16)}`
  const now = ports.now()
  const opening = await execute(ports, context, calendarSubscriptionAggregate, subscriptionId, (state) =>
    openChannel(state, {
      channelId,
      credentialId,
      requestedExpiresAt: now.add({ milliseconds: Math.round(push.ttlMs) }).toString(),
      now,
      force: options.force,
    }),
  )
  if (!opening.ok || opening.events.length === 0) return opening

  const answer = await ports.provider.watch({
    credentialId,
    externalCalendarId: address.externalCalendarId,
    channelId,
    token: push.tokensFor(channelId)[0],
    address: push.address,
    ttlMs: push.ttlMs,
  })
  const answered = await execute(ports, context, calendarSubscriptionAggregate, subscriptionId, (state) =>
    answer.ok
      ? activateChannel(state, {
          channelId,
          resourceId: answer.value.resourceId,
          expiresAt: answer.value.expiresAt.toString(),
          at: ports.now().toString(),
        })
      : failActivation(state, { ...failureOf(answer), channelId, now: ports.now() }),
  )
  if (!answered.ok) return answered
  // Google has opened it, and no record keeps it: nobody could stop it later.
  if (answer.ok && answered.events.some(({ type }) => type === 'SubscriptionActivationFailed'))
    await ports.provider.stop({
      credentialId,
      externalCalendarId: address.externalCalendarId,
      channelId,
      resourceId: answer.value.resourceId,
    })
  const events: DomainEvent[] = [...opening.events, ...answered.events]
  const position = answered.position ?? opening.position
  return { ...answered, events, ...defined({ position }) }
}

const suspending: ReadonlySet<ProviderError['code']> = new Set(['CREDENTIAL_REFUSED', 'CREDENTIAL_MISSING'])

const failureOf = (error: ProviderError) => ({
  code: error.code,
  ...defined({ reason: error.reason, retryAfterMs: error.retryAfterMs }),
  permanent: error.code === 'PUSH_NOT_SUPPORTED',
  suspends: suspending.has(error.code),
})
