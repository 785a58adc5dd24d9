import type { Clock } from '../../ports/clock.ts'
import type { CalcomBooking } from './calcom-state.ts'
import type { GoogleSide } from './google-side.ts'
import type { Outcome } from './outcome.ts'
import type { plainBookings } from './plain-bookings.ts'
import type { Workings } from './workings.ts'

/** Cal.com's own way of following the calendar, for a second writer beside the service. */
export type OwnSync = ReturnType<typeof ownSync>

/**
 * Off until switched on. A move keeps the booking's length whatever the event says, and notes the event with the new
 * booking; an event that is gone cancels, in the host's name and for a reason of its own (calcom/cal.com, packages/features/calendar-subscription/lib/sync/CalendarSyncService.ts).
 */
export function ownSync(
  cal: Workings,
  options: {
    plain: ReturnType<typeof plainBookings>
    google: GoogleSide
    clock: Clock
    closing: AbortSignal
    track: (work: Promise<void>) => Promise<void>
  },
) {
  const { store } = cal
  const state = { on: false, everyMs: 5_000, newReferences: false }
  let ended = new AbortController()

  const carryOver = async (booking: CalcomBooking): Promise<Outcome | undefined> => {
    const reference = booking.references.find(({ deleted, uid }) => !deleted && uid !== '')
    const externalCalendarId =
      reference?.externalCalendarId ?? store.user(booking.userId)?.destination?.externalCalendarId
    if (reference === undefined || externalCalendarId === undefined) return undefined
    const event = await options.google.get?.({ externalCalendarId, eventId: reference.uid })
    // Cancelled or moved by somebody else while the calendar was asked.
    if (booking.status !== 'accepted') return undefined
    if (event === undefined) {
      return options.plain.cancel(booking.uid, {
        reason: "Cancelled on user's calendar",
        by: store.user(booking.userId)?.email,
      })
    }
    if (event.start === undefined || event.start.equals(booking.start)) return undefined
    const length = Temporal.Instant.from(booking.end).since(booking.start)
    return options.plain.reschedule(
      booking.uid,
      {
        start: event.start,
        end: event.start.add(length),
        metadata: { calendarSubscriptionEvent: JSON.stringify({ updatedAt: cal.now().toString() }) },
      },
      { references: state.newReferences },
    )
  }

  /** Reads the event of each accepted booking that is to come. Resolves with the uids of what it changed. */
  const run = async (): Promise<string[]> => {
    if (options.google.get === undefined) return []
    const open = store
      .bookings()
      .filter(({ status, start }) => status === 'accepted' && Temporal.Instant.compare(start, cal.now()) > 0)
    const changed: string[] = []
    for (const booking of open) {
      const outcome = await carryOver(booking)
      if (outcome?.ok !== true) continue
      await outcome.settled
      changed.push(outcome.booking.uid)
    }
    return changed
  }

  const follow = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await options.clock.delay(state.everyMs, signal)
      if (!signal.aborted) await options.track(run().then(() => undefined))
    }
  }

  return {
    run,
    state: () => ({ ...state }),
    /** Every so often from now on, or not any more. */
    set(change: {
      on?: boolean | undefined
      everyMs?: number | undefined
      newReferences?: boolean | undefined
    }) {
      state.everyMs = change.everyMs ?? state.everyMs
      state.newReferences = change.newReferences ?? state.newReferences
      state.on = change.on ?? state.on
      ended.abort()
      ended = new AbortController()
      if (state.on) void follow(AbortSignal.any([ended.signal, options.closing]))
    },
  }
}
