/**
 * A caller's scope. `read`: every query, the timelines, the feed and the status. `operate`: also commands and
 * credentials. `audit`: exports in bulk for an audit. `operate` and `audit` include `read`, not each other.
 */
export type Scope = 'read' | 'operate' | 'audit'

/** The one who asks. `actor` goes into events' metadata: `operator:NAME` for a named token, `api:default` for API_TOKEN. */
export type Caller = { readonly actor: string; readonly scopes: readonly Scope[] }
