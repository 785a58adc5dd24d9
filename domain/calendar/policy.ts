// How far the service may go: for everything, an organisation, a user or one calendar sync. Streams:
// syncPolicy-everything, syncPolicy-organization.<id>, syncPolicy-user.<id>, syncPolicy-calendarSync.<id>.
// The event types are a storage format.
import { accept, type Decision } from '../decision.ts'
import type { SyncMode } from '../sync-mode.ts'

export type PolicyScope =
  | { kind: 'everything' }
  | { kind: 'organization' | 'user' | 'calendarSync'; id: string }

type Scoped = { scope: PolicyScope['kind']; scopeId?: string; at: string }

export type SyncPolicyEvent =
  | { type: 'SyncPolicySet'; data: Scoped & { mode: SyncMode } }
  /** The scope lost its own mode. The next wider scope decides, at last SYNC_MODE. */
  | { type: 'SyncPolicyLifted'; data: Scoped }

export type SyncPolicy = { mode?: SyncMode }
export const initialSyncPolicy: SyncPolicy = {}

export function evolveSyncPolicy(state: SyncPolicy, event: SyncPolicyEvent): SyncPolicy {
  switch (event.type) {
    case 'SyncPolicySet':
      return { mode: event.data.mode }
    case 'SyncPolicyLifted':
      return initialSyncPolicy
    default:
      return state
  }
}

/** Sets a scope's mode. Without a mode, the scope loses its own. */
export function setSyncPolicy(
  state: SyncPolicy,
  { scope, mode, at }: { scope: PolicyScope; mode: SyncMode | undefined; at: string },
): Decision<SyncPolicyEvent> {
  if (state.mode === mode) return accept()
  const scoped = { scope: scope.kind, ...(scope.kind !== 'everything' && { scopeId: scope.id }), at }
  return accept(
    mode === undefined
      ? { type: 'SyncPolicyLifted', data: scoped }
      : { type: 'SyncPolicySet', data: { ...scoped, mode } },
  )
}

/** The modes that were set, by scope; `fallback` is SYNC_MODE. */
export type PolicyLayers = {
  everything?: SyncMode
  organization?: SyncMode
  user?: SyncMode
  calendarSync?: SyncMode
  fallback: SyncMode
}

/** The mode that decides: `off` for everything stops all, otherwise the narrowest scope with a mode. */
export function effectiveMode(layers: PolicyLayers): SyncMode {
  if (layers.everything === 'off') return 'off'
  return layers.calendarSync ?? layers.user ?? layers.organization ?? layers.everything ?? layers.fallback
}
