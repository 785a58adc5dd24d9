import type { LookContext } from '../domain/booking/look.ts'
import { effectiveMode } from '../domain/calendar/policy.ts'
import { defined } from '../domain/optional-fields.ts'
import type { SyncMode } from '../domain/sync-mode.ts'
import { calendarSyncById } from '../projections/calendar-syncs.ts'
import { policyLayers } from '../projections/sync-policies.ts'
import { calendarSyncIdOf } from './calendar-sync-id.ts'
import type { CommandPorts } from './command.ts'

type Policy = { mode: SyncMode; organizationId?: string }

/**
 * The mode for a booking: its policy, or `off` while its host's sync is paused or was removed. The organisation is the
 * booking's, else that sync's.
 */
async function policyFor(
  ports: Pick<CommandPorts, 'readStore' | 'defaultMode'>,
  booking: { userId: string; organizationId?: string },
  calendarKey: string,
): Promise<Policy> {
  const calendarSyncId = calendarSyncIdOf(booking.userId, calendarKey)
  const sync = await calendarSyncById(ports.readStore, calendarSyncId)
  const organizationId = booking.organizationId ?? sync?.organizationId
  const host = { userId: booking.userId, ...defined({ organizationId }) }
  const layers = await policyLayers(ports.readStore, { ...host, calendarSyncId })
  const stopped = sync !== undefined && sync.status !== 'ACTIVE'
  const mode = stopped ? 'off' : effectiveMode({ ...layers, fallback: ports.defaultMode })
  return { mode, ...defined({ organizationId }) }
}

/** The mode that decides for a booking. */
export const modeFor = async (...given: Parameters<typeof policyFor>): Promise<SyncMode> =>
  (await policyFor(...given)).mode

/** The context of a decision on a look at this booking. */
export async function lookContextFor(
  ports: Pick<CommandPorts, 'readStore' | 'defaultMode' | 'now'>,
  booking: { userId: string; organizationId?: string },
  calendarKey: string,
): Promise<LookContext> {
  return { now: ports.now(), ...(await policyFor(ports, booking, calendarKey)) }
}
