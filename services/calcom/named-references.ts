import type { StatedReference } from '../../domain/booking/links.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { DirectoryReference } from '../../ports/booking-directory.ts'
import { isPrimary } from '../../ports/vault/calendar-address.ts'
import { syncsOfUser } from '../../projections/calendar-syncs.ts'
import type { ServicePorts } from '../running/service-ports.ts'

export type NamedReferences = {
  references: StatedReference[]
  /** Everything that Cal.com has, or will have, is in it. */
  complete: boolean
  /** Cal.com has made room for a reference that it has not named yet. */
  awaited: boolean
  /** An event was left out: Cal.com does not say in which calendar it is, and the host keeps none in step. */
  unplaced: boolean
}

/**
 * What Cal.com names, as references of a booking. Where it does not say in which calendar an event lies, that is guessed:
 * the booking's destination calendar, else a calendar that the user keeps in step. A look tries the others.
 */
export async function namedReferences(
  ports: Pick<ServicePorts, 'calendars' | 'provider' | 'readStore'>,
  stated: readonly DirectoryReference[],
  { userId, destination }: { userId: string; destination?: string | undefined },
): Promise<NamedReferences> {
  const provider = ports.provider.name
  const named = stated.filter(({ externalEventId }) => externalEventId !== '')
  const guess = named.every(isInCalendar) ? undefined : (destination ?? (await aCalendarOf(ports, userId)))
  const references: StatedReference[] = []
  for (const reference of named) {
    const { externalEventId, recurringEventId } = reference
    const guessed = !isInCalendar(reference)
    const calendarKey = isInCalendar(reference)
      ? await ports.calendars.keyOf({ provider, externalCalendarId: reference.externalCalendarId })
      : guess
    if (calendarKey === undefined) continue
    references.push({
      provider,
      calendarKey,
      externalEventId,
      ...defined({ recurringEventId }),
      confirmed: true,
      ...(guessed && { guessed }),
    })
  }
  return {
    references,
    complete: references.length === stated.length,
    awaited: named.length < stated.length,
    unplaced: references.length < named.length,
  }
}

/** `primary` says no more than nothing: it is another calendar for each credential. */
const isInCalendar = (
  reference: DirectoryReference,
): reference is DirectoryReference & { externalCalendarId: string } => {
  const { externalCalendarId } = reference
  return externalCalendarId !== undefined && !isPrimary({ externalCalendarId })
}

/** A calendar that the user keeps in step, active if there is one. */
export async function aCalendarOf(
  ports: Pick<ServicePorts, 'readStore'>,
  userId: string,
): Promise<string | undefined> {
  const syncs = await syncsOfUser(ports.readStore, userId)
  const [active] = syncs.filter(({ status }) => status === 'ACTIVE')
  return (active ?? syncs.find(({ status }) => status === 'PAUSED'))?.calendarKey
}
