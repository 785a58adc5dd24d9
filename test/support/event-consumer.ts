import { ReportBookingEventOutcome } from '../../commands/report-booking-event-outcome.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { SyncFixture } from './sync-fixture.ts'

type Published = Awaited<ReturnType<SyncFixture['published']>>[number]

/**
 * Carries published events out in Cal.com as the contract tells a consumer to: each once, if the booking is accepted,
 * not rescheduled away, and at `previous` or `basis`. Reports what became of it, unless `reports` says not to.
 */
export function eventConsumer(sync: SyncFixture, reports: () => boolean = () => true) {
  const done = new Set<string>()

  async function carryOut(event: Published): Promise<void> {
    const { calcom } = sync
    const { bookingUid } = event.data
    const booking = calcom.store.booking(bookingUid)
    const open = booking?.status === 'accepted' && calcom.store.replacementOf(bookingUid) === undefined
    const at = (times: { start: string; end: string }) =>
      booking !== undefined && sameInstant(times.start, booking.start) && sameInstant(times.end, booking.end)
    const expected =
      event.type === 'BookingRescheduled'
        ? [event.data.previous, event.data.basis]
        : [event.data.basis, event.data]
    if (!open || !expected.some(at)) return report(event, 'SUPERSEDED')
    if (event.type === 'BookingCancelled') {
      const outcome = calcom.cancel(bookingUid)
      return report(event, outcome.ok ? 'APPLIED' : 'REFUSED')
    }
    const [start, end] = [event.data.next.start, event.data.next.end].map((text) =>
      Temporal.Instant.from(text),
    )
    if (start === undefined || end === undefined) return
    const outcome = calcom.reschedule(bookingUid, { start, end })
    return outcome.ok ? report(event, 'APPLIED', outcome.booking.uid) : report(event, 'REFUSED')
  }

  async function report(event: Published, outcome: string, newBookingUid?: string): Promise<void> {
    if (!reports()) return
    const booking = sync.calcom.store.booking(event.data.bookingUid)
    const times = outcome === 'APPLIED' || !booking ? {} : { start: booking.start, end: booking.end }
    await sync.command(ReportBookingEventOutcome, {
      eventId: event.id,
      outcome,
      ...times,
      ...defined({ newBookingUid }),
    })
  }

  return {
    /** Carries out what has been published since. */
    async consume(): Promise<void> {
      for (const event of await sync.published()) {
        if (done.has(event.id)) continue
        done.add(event.id)
        await carryOut(event)
      }
    },
  }
}

const sameInstant = (a: string, b: string): boolean =>
  Temporal.Instant.from(a).equals(Temporal.Instant.from(b))
