// How far the service may go: for everything, an organisation, a user or one calendar sync. Streams:
// syncPolicy-everything, syncPolicy-organization.<id>, syncPolicy-user.<id>, syncPolicy-calendarSync.<id>.
// The event types are a storage format.
import { accept, type Decision } from '../decision.ts'
import type { SyncMode } from '../sync-mode.ts'

export type PolicyScope =
  | { kind: 'everything' }
  | { kind: 'organization' | 'user' | 'calendarSync'; id: string }

export type SyncPolicyEvent = {
  type: 'SyncPolicySet'
  data: { scope: PolicyScope['kind']; scopeId?: string; mode: SyncMode; at: string }
}

export type SyncPolicy = { mode?: SyncMode }
export const initialSyncPolicy: SyncPolicy = {}

export function evolveSyncPolicy(state: SyncPolicy, event: SyncPolicyEvent): SyncPolicy {
  return event.type === 'SyncPolicySet' ? { mode: event.data.mode } : state
}

export function setSyncPolicy(
  state: SyncPolicy,
  setting: { scope: PolicyScope; mode: SyncMode; at: string },
): Decision<SyncPolicyEvent> {
  if (state.mode === setting.mode) return accept()
  const { scope, mode, at } = setting
  return accept({
    type: 'SyncPolicySet',
    data: { scope: scope.kind, ...(scope.kind !== 'everything' && { scopeId: scope.id }), mode, at },
  })
}

/** The modes that were set, by scope; `fallback` is SYNC_MODE. */
export type PolicyLayers = {
  everything?: SyncMode
  organization?: SyncMode
  user?: SyncMode
  calendarSync?: SyncMode
  fallback: SyncMode
}

/** `off` for everything stops all at once; otherwise the narrowest scope that has a mode decides. */
export function effectiveMode(layers: PolicyLayers): SyncMode {
  if (layers.everything === 'off') return 'off'
  return layers.calendarSync ?? layers.user ?? layers.organization ?? layers.everything ?? layers.fallback
}
