import type { Settings, Stores, Time } from '../../ports/port-groups.ts'
import { calendarsWithSyncs } from '../../projections/calendar-syncs.ts'
import { calendarsSelected } from '../../projections/selected-calendars.ts'
import type { Cron } from '../running/crons.ts'

/** Calendars that one run signals. The rest come in the next run, the longest unread first. */
const AT_ONCE = 500

/** How many calendars the queue is asked for at a time. */
const BATCH = 1000

/**
 * Reads each calendar at least every `reconcileMs`, pushed for or not: pushes get lost. The queue's own record of when
 * a calendar was last read decides. One that is due anyway, or fails and waits for its next try, is left alone. A
 * calendar that would be late by the next run is read now. Nothing is read twice within half the time, however often
 * the crons are woken.
 */
export const reconciler = (ports: Stores & Time & Settings): Cron => ({
  name: 'reconciler',
  async run(signal) {
    const { reconcileMs, cronMs } = ports.settings
    const age = Math.max(reconcileMs - cronMs, reconcileMs / 2)
    const before = ports.now().subtract({ milliseconds: Math.round(age) })
    const cause = { poll: true, reason: 'RECONCILE' } as const
    const late = await ports.queue.completedBefore(before, AT_ONCE)
    const signals = late.map((subject) => ({ subject, cause, dueInMs: 0 }))
    if (signals.length > 0 && !signal.aborted) await ports.queue.signalMany(signals)
  },
})

/** Once, at the start: whatever calendars are needed and not in the queue (it was lost, or is new) are read in full. */
export async function signalUnknownCalendars(ports: Stores & Time & Settings): Promise<void> {
  await ports.caughtUp('calendar-syncs')
  await ports.caughtUp('selected-calendars')
  const cause = { poll: true, reason: 'RECONCILE' } as const
  const keys = new Set<string>()
  for await (const { calendarKey } of calendarsWithSyncs(ports.readStore)) keys.add(calendarKey)
  for await (const { calendarKey } of calendarsSelected(ports.readStore)) keys.add(calendarKey)
  const all = [...keys]
  for (let start = 0; start < all.length; start += BATCH) {
    const batch = all.slice(start, start + BATCH)
    const known = await ports.queue.known('calendar', batch)
    const signals = batch
      .filter((key) => !known.has(key))
      .map((key) => ({
        subject: { kind: 'calendar' as const, key },
        cause,
        dueInMs: Math.round(ports.random() * Math.min(60_000, ports.settings.reconcileMs)),
      }))
    if (signals.length > 0) await ports.queue.signalMany(signals)
  }
}
