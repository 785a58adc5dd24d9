// A host's request that bookings in one calendar are kept in step. Stream: calendarSync-<id>, one for a user and a
// calendar. The event types below are a storage format: names and fields are only ever added (see event-codec.ts).
import { accept, type Decision, reject } from '../decision.ts'
import { defined } from '../optional-fields.ts'

export type CalendarSyncEvent =
  | {
      type: 'CalendarSyncRegistered'
      data: {
        calendarSyncId: string
        userId: string
        organizationId?: string
        provider: string
        calendarKey: string
        /** Absent while the host has no credential: the sync waits, and the status shows it. */
        credentialId?: string
        at: string
      }
    }
  | { type: 'CalendarSyncPaused'; data: { calendarSyncId: string; at: string } }
  | { type: 'CalendarSyncResumed'; data: { calendarSyncId: string; at: string } }
  | { type: 'CalendarSyncRemoved'; data: { calendarSyncId: string; at: string } }
  /** A booking of this host was linked to the calendar: at most one event per UTC day. */
  | { type: 'CalendarSyncUsed'; data: { calendarSyncId: string; at: string } }

export type CalendarSync =
  | { kind: 'NONE' }
  | {
      kind: 'REGISTERED'
      status: 'ACTIVE' | 'PAUSED'
      calendarSyncId: string
      userId: string
      organizationId?: string
      calendarKey: string
      credentialId?: string
      lastUsedAt?: Temporal.Instant
    }
  | { kind: 'REMOVED'; calendarSyncId: string }

export const initialCalendarSync: CalendarSync = { kind: 'NONE' }

export function evolveCalendarSync(state: CalendarSync, event: CalendarSyncEvent): CalendarSync {
  switch (event.type) {
    case 'CalendarSyncRegistered': {
      const { calendarSyncId, userId, organizationId, calendarKey, credentialId } = event.data
      const { status = 'ACTIVE', lastUsedAt } = state.kind === 'REGISTERED' ? state : {}
      return {
        kind: 'REGISTERED',
        status,
        calendarSyncId,
        userId,
        calendarKey,
        ...defined({ organizationId, credentialId, lastUsedAt }),
      }
    }
    case 'CalendarSyncPaused':
      return state.kind === 'REGISTERED' ? { ...state, status: 'PAUSED' } : state
    case 'CalendarSyncResumed':
      return state.kind === 'REGISTERED' ? { ...state, status: 'ACTIVE' } : state
    case 'CalendarSyncRemoved':
      return { kind: 'REMOVED', calendarSyncId: event.data.calendarSyncId }
    case 'CalendarSyncUsed':
      return state.kind === 'REGISTERED'
        ? { ...state, lastUsedAt: Temporal.Instant.from(event.data.at) }
        : state
    default:
      return state
  }
}

type Registration = Extract<CalendarSyncEvent, { type: 'CalendarSyncRegistered' }>['data']

/**
 * Registers, or registers anew with another credential or organisation. Without a credential the known one is kept. A paused
 * sync stays paused.
 */
export function registerCalendarSync(
  state: CalendarSync,
  registration: Registration,
): Decision<CalendarSyncEvent> {
  if (state.kind !== 'REGISTERED') return accept({ type: 'CalendarSyncRegistered', data: registration })
  const credentialId = registration.credentialId ?? state.credentialId
  const organizationId = registration.organizationId ?? state.organizationId
  if (credentialId === state.credentialId && organizationId === state.organizationId) return accept()
  return accept({
    type: 'CalendarSyncRegistered',
    data: {
      ...registration,
      ...defined({ credentialId, organizationId }),
    },
  })
}

const notRegistered = reject(
  'CALENDAR_SYNC_NOT_REGISTERED',
  'This calendar sync is not registered or was removed.',
)

export function pauseCalendarSync(state: CalendarSync, at: string): Decision<CalendarSyncEvent> {
  if (state.kind !== 'REGISTERED') return notRegistered
  if (state.status === 'PAUSED') return accept()
  return accept({ type: 'CalendarSyncPaused', data: { calendarSyncId: state.calendarSyncId, at } })
}

export function resumeCalendarSync(state: CalendarSync, at: string): Decision<CalendarSyncEvent> {
  if (state.kind !== 'REGISTERED') return notRegistered
  if (state.status === 'ACTIVE') return accept()
  return accept({ type: 'CalendarSyncResumed', data: { calendarSyncId: state.calendarSyncId, at } })
}

export function removeCalendarSync(state: CalendarSync, at: string): Decision<CalendarSyncEvent> {
  if (state.kind === 'NONE') return notRegistered
  if (state.kind === 'REMOVED') return accept()
  return accept({ type: 'CalendarSyncRemoved', data: { calendarSyncId: state.calendarSyncId, at } })
}

/** Records a use at most once per UTC day, so that the stream stays short. A use that was long ago sets nothing back. */
export function useCalendarSync(state: CalendarSync, at: Temporal.Instant): Decision<CalendarSyncEvent> {
  if (state.kind !== 'REGISTERED') return accept()
  if (state.lastUsedAt !== undefined && utcDay(state.lastUsedAt) >= utcDay(at)) return accept()
  return accept({
    type: 'CalendarSyncUsed',
    data: { calendarSyncId: state.calendarSyncId, at: at.toString() },
  })
}

const utcDay = (instant: Temporal.Instant): string => instant.toString().slice(0, 10)
