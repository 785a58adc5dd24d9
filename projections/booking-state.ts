import type { BookingEvent, BookingStatus, StoredReference } from '../domain/booking/events.ts'
import type { Reference } from '../domain/booking/references.ts'
import {
  type Booking,
  type CancelledBooking,
  evolveBooking,
  initialBooking,
  type OpenBooking,
} from '../domain/booking/state.ts'
import { defined, ifDefined } from '../domain/optional-fields.ts'
import type { Times } from '../domain/times.ts'
import type { StoredForm } from './read-model.ts'
import { instant, type StoredState, storeState } from './stored-state.ts'

/** A booking's state once something is known of it, and as it is in a document. */
export type KnownBooking = Exclude<Booking, { kind: 'UNTRACKED' }>
export type StoredBooking = StoredState<KnownBooking>
type StoredTracked = StoredState<OpenBooking | CancelledBooking>

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

/** The booking as it was when it was last open; undefined for a booking that was closed before it was ever seen. */
export const trackedPartOf = (booking: StoredBooking): StoredTracked | undefined =>
  booking.kind === 'CLOSED' ? booking.last : booking

export const shownReferences = (booking: StoredTracked | undefined): ShownReference[] =>
  (booking?.references ?? []).map(({ stored, confirmed }) => ({ ...stored, confirmed }))

export function statusOf(booking: StoredBooking): ShownStatus {
  if (booking.kind === 'OPEN') return booking.status
  if (booking.kind === 'CANCELLED') return 'CANCELLED'
  if (booking.rescheduledToUid !== undefined || booking.reason.startsWith('RESCHEDULED')) return 'RESCHEDULED'
  return booking.reason.startsWith('REJECTED') ? 'REJECTED' : 'CANCELLED'
}

/** The domain's state again. */
function restoreBooking(stored: StoredBooking): KnownBooking {
  if (stored.kind !== 'CLOSED') return restoreTracked(stored)
  const { last, ...closed } = stored
  return { ...closed, ...defined({ last: ifDefined(last, restoreTracked) }) }
}

function restoreTracked({ createdAt, acceptedAt, ...stored }: StoredTracked): OpenBooking | CancelledBooking {
  const restored = {
    ...defined({ createdAt: ifDefined(createdAt, instant), acceptedAt: ifDefined(acceptedAt, instant) }),
    times: restoreTimes(stored.times),
    basis: restoreTimes(stored.basis),
    references: stored.references.map(restoreReference),
    trackedAt: instant(stored.trackedAt),
    factsAt: instant(stored.factsAt),
  }
  if (stored.kind === 'CANCELLED') return { ...stored, ...restored }
  const { closing, ...open } = stored
  return {
    ...open,
    ...restored,
    ...(closing && { closing: { ...closing, since: instant(closing.since) } }),
  }
}

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
    watermark: { fingerprint, ...defined({ updated: ifDefined(updated, instant) }) },
  }
}
