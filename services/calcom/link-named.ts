// Links a booking to the events that Cal.com names.
import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute } from '../../commands/execute.ts'
import { RegisterCalendarSync } from '../../commands/register-calendar-sync.ts'
import { linkReferences, type StatedReference } from '../../domain/booking/links.ts'
import { findByAnyName } from '../../domain/booking/references.ts'
import { NOBODY, type OpenBooking } from '../../domain/booking/state.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { DirectoryReference } from '../../ports/booking-directory.ts'
import { isPrimary } from '../../ports/vault/calendar-address.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import { flag } from './flag.ts'
import { namedReferences } from './named-references.ts'

/**
 * `changed`: the booking's references have changed, or its flag REASSIGNED was lifted. `named`: the number of events that
 * Cal.com names. `ofHost`: one of these events may be the present host's.
 */
export type Linked = {
  changed: boolean
  named: number
  awaited: boolean
  /** See NamedReferences. */
  unplaced: boolean
  ofHost: boolean
}

/** For this long Cal.com may still name the former host's event, and is about to delete it. */
export const HANDING_OVER_MS = 600_000

/**
 * Links the events that Cal.com names. `destination`: the calendar to guess for an event without calendar. `alive`: the
 * booking's events were seen alive.
 */
export async function linkNamed(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  stated: readonly DirectoryReference[],
  { destination, alive }: { destination: string | undefined; alive?: boolean },
): Promise<Linked> {
  const { bookingUid, userId } = booking
  const named = await namedReferences(ports, stated, { userId, destination })
  const { complete, moreNamed, awaited, unplaced } = named
  const mayBeOfHost = (one: StatedReference): boolean => {
    const { former } = findByAnyName(booking, one) ?? {}
    return former === undefined || (alive === true && isLongAgo(ports, former))
  }
  const references = named.references.map((one) => ({
    ...one,
    answered: true as const,
    ...(mayBeOfHost(one) && { ofHost: true as const }),
  }))
  const ofHost = references.some((one) => one.ofHost)
  const at = ports.now().toString()
  const facts = { references, referencesComplete: complete, moreNamed, times: booking.basis, at }
  const linked = await execute(ports, context, bookingAggregate, bookingUid, (state) =>
    linkReferences(state, facts),
  )
  const unflagged = ofHost && (await flag(ports, context, bookingUid, { code: 'REASSIGNED', raised: false }))
  const changed = unflagged || (linked.ok && linked.events.length > 0)
  return { changed, named: references.length, awaited, unplaced, ofHost }
}

const isLongAgo = (ports: ServicePorts, at: string): boolean =>
  ports.now().since(at).total('milliseconds') >= HANDING_OVER_MS

/**
 * Registers the calendars of a host who was just learned. `credentials`: credential ids that a webhook named, by calendar
 * key. A sync without one waits, and the status shows it.
 */
export async function registerCalendarsOf(
  ports: ServicePorts,
  context: CommandContext,
  userId: string,
  calendarKeys: Iterable<string>,
  credentials: ReadonlyMap<string, string>,
): Promise<void> {
  if (userId === NOBODY) return
  const addresses = await ports.calendars.addressesOf([...new Set(calendarKeys)])
  for (const [calendarKey, { externalCalendarId }] of addresses) {
    if (isPrimary({ externalCalendarId })) continue
    const credentialId = credentials.get(calendarKey)
    await RegisterCalendarSync.handle(
      {
        userId,
        provider: 'google',
        externalCalendarId,
        ...defined({ credentialId }),
      },
      ports,
      context,
    )
  }
}

/** The calendars of the events that may be the present host's. */
export const calendarsOfHost = ({ references }: OpenBooking): string[] =>
  references.flatMap(({ stored, former }) => (former ? [] : [stored.calendarKey]))
