// One calendar has one key, one channel and one brake, also where it was known by several: its account got another address,
// or an older version told letter cases apart. The directory joins the keys first; what hangs on the former one is then
// carried over to the present one, at every run what is left of it.
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

/** CRON:one-calendar: makes one of the calendars that have several keys. */
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

/** The name that was registered last is the present one. What is held under another waits there for a person first. */
async function join(ports: ServicePorts, keys: readonly string[], signal: AbortSignal): Promise<void> {
  const registered = await Promise.all(
    keys.map(async (key) => ({ key, at: await lastRegistered(ports, key) })),
  )
  const [present, ...formers] = registered.toSorted((a, b) => (a.at < b.at ? 1 : -1)).map(({ key }) => key)
  if (present === undefined) return
  // The present name of a calendar is one that it answers to.
  if ((await calendarFeedByKey(ports.readStore, present))?.failing?.code === 'CALENDAR_GONE') return
  for (const former of formers) {
    const feed = await calendarFeedByKey(ports.readStore, former)
    if (feed && feed.held.length > 0) continue
    if (!(await knowsEventsOf(ports, present, former, signal))) continue
    await ports.calendars.join(former, present)
    ports.log.info({ calendarKey: former, present }, 'calendar keys joined, they mean one calendar')
  }
}

/** Whether the present name shows an event that a booking names by the former one, as far as there is any. */
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

/** RFC 3339 in UTC; empty where nobody has registered it. */
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
