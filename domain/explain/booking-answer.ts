import { happenedFor } from '../booking/decisions.ts'
import type { BookingEvent } from '../booking/events.ts'
import { evolveBooking, initialBooking, trackedPart } from '../booking/state.ts'
import { storeTimes } from '../times.ts'
import { explanationOf } from './decision-sentences.ts'
import { readableInstant, readableTimes } from './time-text.ts'

type Of<Type extends BookingEvent['type']> = Extract<BookingEvent, { type: Type }>
type Followed = NonNullable<ReturnType<typeof trackedPart>>
type Published = Of<'BookingRescheduled'> | Of<'BookingCancelled'>

/** One sentence on what became of a booking and why. Times in UTC, nothing about a person. */
export function answerAbout(events: readonly BookingEvent[]): string {
  const state = events.reduce(evolveBooking, initialBooking)
  const booking = trackedPart(state)
  const published = events.findLast(isPublished)
  if (state.kind === 'UNTRACKED' || events.length === 0) return 'Nothing is known of this booking yet.'
  if (booking === undefined) return 'The booking was closed in Cal.com before it was ever followed here.'
  if (state.kind === 'CLOSED') {
    const to = state.rescheduledToUid
    const ours = published && `${happened(published)}, and Cal.com `
    if (to !== undefined) {
      const carriedOut = `${ours ?? 'The booking was rescheduled in Cal.com; it '}`
      return ours
        ? `${carriedOut}has it now as the booking ${to}.`
        : `${carriedOut}goes on as the booking ${to}.`
    }
    return published?.type === 'BookingCancelled'
      ? `${ours}has cancelled it too.`
      : 'The booking was closed in Cal.com, so changes of its calendar event no longer matter.'
  }
  if (state.kind === 'OPEN' && state.closing)
    return 'Cal.com has announced the end of this booking, and is asked whether it is over; nothing is published until then.'
  const last = events.filter(isDecision).findLast((event) => published === undefined || !isEcho(event))
  if (last?.type === 'ExternalEventChangeIgnored') return answerIgnored(booking, last)
  if (published) return answerPublished(booking, published)
  const at = `The booking is at ${readableTimes(storeTimes(booking.times))}`
  return booking.references.length === 0
    ? `${at}; no calendar event is linked to it yet, so that changes cannot be noticed.`
    : `${at}; no change of its calendar event has been seen since it was linked.`
}

const isPublished = (event: BookingEvent): event is Published =>
  event.type === 'BookingRescheduled' || event.type === 'BookingCancelled'

const isDecision = (event: BookingEvent): event is Published | Of<'ExternalEventChangeIgnored'> =>
  isPublished(event) || event.type === 'ExternalEventChangeIgnored'

/** How Cal.com's own writing to the calendar ends, once it has carried out a change. */
const isEcho = (event: BookingEvent): boolean =>
  event.type === 'ExternalEventChangeIgnored' && event.data.code === 'NO_TIME_CHANGE'

const changedAt = ({ data }: Published | Of<'ExternalEventChangeIgnored'>): string =>
  data.externalUpdatedAt === undefined
    ? `as seen at ${readableInstant(data.observedAt)}`
    : `at ${readableInstant(data.externalUpdatedAt)}`

/** The decision and its reason: a clause that can go on. */
function happened(event: Published): string {
  if (event.type === 'BookingRescheduled')
    return `The booking was moved to ${readableTimes(event.data.next)} because its event was moved in the calendar ${changedAt(event)}`
  return `The booking was cancelled because ${happenedFor(event.data.reason)} ${changedAt(event)}`
}

function answerPublished(booking: Followed, event: Published): string {
  const now = readableTimes(storeTimes(booking.times))
  switch (booking.agreement) {
    case 'AWAITING':
      return `${happened(event)}; Cal.com has not confirmed it yet.`
    case 'DIVERGED':
      return `The calendar and Cal.com differ: ${lowerFirst(happened(event))}, but in Cal.com it is still at ${now}.`
    case 'AGREED':
      return event.type === 'BookingRescheduled' && readableTimes(event.data.next) !== now
        ? `${happened(event)}; since then Cal.com has it at ${now}.`
        : `${happened(event)}; Cal.com has confirmed it.`
  }
}

function answerIgnored(booking: Followed, event: Of<'ExternalEventChangeIgnored'>): string {
  const { because } = explanationOf(event.data.code)
  return `The booking is at ${readableTimes(storeTimes(booking.times))}; its calendar event was looked at ${readableInstant(event.data.observedAt)}: ${because}.`
}

const lowerFirst = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`
