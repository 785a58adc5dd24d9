import type { StatedReference } from '../../domain/booking/links.ts'
import { MOST_REFERENCES } from '../../domain/booking/references.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { DirectoryReference } from '../../ports/booking-directory.ts'
import { isPrimary } from '../../ports/vault/calendar-address.ts'
import { syncsOfUser } from '../../projections/calendar-syncs.ts'
import type { ServicePorts } from '../running/service-ports.ts'

export type NamedReferences = {
  references: StatedReference[]
  /** No event was left out, and Cal.com will name no more. */
  complete: boolean
  /** Cal.com names more events than a booking can have. The first of them are in `references`. */
  moreNamed: boolean
  /** Cal.com has announced a reference whose event it has not named yet. */
  awaited: boolean
  /** An event was left out: Cal.com does not name its calendar, and the host has no synced calendar. */
  unplaced: boolean
}

/**
 * Cal.com's named events as references. An event without calendar gets a guessed one: the booking's destination calendar,
 * else one of the user's synced calendars. A look tries the others.
 */
export async function namedReferences(
  ports: Pick<ServicePorts, 'calendars' | 'provider' | 'readStore'>,
  stated: readonly DirectoryReference[],
  { userId, destination }: { userId: string; destination?: string | undefined },
): Promise<NamedReferences> {
  const provider = ports.provider.name
  const allNamed = stated.filter(({ externalEventId }) => externalEventId !== '')
  const distinct = new Map(
    allNamed.map((one) => [JSON.stringify([one.externalCalendarId, one.externalEventId]), one]),
  )
  const moreNamed = distinct.size > MOST_REFERENCES
  const named = moreNamed ? [...distinct.values()].slice(0, MOST_REFERENCES) : allNamed
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
    moreNamed,
    awaited: allNamed.length < stated.length,
    unplaced: references.length < named.length,
  }
}

/** False for `primary`, which says nothing: it means another calendar for each credential. */
const isInCalendar = (
  reference: DirectoryReference,
): reference is DirectoryReference & { externalCalendarId: string } => {
  const { externalCalendarId } = reference
  return externalCalendarId !== undefined && !isPrimary({ externalCalendarId })
}

/** One of the user's synced calendars, an active one if there is any. */
export async function aCalendarOf(
  ports: Pick<ServicePorts, 'readStore'>,
  userId: string,
): Promise<string | undefined> {
  const syncs = await syncsOfUser(ports.readStore, userId)
  const [active] = syncs.filter(({ status }) => status === 'ACTIVE')
  return (active ?? syncs.find(({ status }) => status === 'PAUSED'))?.calendarKey
}
