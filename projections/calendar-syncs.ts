// The calendar syncs as rows: what hosts asked for, those they gave up included.
import { type CalendarSync, evolveCalendarSync, initialCalendarSync } from '../domain/calendar/sync.ts'
import { defined, ifDefined } from '../domain/optional-fields.ts'
import type { ReadStore } from '../ports/read-store/read-store.ts'
import { indexKey, under } from './index-key.ts'
import { defineReadModel, type Page, type PageRequest } from './read-model.ts'
import { instant, storeState } from './stored-state.ts'

/** Instants are RFC 3339 in UTC. */
export type CalendarSyncDocument = {
  calendarSyncId: string
  userId: string
  organizationId?: string
  provider: string
  calendarKey: string
  /** Absent while the host has none: the sync waits. */
  credentialId?: string
  status: 'ACTIVE' | 'PAUSED' | 'REMOVED'
  lastUsedAt?: string
  /** When it was first registered, or registered again after it had been removed. */
  registeredAt: string
}

const model = defineReadModel({
  name: 'calendar-syncs',
  version: 1,
  categories: ['calendarSync'],
  indexes: ['byCalendar', 'byUser', 'byCredential'],
  keys: ({ calendarKey, calendarSyncId, userId, credentialId, status }: CalendarSyncDocument) => ({
    byCalendar: status === 'REMOVED' ? [] : [indexKey(calendarKey, calendarSyncId)],
    byUser: [indexKey(userId, calendarSyncId)],
    byCredential:
      status === 'REMOVED' || credentialId === undefined ? [] : [indexKey(credentialId, calendarSyncId)],
  }),
  changes: (event) => [
    {
      id: event.data.calendarSyncId,
      change(sync): CalendarSyncDocument | undefined {
        const registered = event.type === 'CalendarSyncRegistered' ? event.data : undefined
        const provider = (registered ?? sync)?.provider
        const registeredAt = sync && sync.status !== 'REMOVED' ? sync.registeredAt : registered?.at
        const state = evolveCalendarSync(sync ? restore(sync) : initialCalendarSync, event)
        if (state.kind === 'REMOVED') return sync && { ...sync, status: 'REMOVED' }
        if (state.kind === 'NONE' || provider === undefined || registeredAt === undefined) return undefined
        const { kind: _, ...stored } = storeState(state)
        return { ...stored, provider, registeredAt }
      },
    },
  ],
})

export const calendarSyncs = model.projection

/** One calendar sync, removed ones too. */
export const calendarSyncById = (readStore: ReadStore, calendarSyncId: string) =>
  model.get(readStore, calendarSyncId)

/** All, removed ones too, ordered by id. */
export const listCalendarSyncs = (
  readStore: Pick<ReadStore, 'list'>,
  page: PageRequest,
): Promise<Page<CalendarSyncDocument>> => model.list(readStore, page)

/** The registered ones (active or paused) of a calendar. */
export const syncsOfCalendar = (readStore: ReadStore, calendarKey: string) =>
  model.all(readStore, 'byCalendar', under(calendarKey))

/** All of a user, removed ones too. */
export const syncsOfUser = (readStore: ReadStore, userId: string) =>
  model.all(readStore, 'byUser', under(userId))

/** The users with a registered sync that names the organisation. */
export async function usersOfOrganization(
  readStore: ReadStore,
  organizationId: string,
): Promise<Set<string>> {
  const users = new Set<string>()
  for await (const { value } of model.each(readStore, 'byCalendar', { prefix: '' }))
    if (value.organizationId === organizationId) users.add(value.userId)
  return users
}

/** The registered ones that use a credential. */
export const syncsOfCredential = (readStore: ReadStore, credentialId: string) =>
  model.all(readStore, 'byCredential', under(credentialId))

function restore({ lastUsedAt, status, ...sync }: CalendarSyncDocument): CalendarSync {
  if (status === 'REMOVED') return { kind: 'REMOVED', calendarSyncId: sync.calendarSyncId }
  return {
    ...sync,
    kind: 'REGISTERED',
    status,
    ...defined({ lastUsedAt: ifDefined(lastUsedAt, instant) }),
  }
}

/** Each calendar that a registered sync needs, once, with its syncs, in the order of their keys. */
export async function* calendarsWithSyncs(
  readStore: ReadStore,
): AsyncGenerator<{ provider: string; calendarKey: string; syncs: CalendarSyncDocument[] }, void> {
  let syncs: CalendarSyncDocument[] = []
  for await (const { value } of model.each(readStore, 'byCalendar', { prefix: '' })) {
    const [first] = syncs
    if (first && first.calendarKey !== value.calendarKey) {
      yield { provider: first.provider, calendarKey: first.calendarKey, syncs }
      syncs = []
    }
    syncs.push(value)
  }
  const [last] = syncs
  if (last) yield { provider: last.provider, calendarKey: last.calendarKey, syncs }
}
