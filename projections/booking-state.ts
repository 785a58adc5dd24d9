import {
  type Booking,
  type BookingEvent,
  type BookingStatus,
  evolveBooking,
  initialBooking,
  type OpenBooking,
  type Reference,
  type StoredReference,
  type Times,
} from '../domain/booking/state.ts'
import type { StoredForm } from './read-model.ts'
import { instant, type StoredState, storeState } from './stored-state.ts'

/** A booking's state once something is known of it, and as it is in a document. */
export type KnownBooking = Exclude<Booking, { kind: 'UNTRACKED' }>
export type StoredBooking = StoredState<KnownBooking>
type StoredOpen = StoredState<OpenBooking>

/** Folds one event as the domain does; undefined for a booking that has not been tracked. */
export function foldBooking(before: KnownBooking | undefined, event: BookingEvent): KnownBooking | undefined {
  const after = evolveBooking(before ?? initialBooking, event)
  return after.kind === 'UNTRACKED' ? undefined : after
}

/** A read model's values hold a booking's state as the domain does; stored, it is JSON. */
export const bookingStateForm = <More extends object>(): StoredForm<
  More & { state: KnownBooking },
  More & { state: StoredBooking }
> => ({
  store: (value) => ({ ...value, state: storeState(value.state) }),
  restore: (stored) => ({ ...stored, state: restoreBooking(stored.state) }),
})

/** As of now: a closed booking is cancelled or rescheduled (rejected, if Cal.com closed it for that). */
export type ShownStatus = BookingStatus | 'CANCELLED' | 'RESCHEDULED'
export type ShownReference = StoredReference & { confirmed: boolean }

/** What there was of it when it was last open; undefined for a booking that was closed before it was ever seen. */
export const openPart = (booking: StoredBooking): StoredOpen | undefined =>
  booking.kind === 'OPEN' ? booking : booking.was

export const shownReferences = (booking: StoredOpen | undefined): ShownReference[] =>
  (booking?.references ?? []).map(({ stored, confirmed }) => ({ ...stored, confirmed }))

export function statusOf(booking: StoredBooking): ShownStatus {
  if (booking.kind === 'OPEN') return booking.status
  if (booking.by === 'CALENDAR') return 'CANCELLED'
  if (booking.rescheduledToUid !== undefined || booking.reason.startsWith('RESCHEDULED')) return 'RESCHEDULED'
  return booking.reason.startsWith('REJECTED') ? 'REJECTED' : 'CANCELLED'
}

/** The domain's state again. */
function restoreBooking(stored: StoredBooking): KnownBooking {
  if (stored.kind === 'OPEN') return restoreOpen(stored)
  const { was, ...closed } = stored
  return { ...closed, ...(was && { was: restoreOpen(was) }) }
}

const restoreOpen = (stored: StoredOpen): OpenBooking => ({
  ...stored,
  times: restoreTimes(stored.times),
  basis: restoreTimes(stored.basis),
  references: stored.references.map(restoreReference),
  factsAt: instant(stored.factsAt),
})

const restoreTimes = ({ start, end }: StoredState<Times>): Times => ({
  start: instant(start),
  end: instant(end),
})

function restoreReference({ watermark, ...stored }: StoredState<Reference>): Reference {
  const restored: Reference = { ...stored, linkedAt: instant(stored.linkedAt) }
  if (watermark === undefined) return restored
  const { fingerprint, updated } = watermark
  return {
    ...restored,
    watermark: { fingerprint, ...(updated !== undefined && { updated: instant(updated) }) },
  }
}
