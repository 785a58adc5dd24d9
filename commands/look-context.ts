import type { LookContext } from '../domain/booking-rules.ts'
import { effectiveMode, type SyncMode } from '../domain/sync-policy.ts'
import { calendarSyncById } from '../projections/calendar-syncs.ts'
import { policyLayers } from '../projections/sync-policies.ts'
import { calendarSyncIdOf } from './calendar-sync-id.ts'
import type { CommandPorts } from './command.ts'

/** How far the service may go for a booking: its policy, and `off` while its host's sync is paused or was removed. */
export async function modeFor(
  ports: Pick<CommandPorts, 'readStore' | 'defaultMode'>,
  booking: { userId: string; organizationId?: string },
  calendarKey: string,
): Promise<SyncMode> {
  const calendarSyncId = calendarSyncIdOf(booking.userId, calendarKey)
  const [sync, layers] = await Promise.all([
    calendarSyncById(ports.readStore, calendarSyncId),
    policyLayers(ports.readStore, { ...booking, calendarSyncId }),
  ])
  if (sync !== undefined && sync.status !== 'ACTIVE') return 'off'
  return effectiveMode({ ...layers, fallback: ports.defaultMode })
}

/** The context that a look at this booking is decided in. */
export async function lookContextFor(
  ports: Pick<CommandPorts, 'readStore' | 'defaultMode' | 'now'>,
  booking: { userId: string; organizationId?: string },
  calendarKey: string,
): Promise<LookContext> {
  return { now: ports.now(), mode: await modeFor(ports, booking, calendarKey) }
}
