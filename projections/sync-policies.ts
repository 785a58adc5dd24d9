// The modes that were set, by scope.
import type { PolicyLayers, PolicyScope } from '../domain/calendar/policy.ts'
import type { SyncMode } from '../domain/sync-mode.ts'
import type { ReadStore } from '../ports/read-store/read-store.ts'
import { indexKey } from './index-key.ts'
import { defineReadModel } from './read-model.ts'

/** `at` (RFC 3339, UTC) is when it was last set. `scopeId` is absent for everything. */
export type SyncPolicyDocument = {
  scope: PolicyScope['kind']
  scopeId?: string
  mode: SyncMode
  at: string
}

const model = defineReadModel({
  name: 'sync-policies',
  version: 1,
  categories: ['syncPolicy'],
  indexes: [],
  keys: (_: SyncPolicyDocument) => ({}),
  changes: ({ type, data }) => [
    { id: idOf(data.scope, data.scopeId), change: () => (type === 'SyncPolicySet' ? data : 'remove') },
  ],
})

export const syncPolicies = model.projection

/** The modes that `effectiveMode` of the domain asks for, but for the fallback, in one read. */
export async function policyLayers(
  readStore: ReadStore,
  of: { organizationId?: string; userId?: string; calendarSyncId?: string },
): Promise<Omit<PolicyLayers, 'fallback'>> {
  const ids = {
    everything: idOf('everything'),
    ...(of.organizationId !== undefined && { organization: idOf('organization', of.organizationId) }),
    ...(of.userId !== undefined && { user: idOf('user', of.userId) }),
    ...(of.calendarSyncId !== undefined && { calendarSync: idOf('calendarSync', of.calendarSyncId) }),
  }
  const found = await model.getMany(readStore, Object.values(ids))
  const layers: Omit<PolicyLayers, 'fallback'> = {}
  for (const { scope, mode } of found.values()) layers[scope] = mode
  return layers
}

const idOf = (scope: PolicyScope['kind'], scopeId = ''): string => indexKey(scope, scopeId)
