import { RequestSubscription } from '../../commands/request-subscription.ts'
import type { Outside, Stores, Time } from '../../ports/port-groups.ts'
import { calendarsWithSyncs } from '../../projections/calendar-syncs.ts'
import { calendarsSelected } from '../../projections/selected-calendars.ts'
import { subscriptionById } from '../../projections/subscriptions.ts'
import { policyLayers } from '../../projections/sync-policies.ts'
import { isCalendarNeeded } from '../calendars/calendar-need.ts'
import { unlessSealed } from '../calendars/sealed-calendar.ts'
import type { Cron } from '../running/crons.ts'
import { contextOf } from '../running/service-ports.ts'

/** CRON:bi-directional-calendar-sync: gives every needed calendar a subscription, unless everything is `off`. */
export const registrationCron = (ports: Stores & Time & Pick<Outside, 'log'>): Cron => ({
  name: 'bi-directional-calendar-sync',
  async run(signal) {
    const asked = ['calendar-syncs', 'selected-calendars', 'subscriptions', 'sync-policies']
    await Promise.all(asked.map((name) => ports.caughtUp(name)))
    if ((await policyLayers(ports.readStore, {})).everything === 'off') return
    for await (const { calendarKey } of calendarsWithSyncs(ports.readStore)) {
      if (signal.aborted) return
      await unlessSealed(ports, calendarKey, () => request(ports, calendarKey))
    }
    for await (const { calendarKey } of calendarsSelected(ports.readStore)) {
      if (signal.aborted) return
      await unlessSealed(ports, calendarKey, () => request(ports, calendarKey))
    }
  },
})

async function request(ports: Stores & Time, calendarKey: string): Promise<void> {
  const subscription = await subscriptionById(ports.readStore, calendarKey)
  if (subscription !== undefined && subscription.status !== 'RELEASED') return
  if (!(await isCalendarNeeded(ports, calendarKey))) return
  const address = await ports.calendars.addressOf(calendarKey)
  if (address?.provider !== 'google') return
  // A calendar that was let go is read no more, and where nothing is pushed no channel has it read again.
  if (subscription !== undefined)
    await ports.queue.signal(
      { kind: 'calendar', key: calendarKey },
      { cause: { poll: true, reason: 'ACTIVATED' }, dueInMs: 0 },
    )
  await RequestSubscription.handle(
    { provider: address.provider, externalCalendarId: address.externalCalendarId },
    ports,
    contextOf(ports, 'CRON:bi-directional-calendar-sync'),
  )
}
