// What a fetch gathers, page by page, until its last one.
import { isCancellation } from '../../domain/booking/decisions.ts'
import { isNewer } from '../../domain/booking/event-age.ts'
import type { LookDecision } from '../../domain/booking/look.ts'
import { seriesRoot } from '../../domain/booking/series-pairing.ts'
import type { Cause } from '../../domain/event-metadata.ts'
import type { ExternalEvent } from '../../domain/external-event.ts'
import type { Change } from './brake.ts'

/** What a fetch found to be looked at, kept until its last page: nothing here is decided yet. */
export type Findings = {
  /** Bookings to look at, each with what the fetch showed of its events, by event id. */
  looks: Map<string, Finding>
  /** Masters that changed, by the root of their series, then by id; also one that does not repeat any more. */
  masters: Map<string, Map<string, ExternalEvent>>
  /** Masters of series that no booking is linked to, by id: what a series goes on as once it was split. */
  otherMasters: Map<string, ExternalEvent>
  /** The newest listed version of each event that concerned a booking, by id. */
  newest: Map<string, ExternalEvent>
  /** Bookings whose event was in the list. */
  listed: Set<string>
}

/**
 * `calledBy`: the version of an event that calls for action, as the list shows it. `would`: what a look might publish, which the
 * brake weighs. `seriesEnded`: the booking's series ends before it and goes on under no other id.
 */
export type Finding = {
  cause?: Cause
  calledBy?: string
  would?: Change
  seriesEnded?: true
  /** The events that it was found by. */
  events: Set<string>
}

export const newFindings = (): Findings => ({
  looks: new Map(),
  masters: new Map(),
  otherMasters: new Map(),
  newest: new Map(),
  listed: new Set(),
})

/** A master that bookings are linked to: its series is to be resolved. */
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

/** `names`: of the events that called for action; `gone`: one of them is. */
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

/** A newer version of an event takes back what an older one in the same list called for. */
export function forget(findings: Findings, bookingUid: string, names: readonly string[]): void {
  const known = findings.looks.get(bookingUid)
  if (known === undefined) return
  for (const name of names) known.events.delete(name)
  if (known.events.size === 0) findings.looks.delete(bookingUid)
}

/**
 * A list may hold an id more than once: its newest version counts, wherever it stands. `before`: what former pages showed;
 * what is older than that is left out.
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
