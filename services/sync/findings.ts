// Findings of a fetch, gathered page by page.
import { isCancellation } from '../../domain/booking/decisions.ts'
import { isNewer } from '../../domain/booking/event-age.ts'
import type { LookDecision } from '../../domain/booking/look.ts'
import { seriesRoot } from '../../domain/booking/series-pairing.ts'
import type { Cause } from '../../domain/event-metadata.ts'
import type { ExternalEvent } from '../../domain/external-event.ts'
import type { Change } from './brake.ts'

/** Bookings and series to look at, kept until the last page. Nothing here is decided yet. */
export type Findings = {
  /** Bookings to look at, each with what the fetch showed of its events, by event id. */
  looks: Map<string, Finding>
  /** Masters that changed, by the root of their series, then by id. A master that repeats no more is among them. */
  masters: Map<string, Map<string, ExternalEvent>>
  /** Masters of series without linked bookings, by id. A series that was split may go on as one of these. */
  otherMasters: Map<string, ExternalEvent>
  /** The newest listed version of each event that concerned a booking, by id. */
  newest: Map<string, ExternalEvent>
  /** Bookings whose event was in the list. */
  listed: Set<string>
}

/**
 * `calledBy`: the version of an event that calls for action in the list. `would`: the change that a look might publish, for
 * the brake to weigh. `seriesEnded`: the booking's series ends before the booking, and goes on under no other id.
 */
export type Finding = {
  cause?: Cause
  calledBy?: string
  would?: Change
  seriesEnded?: true
  /** The ids of the events that led to the booking. */
  events: Set<string>
}

export const newFindings = (): Findings => ({
  looks: new Map(),
  masters: new Map(),
  otherMasters: new Map(),
  newest: new Map(),
  listed: new Set(),
})

/** Adds a master with linked bookings, so that its series is resolved. */
export function addMaster(findings: Findings, master: ExternalEvent): void {
  const root = seriesRoot(master.id)
  const masters = findings.masters.get(root) ?? new Map<string, ExternalEvent>()
  findings.newest.set(master.id, master)
  findings.masters.set(root, masters.set(master.id, master))
}

/** Has the booking looked at, whatever the page shows of it. */
export function lookAt(findings: Findings, bookingUid: string, externalEventId: string): void {
  findings.listed.add(bookingUid)
  const known = findings.looks.get(bookingUid)
  const events = new Set([...(known?.events ?? []), externalEventId])
  findings.looks.set(bookingUid, { ...known, events })
}

/** Adds a booking to look at. `names`: the events that called for action. `gone`: one of these events is gone. */
export function found(
  findings: Findings,
  bookingUid: string,
  { names, gone }: { names: readonly string[]; gone: boolean },
  { acts, code, fingerprint }: LookDecision,
): void {
  const known = findings.looks.get(bookingUid)
  const moved = acts && !isCancellation(code)
  const events = new Set([...(known?.events ?? []), ...names])
  findings.looks.set(bookingUid, {
    ...known,
    ...(acts && fingerprint !== undefined && { calledBy: fingerprint }),
    ...((gone || acts) && { would: moved ? 'MOVE' : 'CANCELLATION' }),
    events,
  })
}

/** Takes back a finding: a newer version in the same list calls for no action. */
export function forget(findings: Findings, bookingUid: string, names: readonly string[]): void {
  const known = findings.looks.get(bookingUid)
  if (known === undefined) return
  for (const name of names) known.events.delete(name)
  if (known.events.size === 0) findings.looks.delete(bookingUid)
}

/**
 * Returns the newest version of each event: a list may hold an id more than once. Versions older than those of former pages
 * (`before`) are left out.
 */
export function newestOfEach(
  events: readonly ExternalEvent[],
  before: ReadonlyMap<string, ExternalEvent>,
): ExternalEvent[] {
  const newest = new Map<string, ExternalEvent>()
  for (const event of events) {
    const other = newest.get(event.id) ?? before.get(event.id)
    if (other === undefined || !isNewer(other, event)) newest.set(event.id, event)
  }
  return [...newest.values()]
}
