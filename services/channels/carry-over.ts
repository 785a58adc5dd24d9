// Carries over to a calendar's present key all that refers to a former key: syncs with their modes, selected calendars,
// and open bookings.
import {
  bookingAggregate,
  calendarSyncAggregate,
  selectedCalendarAggregate,
} from '../../commands/aggregates.ts'
import { calendarSyncIdOf } from '../../commands/calendar-sync-id.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute, load } from '../../commands/execute.ts'
import { RegisterCalendarSync } from '../../commands/register-calendar-sync.ts'
import { RegisterSelectedCalendar } from '../../commands/register-selected-calendar.ts'
import { RemoveCalendarSync } from '../../commands/remove-calendar-sync.ts'
import { SetSyncPolicy } from '../../commands/set-sync-policy.ts'
import { moveReference } from '../../domain/booking/series-change.ts'
import { removeSelectedCalendar } from '../../domain/calendar/selected.ts'
import { pauseCalendarSync } from '../../domain/calendar/sync.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { CalendarAddress } from '../../ports/vault/calendar-address.ts'
import { openBookingsFrom } from '../../projections/booking-references.ts'
import {
  type CalendarSyncDocument,
  calendarSyncById,
  syncsOfCalendar,
} from '../../projections/calendar-syncs.ts'
import { selectedCalendarsOf } from '../../projections/selected-calendars.ts'
import { policyLayers } from '../../projections/sync-policies.ts'
import type { ServicePorts } from '../running/service-ports.ts'

/** Carries over all that refers to the former key. Repeat this until nothing is left. */
export async function carryOver(
  ports: ServicePorts,
  context: CommandContext,
  former: string,
  present: string,
): Promise<void> {
  const syncs = await syncsOfCalendar(ports.readStore, former)
  const selected = await selectedCalendarsOf(ports.readStore, former)
  if (syncs.length > 0)
    await Promise.all(['sync-policies', 'booking-references'].map((name) => ports.caughtUp(name)))
  const address = await ports.calendars.addressOf(present)
  if (address === undefined) return
  for (const sync of syncs) await registerInstead(ports, context, sync, { present, address })
  // The sync comes before its bookings are looked at: it may be paused, or only observed.
  await Promise.all(['calendar-syncs', 'sync-policies'].map((name) => ports.caughtUp(name)))
  await moveBookings(ports, context, former, present)
  for (const { calendarSyncId } of syncs) await RemoveCalendarSync.handle({ calendarSyncId }, ports, context)
  for (const { selectedCalendarId, userId, credentialId } of selected) {
    await RegisterSelectedCalendar.handle({ ...named(address), userId, credentialId }, ports, context)
    await execute(ports, context, selectedCalendarAggregate, selectedCalendarId, (state) =>
      removeSelectedCalendar(state, ports.now().toString()),
    )
  }
}

const named = ({ externalCalendarId }: CalendarAddress) =>
  ({ provider: 'google', externalCalendarId }) as const

/** Registers the same sync under the present key, with its mode, and paused if the former sync is. */
async function registerInstead(
  ports: ServicePorts,
  context: CommandContext,
  { calendarSyncId: formerId, userId, organizationId, credentialId, status }: CalendarSyncDocument,
  { present, address }: { present: string; address: CalendarAddress },
): Promise<void> {
  const calendarSyncId = calendarSyncIdOf(userId, present)
  const modeOf = async (id: string) =>
    (await policyLayers(ports.readStore, { calendarSyncId: id })).calendarSync
  const mode = await modeOf(formerId)
  if (mode !== undefined && (await modeOf(calendarSyncId)) === undefined)
    await SetSyncPolicy.handle({ mode, calendarSyncId }, ports, context)
  const known = await calendarSyncById(ports.readStore, calendarSyncId)
  if (known === undefined || known.status === 'REMOVED' || known.credentialId === undefined)
    await RegisterCalendarSync.handle(
      {
        ...named(address),
        userId,
        ...defined({ organizationId, credentialId }),
      },
      ports,
      context,
    )
  if (status === 'PAUSED')
    await execute(ports, context, calendarSyncAggregate, calendarSyncId, (state) =>
      pauseCalendarSync(state, ports.now().toString()),
    )
}

/** Moves the bookings' references. Each booking is looked at afterwards, so that changes in between are seen. */
async function moveBookings(
  ports: ServicePorts,
  context: CommandContext,
  former: string,
  present: string,
): Promise<void> {
  for await (const { bookingUid } of openBookingsFrom(ports.readStore, former, ports.now())) {
    const { state } = await load(ports.events, bookingAggregate, bookingUid)
    if (state.kind !== 'OPEN') continue
    for (const { stored } of state.references.filter((one) => one.stored.calendarKey === former))
      await execute(ports, context, bookingAggregate, bookingUid, (booking) =>
        moveReference(booking, {
          from: stored,
          to: { ...stored, calendarKey: present },
          at: ports.now().toString(),
        }),
      )
  }
}
