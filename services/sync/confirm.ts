// Confirms a change before it acts, or a person is asked. The change must be seen twice, checked with Cal.com where
// Cal.com can be asked, and outlast the grace.

import type { CommandContext } from '../../commands/command.ts'
import { waitAgain } from '../../domain/backoff.ts'
import { isCancellation } from '../../domain/booking/decisions.ts'
import type { LookDecision } from '../../domain/booking/look.ts'
import type { OpenBooking } from '../../domain/booking/state.ts'
import { readTimes } from '../../domain/times.ts'
import { HANDING_OVER_MS } from '../calcom/link-named.ts'
import { consultCalcom } from '../calcom/view.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import type { LookMemo } from './look-memo.ts'

/** Shortest wait, and longest time, while Cal.com has not named the event of a reschedule. */
const UNNAMED_AGAIN_MS = 1_000
const UNNAMED_MS = 3_600_000

/**
 * `nextAttempt`: look again at once. `nothing`: another host has the booking now, its event is gone, and a person is told.
 * `grace`: Cal.com agrees, and the grace still runs. `again`: Cal.com has not said enough yet. `failed`: Cal.com said
 * nothing.
 */
export type Confirmation =
  | { kind: 'confirmed' | 'nextAttempt' | 'nothing' }
  | { kind: 'grace' | 'again'; inMs: number }
  | { kind: 'failed'; code: string; retryAfterMs?: number }

/** `lastingMs`: for how long looks have made this decision. */
export async function confirm(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  { decision, lastingMs, memo }: { decision: LookDecision; lastingMs: number; memo: LookMemo },
  signal: AbortSignal,
): Promise<Confirmation> {
  const firstSight = memo.calledBy !== decision.fingerprint
  if (decision.fingerprint !== undefined) memo.calledBy = decision.fingerprint
  if (firstSight) return { kind: 'nextAttempt' }

  const change = { next: nextOf(decision), gone: decision.code === 'DELETED_IN_CALENDAR' }
  const view = await consultCalcom(ports, context, booking, change, signal)
  if (view.kind === 'news') return { kind: 'nextAttempt' }
  if (view.kind === 'reassigned')
    return change.gone ? { kind: 'nothing' } : { kind: 'again', inMs: HANDING_OVER_MS }
  if (view.kind === 'failed') return { ...view, code: `CALCOM_${view.code}` }
  const left = UNNAMED_MS - lastingMs
  if (view.kind === 'unconfirmed' && left > 0)
    return { kind: 'again', inMs: waitAgain(lastingMs, { firstMs: UNNAMED_AGAIN_MS, longestMs: left }) }

  const { echoGraceMs, cancelGraceMs } = ports.settings
  const grace = Math.max(
    view.kind === 'none' ? echoGraceMs : 0,
    isCancellation(decision.code) || decision.asks ? cancelGraceMs : 0,
  )
  return lastingMs < grace ? { kind: 'grace', inMs: grace - lastingMs } : { kind: 'confirmed' }
}

function nextOf({ events }: LookDecision) {
  const [event] = events
  return event?.type === 'BookingRescheduled' ? readTimes(event.data.next) : undefined
}
