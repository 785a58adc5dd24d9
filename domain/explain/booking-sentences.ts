import { happenedFor } from '../booking/decisions.ts'
import type { BookingEvent } from '../booking/events.ts'
import { REPEATS_NO_MORE } from '../booking/series-pairing.ts'
import { explanationOf } from './decision-sentences.ts'
import { readableMove, readableTimes } from './time-text.ts'

type Of<Type extends BookingEvent['type']> = Extract<BookingEvent, { type: Type }>

/** One plain English sentence on what happened to a booking. Times in UTC, nothing about a person. */
export function sentenceOfBookingEvent(
  event: Exclude<BookingEvent, Of<'ExternalEventChangeIgnored'>>,
): string {
  switch (event.type) {
    case 'BookingTracked': {
      const { data } = event
      const from =
        data.rescheduledFromUid === undefined ? '' : `, rescheduled from ${data.rescheduledFromUid}`
      return `Followed from now on: ${statusText[data.status]} in Cal.com for ${readableTimes(data)}${from}.`
    }
    case 'BookingReferenceLinked':
      return event.data.confirmed
        ? 'Linked to its calendar event, as Cal.com names it.'
        : 'Linked to the calendar event of the booking it was rescheduled from, until Cal.com confirms it.'
    case 'BookingReferenceUnlinked':
      return 'No longer linked to a calendar event that Cal.com does not name as its own.'
    case 'BookingReferenceMoved':
      return event.data.from.calendarKey === event.data.to.calendarKey
        ? 'Its calendar event goes by another name since its series was changed; the booking follows it.'
        : 'Its calendar event was moved to another calendar; the booking follows it there.'
    case 'BookingSeriesNoted':
      return event.data.rule === REPEATS_NO_MORE
        ? 'What was the series of its calendar event repeats no more; that is on record.'
        : 'The rule by which the series of its calendar event repeats is on record.'
    case 'BookingTimesRecorded': {
      const status = event.data.status === undefined ? '' : ` and is ${statusText[event.data.status]}`
      return `Cal.com says that the booking is at ${readableTimes(event.data)}${status}.`
    }
    case 'BookingReassigned':
      return 'Cal.com has given the booking to another host, whose calendar counts from now on.'
    case 'SecondWriterNoticed':
      return "Changed by Cal.com's own calendar sync, which carries over the calendar's changes beside this service."
    case 'BookingClosing':
      return event.data.rescheduledToUid === undefined
        ? 'Cal.com announced that the booking is over; it is asked whether that is so.'
        : `Cal.com announced that the booking goes on as ${event.data.rescheduledToUid}; it is asked whether that is so.`
    case 'BookingKeptOpen':
      return event.data.seats
        ? 'The booking goes on: guests share it, and not all of them have left.'
        : 'The booking goes on: Cal.com does not say that it is over.'
    case 'BookingFlagged':
      return `A person is told: ${explanationOf(event.data.code).because}.`
    case 'BookingUnflagged':
      return `Nobody need act on this any longer (${event.data.code}).`
    case 'BookingClosed': {
      const { reason, rescheduledToUid } = event.data
      if (rescheduledToUid !== undefined) return `Rescheduled in Cal.com to the booking ${rescheduledToUid}.`
      return reason.startsWith('REJECTED') ? 'Rejected in Cal.com.' : 'Closed in Cal.com.'
    }
    case 'BookingOutcomeReported':
      return sentenceOfOutcome(event)
    case 'BookingRescheduled': {
      const { previous, next } = event.data
      return `Moved in the calendar ${readableMove(previous, next)}; published as BookingRescheduled.`
    }
    case 'BookingCancelled':
      return `Cancelled because ${happenedFor(event.data.reason)}; published as BookingCancelled.`
  }
}

function sentenceOfOutcome({ data }: Of<'BookingOutcomeReported'>): string {
  const change = `change ${data.sequence}`
  const now =
    data.start !== undefined && data.end !== undefined
      ? `; the booking is at ${readableTimes({ start: data.start, end: data.end })}`
      : ''
  const to = data.newBookingUid === undefined ? '' : ` as the booking ${data.newBookingUid}`
  const code = data.code !== undefined && /^[A-Z][A-Z0-9_]*$/.test(data.code) ? ` (${data.code})` : ''
  switch (data.outcome) {
    case 'APPLIED':
      return `Cal.com carried out ${change}${to}${now}.`
    case 'REFUSED':
      return `Cal.com refused ${change}${code}${now}${data.words === undefined ? '' : `: "${data.words}"`}.`
    case 'SUPERSEDED':
      return `Cal.com had gone on to something newer than ${change}${code}${now}.`
  }
}

const statusText = { ACCEPTED: 'accepted', PENDING: 'waiting to be accepted', REJECTED: 'rejected' }
