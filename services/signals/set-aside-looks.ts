import { modeFor } from '../../commands/look-context.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { Settings, Stores, Time } from '../../ports/port-groups.ts'
import { type BookingDocument, findBookings } from '../../projections/bookings.ts'

type Ports = Stores & Time & Pick<Settings, 'defaultMode'>

/** How many bookings are read, and signalled, at a time. */
const PAGE = 500

/** The codes that a booking is left with while the service may not act for it. */
const SET_ASIDE: readonly (string | undefined)[] = ['OBSERVE_ONLY', 'POLICY_OFF']

/**
 * Signals every open future booking that was last set aside under a mode which no longer holds: SYNC_MODE may have
 * been another in the last run. The signals are durable when it resolves; repeated, it costs a look each at most.
 */
export async function signalSetAside(ports: Ports): Promise<void> {
  if (ports.defaultMode !== 'apply') return
  await Promise.all(['bookings', 'calendar-syncs', 'sync-policies'].map((name) => ports.caughtUp(name)))
  const from = ports.now()
  let after: string | undefined
  do {
    const page = await findBookings(ports.readStore, { from }, { limit: PAGE, ...(after && { after }) })
    const signals = []
    for (const booking of page.items)
      if (SET_ASIDE.includes(booking.lastDecision?.code) && (await mayActNow(ports, booking)))
        signals.push({
          subject: { kind: 'booking' as const, key: booking.bookingUid },
          cause: { poll: true, reason: 'POLICY_CHANGED' } as const,
          dueInMs: 0,
        })
    if (signals.length > 0) await ports.queue.signalMany(signals)
    after = page.next ?? undefined
  } while (after !== undefined)
}

async function mayActNow(
  ports: Ports,
  { status, userId, organizationId, references }: BookingDocument,
): Promise<boolean> {
  if (userId === undefined || status !== 'ACCEPTED') return false
  const host = { userId, ...defined({ organizationId }) }
  for (const { calendarKey } of references)
    if ((await modeFor(ports, host, calendarKey)) === 'apply') return true
  return false
}
