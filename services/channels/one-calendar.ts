// Joins the keys of a calendar that has several, so that it has one channel and one brake. A second key comes of a new
// address of the account, or of an older version that told upper case from lower. The directory joins the keys first.
// Each run then carries over the documents that refer to a former key.
import { openBookingsFrom } from '../../projections/booking-references.ts'
import { calendarFeedByKey } from '../../projections/calendar-feeds.ts'
import { syncsOfCalendar } from '../../projections/calendar-syncs.ts'
import { selectedCalendarsOf } from '../../projections/selected-calendars.ts'
import { accessTo } from '../calendars/calendar-access.ts'
import { unlessSealed } from '../calendars/sealed-calendar.ts'
import { keysOfOneCalendar } from '../calendars/several-keys.ts'
import type { Cron } from '../running/crons.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { carryOver } from './carry-over.ts'

/** CRON:one-calendar: joins the keys of each calendar that has several. */
export const oneCalendarCron = (ports: ServicePorts): Cron => ({
  name: 'one-calendar',
  async run(signal) {
    const models = ['subscriptions', 'calendar-syncs', 'selected-calendars', 'calendar-feeds']
    await Promise.all(models.map((name) => ports.caughtUp(name)))
    for (const keys of await keysOfOneCalendar(ports)) await join(ports, keys, signal)
    for (const [former, present] of await ports.calendars.joined()) {
      if (signal.aborted) return
      const context = contextOf(ports, 'CRON:one-calendar')
      await unlessSealed(ports, present, () => carryOver(ports, context, former, present))
    }
  },
})

/** Joins the keys under the name that was registered last. Changes held under another name first wait for a person. */
async function join(ports: ServicePorts, keys: readonly string[], signal: AbortSignal): Promise<void> {
  const registered = await Promise.all(
    keys.map(async (key) => ({ key, at: await lastRegistered(ports, key) })),
  )
  const [present, ...formers] = registered.toSorted((a, b) => (a.at < b.at ? 1 : -1)).map(({ key }) => key)
  if (present === undefined) return
  // The present name must be one that the provider knows.
  if ((await calendarFeedByKey(ports.readStore, present))?.failing?.code === 'CALENDAR_GONE') return
  for (const former of formers) {
    const feed = await calendarFeedByKey(ports.readStore, former)
    if (feed && feed.held.length > 0) continue
    if (!(await knowsEventsOf(ports, present, former, signal))) continue
    await ports.calendars.join(former, present)
    ports.log.info({ calendarKey: former, present }, 'calendar keys joined, they mean one calendar')
  }
}

/** True if the calendar under its present name knows an event of the former name, or if there is none. */
async function knowsEventsOf(
  ports: ServicePorts,
  present: string,
  former: string,
  signal: AbortSignal,
): Promise<boolean> {
  for await (const { references } of openBookingsFrom(ports.readStore, former, ports.now())) {
    const named = references.find(({ calendarKey }) => calendarKey === former)
    if (named === undefined) continue
    const reached = await accessTo(ports, present)
    if (!reached.ok) return false
    const { externalEventId: eventId } = named
    return (await ports.provider.event({ ...reached.access, eventId }, signal)).ok
  }
  return true
}

/** When the calendar was last registered, RFC 3339 in UTC; empty if never. */
async function lastRegistered({ readStore }: ServicePorts, calendarKey: string): Promise<string> {
  const all = [
    ...(await syncsOfCalendar(readStore, calendarKey)),
    ...(await selectedCalendarsOf(readStore, calendarKey)),
  ]
  return (
    all
      .map(({ registeredAt }) => registeredAt)
      .sort()
      .at(-1) ?? ''
  )
}
