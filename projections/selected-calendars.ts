// Calendars that users ticked for conflicts in Cal.com: they share the channels of the calendar syncs.
import type { ReadStore } from '../ports/read-store/read-store.ts'
import { indexKey, under } from './index-key.ts'
import { defineReadModel } from './read-model.ts'

/** `registeredAt` is RFC 3339 in UTC. */
export type SelectedCalendarDocument = {
  selectedCalendarId: string
  userId: string
  provider: string
  calendarKey: string
  credentialId: string
  status: 'REGISTERED' | 'REMOVED'
  /** When it was first registered, or registered again after it had been removed. */
  registeredAt: string
}

const model = defineReadModel({
  name: 'selected-calendars',
  version: 2,
  categories: ['selectedCalendar'],
  indexes: ['byCalendar', 'byCredential'],
  keys({ calendarKey, selectedCalendarId, credentialId, status }: SelectedCalendarDocument) {
    const registered = status === 'REGISTERED'
    return {
      byCalendar: registered ? [indexKey(calendarKey, selectedCalendarId)] : [],
      byCredential: registered ? [indexKey(credentialId, selectedCalendarId)] : [],
    }
  },
  changes: (event) => [
    {
      id: event.data.selectedCalendarId,
      change(selected): SelectedCalendarDocument | undefined {
        if (event.type === 'SelectedCalendarRemoved') return selected && { ...selected, status: 'REMOVED' }
        const { at, ...registration } = event.data
        const known = selected?.status === 'REGISTERED' ? selected : undefined
        return { ...registration, status: 'REGISTERED', registeredAt: known?.registeredAt ?? at }
      },
    },
  ],
})

export const selectedCalendars = model.projection

/** The registered ones of a calendar. */
export const selectedCalendarsOf = (readStore: ReadStore, calendarKey: string) =>
  model.all(readStore, 'byCalendar', under(calendarKey))

/** The registered ones that use a credential. */
export const selectedCalendarsOfCredential = (readStore: ReadStore, credentialId: string) =>
  model.all(readStore, 'byCredential', under(credentialId))

/** Each registered one, in the order of their calendars. */
export async function* allSelectedCalendars(
  readStore: ReadStore,
): AsyncGenerator<SelectedCalendarDocument, void> {
  for await (const { value } of model.each(readStore, 'byCalendar', { prefix: '' })) yield value
}

/** Each calendar that somebody has selected, once, in the order of their keys. */
export async function* calendarsSelected(
  readStore: ReadStore,
): AsyncGenerator<{ provider: string; calendarKey: string }, void> {
  let last: string | undefined
  for await (const { value } of model.each(readStore, 'byCalendar', { prefix: '' })) {
    if (value.calendarKey !== last) yield { provider: value.provider, calendarKey: value.calendarKey }
    last = value.calendarKey
  }
}
