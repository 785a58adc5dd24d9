// A calendar that a user ticked for conflicts in Cal.com: it shares the calendar's one channel with every
// CalendarSync. Stream: selectedCalendar-<id>, one for a user and a calendar. The event types are a storage format.
import { accept, type Decision, reject } from '../decision.ts'

export type SelectedCalendarEvent =
  | {
      type: 'SelectedCalendarRegistered'
      data: {
        selectedCalendarId: string
        userId: string
        provider: string
        calendarKey: string
        credentialId: string
        at: string
      }
    }
  | { type: 'SelectedCalendarRemoved'; data: { selectedCalendarId: string; at: string } }

export type SelectedCalendar =
  | { kind: 'NONE' }
  | { kind: 'REGISTERED'; selectedCalendarId: string; credentialId: string }
  | { kind: 'REMOVED' }

export const initialSelectedCalendar: SelectedCalendar = { kind: 'NONE' }

export function evolveSelectedCalendar(
  state: SelectedCalendar,
  event: SelectedCalendarEvent,
): SelectedCalendar {
  switch (event.type) {
    case 'SelectedCalendarRegistered': {
      const { selectedCalendarId, credentialId } = event.data
      return { kind: 'REGISTERED', selectedCalendarId, credentialId }
    }
    case 'SelectedCalendarRemoved':
      return { kind: 'REMOVED' }
    default:
      return state
  }
}

type Registration = Extract<SelectedCalendarEvent, { type: 'SelectedCalendarRegistered' }>['data']

export function registerSelectedCalendar(
  state: SelectedCalendar,
  registration: Registration,
): Decision<SelectedCalendarEvent> {
  if (state.kind === 'REGISTERED' && state.credentialId === registration.credentialId) return accept()
  return accept({ type: 'SelectedCalendarRegistered', data: registration })
}

export function removeSelectedCalendar(state: SelectedCalendar, at: string): Decision<SelectedCalendarEvent> {
  if (state.kind === 'NONE')
    return reject('SELECTED_CALENDAR_NOT_REGISTERED', 'This user has not selected this calendar.')
  if (state.kind === 'REMOVED') return accept()
  return accept({
    type: 'SelectedCalendarRemoved',
    data: { selectedCalendarId: state.selectedCalendarId, at },
  })
}
