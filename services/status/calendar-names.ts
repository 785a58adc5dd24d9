// Names of calendars that do harm: two names for one calendar, or one name for many.
import type { CommandPorts } from '../../commands/command.ts'
import { VaultKeyUnknown } from '../../ports/vault/credential-vault.ts'
import { syncsOfCalendar } from '../../projections/calendar-syncs.ts'
import { keysOfOneCalendar } from '../calendars/several-keys.ts'
import { NAMED, type NeedsPerson, nameOf } from './need.ts'

/** Calendars that have several keys. They are made one by themselves, unless changes are held under one of them. */
export async function calendarsNamedTwice({
  readStore,
  calendars,
}: Pick<CommandPorts, 'readStore' | 'calendars'>): Promise<NeedsPerson[]> {
  const groups = await keysOfOneCalendar({ readStore, calendars })
  return Promise.all(
    groups.slice(0, NAMED).map(async (keys): Promise<NeedsPerson> => {
      const names = await Promise.all(keys.map((key) => nameOf(calendars, key)))
      const [calendarKey = ''] = keys
      return {
        code: 'CALENDAR_NAMED_TWICE',
        sentence: `One calendar is kept in step under several names (${names.map((name) => name ?? 'forgotten').join(', ')}), each with a channel and a brake of its own.`,
        next: 'They become one within minutes. Where changes are held under one of them, send ReleaseHeldChanges or DiscardHeldChanges first.',
        calendarKey,
        externalCalendarId: names[0] ?? null,
      }
    }),
  )
}

/** A calendar that an older version registered as `primary`, which is another calendar for each credential. */
export async function calendarNamedPrimary({
  readStore,
  calendars,
}: Pick<CommandPorts, 'readStore' | 'calendars'>): Promise<NeedsPerson[]> {
  const calendarKey = await known(calendars)
  if (calendarKey === undefined) return []
  const syncs = await syncsOfCalendar(readStore, calendarKey)
  return syncs.slice(0, NAMED).map(({ calendarSyncId, registeredAt }) => ({
    code: 'CALENDAR_NAME_NOT_ITS_OWN',
    sentence: 'This calendar sync names its calendar primary, which is another one for each credential.',
    next: 'Register the calendar under its own id, the e-mail address of its account, with RegisterCalendarSync; then end this sync with RemoveCalendarSync once the bookings of it have taken place.',
    calendarSyncId,
    calendarKey,
    externalCalendarId: 'primary',
    since: registeredAt,
  }))
}

/** Undefined also where no key opens the vault's entry: the refused calendars tell of that. */
async function known(calendars: CommandPorts['calendars']): Promise<string | undefined> {
  try {
    return await calendars.find({ provider: 'google', externalCalendarId: 'primary' })
  } catch (error) {
    if (error instanceof VaultKeyUnknown) return undefined
    throw error
  }
}
