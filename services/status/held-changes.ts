// Changes that wait for a person, told under the reason for which they are held.
import type { CommandPorts } from '../../commands/command.ts'
import { holdOf } from '../../domain/booking/decisions.ts'
import { defined } from '../../domain/optional-fields.ts'
import { calendarFeedsWithHeld } from '../../projections/calendar-feeds.ts'
import { NAMED, type NeedsPerson, nameOf } from './need.ts'
import { tellEach } from './unreadable.ts'

/** A calendar's changes that wait for a person, an entry for each reason. */
export async function heldChanges({
  readStore,
  calendars,
}: Pick<CommandPorts, 'readStore' | 'calendars'>): Promise<NeedsPerson[]> {
  const { items } = await calendarFeedsWithHeld(readStore, { limit: NAMED })
  const names = ({ calendarKey }: { calendarKey: string }) => ({ calendarKey })
  return tellEach(items, names, async ({ calendarKey, held }) => {
    const externalCalendarId = await nameOf(calendars, calendarKey)
    const perReason = [...Map.groupBy(held, ({ reason }) => reason)]
    return perReason.map(([code, changes]): NeedsPerson => {
      const [first] = changes
      const { because, lost } = holdOf(code)
      const many = changes.length === 1 ? '1 change is' : `${changes.length} changes are`
      const sentence = `${many} held in this calendar: ${because}.`
      return {
        code,
        sentence,
        next: lost ? LOST : SPEAK,
        calendarKey,
        externalCalendarId,
        ...defined({ since: first?.since }),
      }
    })
  })
}

const SPEAK =
  'Read the timelines of its bookings. Send ReleaseHeldChanges to carry the changes out, or DiscardHeldChanges to leave the bookings as they are.'
const LOST =
  "Connect the calendar's account again, or have the calendar shared again, and send ReleaseHeldChanges. If the calendar is gone for good, cancel its bookings in Cal.com and send DiscardHeldChanges."
