import { calendarSubscriptionAggregate } from '../../commands/aggregates.ts'
import { credentialForCalendar } from '../../commands/calendar-credential.ts'
import { execute } from '../../commands/execute.ts'
import { openNewChannel } from '../../commands/open-channel.ts'
import { StopChannel } from '../../commands/stop-channel.ts'
import { currentChannel, needsChannel } from '../../domain/calendar/channels.ts'
import {
  type CalendarSubscription,
  type Channel,
  type RequestedSubscription,
  releaseSubscription,
} from '../../domain/calendar/subscription.ts'
import type { Outside, Stores, Time } from '../../ports/port-groups.ts'
import {
  type SubscriptionStatus,
  subscriptionState,
  subscriptionsLeftOpen,
  subscriptionsWithStatus,
} from '../../projections/subscriptions.ts'
import { isCalendarNeeded, isCalendarUnneeded } from '../calendars/calendar-need.ts'
import { unlessSealed } from '../calendars/sealed-calendar.ts'
import type { Cron } from '../running/crons.ts'
import { contextOf } from '../running/service-ports.ts'

type Ports = Stores & Outside & Time

const LIVE: readonly SubscriptionStatus[] = ['PENDING', 'ACTIVE', 'SUSPENDED']

/**
 * How long a replaced channel runs beside its successor, so that no push is lost between them. One minute, and at most half
 * of the last fifth of its life, in which it is replaced.
 */
const overlapMs = ({ expiresAt, openedAt }: Channel): number =>
  Math.min(60_000, (expiresAt.epochMilliseconds - openedAt.epochMilliseconds) / 10)

/** Calendars worked on at a time. */
const WIDTH = 8

/**
 * CRON:subscription-cron: opens needed channels, renews channels near their end, and stops replaced channels. Releases the
 * subscriptions that nobody needs. Each subscription keeps its own retry schedule.
 */
export const subscriptionCron = (ports: Ports): Cron => ({
  name: 'subscription-cron',
  async run(signal) {
    const asked = ['subscriptions', 'calendar-syncs', 'selected-calendars', 'sync-policies']
    await Promise.all(asked.map((name) => ports.caughtUp(name)))
    const groups = [
      ...LIVE.map((status) => () => subscriptionsWithStatus(ports.readStore, status)),
      () => subscriptionsLeftOpen(ports.readStore),
    ]
    for (const group of groups) {
      const documents = await group()
      for (let start = 0; start < documents.length && !signal.aborted; start += WIDTH)
        await Promise.all(
          documents
            .slice(start, start + WIDTH)
            .map((document) =>
              unlessSealed(ports, document.calendarKey, () => tend(ports, subscriptionState(document))),
            ),
        )
    }
  },
})

async function tend(ports: Ports, subscription: CalendarSubscription): Promise<void> {
  if (subscription.kind === 'NONE') return
  const needed = await isCalendarNeeded(ports, subscription.subscriptionId)
  if (!needed) return letGo(ports, subscription)
  const now = ports.now()
  const context = contextOf(ports, 'CRON:subscription-cron')
  if (ports.push !== undefined && needsChannel(subscription, now)) {
    const credentialFor = (calendarKey: string) => credentialForCalendar(ports, calendarKey)
    const options = { credentialFor, force: false }
    const result = await openNewChannel(ports, context, subscription.subscriptionId, options)
    if (!result.ok)
      ports.log.debug(
        { subscriptionId: subscription.subscriptionId, code: result.code },
        'channel not opened',
      )
  }
  const keep = currentChannel(subscription)
  const replaced = subscription.channels.filter(
    (channel) => channel !== keep && wasReplaced(channel, keep, now),
  )
  for (const { channelId } of replaced) await stop(ports, subscription, channelId)
  await stopExpired(ports, subscription, now)
}

const wasReplaced = (channel: Channel, by: Channel | undefined, now: Temporal.Instant): boolean =>
  by !== undefined &&
  channel.channelId !== by.channelId &&
  now.epochMilliseconds - by.openedAt.epochMilliseconds >= overlapMs(channel)

/** Closes channels at the end of their life, and openings whose answer never came. */
async function stopExpired(
  ports: Ports,
  subscription: RequestedSubscription,
  now: Temporal.Instant,
): Promise<void> {
  const ended = [
    ...subscription.channels.filter(({ expiresAt }) => Temporal.Instant.compare(expiresAt, now) <= 0),
    ...subscription.openings.filter(
      ({ requestedExpiresAt }) => Temporal.Instant.compare(requestedExpiresAt, now) <= 0,
    ),
  ]
  for (const { channelId } of ended) await stop(ports, subscription, channelId)
}

/** Releases the subscription of a calendar that nobody needs, after stopping its channels. */
async function letGo(ports: Ports, subscription: RequestedSubscription): Promise<void> {
  for (const { channelId } of subscription.channels) await stop(ports, subscription, channelId)
  await stopExpired(ports, subscription, ports.now())
  const context = contextOf(ports, 'CRON:subscription-cron')
  await execute(ports, context, calendarSubscriptionAggregate, subscription.subscriptionId, (state) =>
    releaseSubscription(state, ports.now().toString()),
  )
  const calendar = { kind: 'calendar', key: subscription.subscriptionId } as const
  await ports.queue.remove(calendar)
  // If the calendar was registered again meanwhile, its signal was taken out too.
  if (!(await isCalendarUnneeded(ports, calendar.key)))
    await ports.queue.signal(calendar, { cause: { poll: true, reason: 'ACTIVATED' }, dueInMs: 0 })
}

async function stop(
  ports: Ports,
  { subscriptionId }: RequestedSubscription,
  channelId: string,
): Promise<void> {
  const context = contextOf(ports, 'CRON:subscription-cron')
  const result = await StopChannel.handle({ subscriptionId, channelId }, ports, context)
  if (!result.ok) ports.log.warn({ subscriptionId, channelId, code: result.code }, 'channel not stopped')
}
