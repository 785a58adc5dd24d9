import { calendarSubscriptionAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute } from '../../commands/execute.ts'
import { healSubscription, suspendSubscription } from '../../domain/calendar/subscription.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { ProviderError } from '../../ports/calendar-provider.ts'
import { subscriptionById } from '../../projections/subscriptions.ts'
import type { ServicePorts } from '../running/service-ports.ts'

/** Suspends a calendar's subscription after a refused credential, until another is stored. Other errors do nothing. */
export async function suspendForCredential(
  ports: Pick<ServicePorts, 'events' | 'now' | 'newId'>,
  context: CommandContext,
  calendarKey: string,
  error: ProviderError,
): Promise<void> {
  if (error.code !== 'CREDENTIAL_REFUSED') return
  const reason = defined({ reason: error.reason })
  await execute(ports, context, calendarSubscriptionAggregate, calendarKey, (state) =>
    suspendSubscription(state, { code: error.code, ...reason, now: ports.now() }),
  )
}

/** Lifts a suspension after a successful fetch. Without push, no watch call shows that the credential works again. */
export async function healIfNotPushed(
  ports: Pick<ServicePorts, 'events' | 'readStore' | 'push' | 'now' | 'newId'>,
  context: CommandContext,
  calendarKey: string,
): Promise<void> {
  if (ports.push !== undefined) return
  const subscription = await subscriptionById(ports.readStore, calendarKey)
  if (subscription?.status !== 'SUSPENDED') return
  await execute(ports, context, calendarSubscriptionAggregate, calendarKey, (state) =>
    healSubscription(state, {
      provider: subscription.provider,
      calendarKey,
      at: ports.now().toString(),
    }),
  )
}
