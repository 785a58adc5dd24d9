import { ActivateSubscription } from '../../commands/activate-subscription.ts'
import type { Outside, Stores, Time } from '../../ports/port-groups.ts'
import { syncsOfCredential } from '../../projections/calendar-syncs.ts'
import { selectedCalendarsOfCredential } from '../../projections/selected-calendars.ts'
import { contextOf } from '../running/service-ports.ts'

/**
 * Resumes the calendars that waited for a credential: they are read, and their channels opened, in spite of retry delays.
 */
export async function credentialStored(
  ports: Stores & Outside & Time,
  credentialId: string,
  wakeCrons: () => void,
): Promise<void> {
  try {
    await Promise.all([ports.caughtUp('calendar-syncs'), ports.caughtUp('selected-calendars')])
    const [syncs, selected] = await Promise.all([
      syncsOfCredential(ports.readStore, credentialId),
      selectedCalendarsOfCredential(ports.readStore, credentialId),
    ])
    const keys = new Set([...syncs, ...selected].map(({ calendarKey }) => calendarKey))
    const cause = { poll: true, reason: 'ACTIVATED' } as const
    await ports.queue.signalMany(
      [...keys].map((key) => ({ subject: { kind: 'calendar', key }, cause, dueInMs: 0, atOnce: true })),
    )
    for (const subscriptionId of keys)
      await ActivateSubscription.handle({ subscriptionId }, ports, contextOf(ports, 'api:credentials'))
    wakeCrons()
  } catch (error) {
    // The credential is stored; the crons and the reconciler find it at their next run.
    ports.log.warn({ err: error, credentialId }, 'credential stored, its calendars not signalled')
  }
}
