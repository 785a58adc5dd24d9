import type { ToldReference } from '../../domain/booking/links.ts'
import type { DirectoryReference } from '../../ports/booking-directory.ts'
import { syncsOfUser } from '../../projections/calendar-syncs.ts'
import type { ServicePorts } from '../running/service-ports.ts'

export type NamedReferences = {
  references: ToldReference[]
  /** Everything that Cal.com has is in it: nothing had to be left out because its calendar is not known. */
  complete: boolean
  /** Cal.com has made room for a reference that it has not named yet. */
  awaited: boolean
}

/**
 * What Cal.com names, as references of a booking. Where it does not say in which calendar an event lies, that is guessed:
 * the booking's destination calendar, else the only calendar that the user keeps in step.
 */
export async function namedReferences(
  ports: Pick<ServicePorts, 'calendars' | 'provider' | 'readStore'>,
  told: readonly DirectoryReference[],
  { userId, destination }: { userId: string; destination?: string | undefined },
): Promise<NamedReferences> {
  const provider = ports.provider.name
  const named = told.filter(({ externalEventId }) => externalEventId !== '')
  const nameless = named.some(({ externalCalendarId }) => externalCalendarId === undefined)
  const guess = nameless ? (destination ?? (await onlyCalendarOf(ports, userId))) : undefined
  const references: ToldReference[] = []
  for (const { externalCalendarId, externalEventId, recurringEventId } of named) {
    const guessed = externalCalendarId === undefined
    const calendarKey = guessed ? guess : await ports.calendars.keyOf({ provider, externalCalendarId })
    if (calendarKey === undefined) continue
    references.push({
      provider,
      calendarKey,
      externalEventId,
      ...(recurringEventId !== undefined && { recurringEventId }),
      confirmed: true,
      ...(guessed && { guessed }),
    })
  }
  return {
    references,
    complete: references.length === named.length,
    awaited: named.length < told.length,
  }
}

async function onlyCalendarOf(
  ports: Pick<ServicePorts, 'readStore'>,
  userId: string,
): Promise<string | undefined> {
  const syncs = (await syncsOfUser(ports.readStore, userId)).filter(({ status }) => status !== 'REMOVED')
  const calendars = new Set(syncs.map(({ calendarKey }) => calendarKey))
  return calendars.size === 1 ? [...calendars][0] : undefined
}
