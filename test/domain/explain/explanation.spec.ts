import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decisions } from '../../../domain/booking/decisions.ts'
import type { BookingEvent } from '../../../domain/booking/events.ts'
import { closeBooking } from '../../../domain/booking/facts.ts'
import type { Booking } from '../../../domain/booking/state.ts'
import { eventTypes } from '../../../domain/domain-event.ts'
import { answerOf, reasonText, sentenceOf, sentenceOfDecision } from '../../../domain/explain/explanation.ts'
import {
  deleted,
  from,
  linked,
  minute,
  records,
  reports,
  sees,
  written,
} from '../../support/booking-story.ts'
import { allExamples, examples } from '../../support/event-examples.ts'
import type { Story } from '../../support/given.ts'

const test = suite('explanation')

const at = '2026-11-23T09:00:00Z'
const times = { start: '2026-11-24T10:00:00Z', end: '2026-11-24T10:30:00Z' }

/** One sentence: it begins with a capital, ends with a full stop, and shows nothing that is not meant for people. */
function isSentence(text: string): void {
  assert.match(text, /^[A-Z].*[.]$/)
  assert.not.match(text, /undefined|null|NaN|\[object|Invalid|\{|\}/)
  assert.not.match(text, /[.!?] [A-Z]/, `one sentence: ${text}`)
  assert.not.match(text, /Jane|user1|key1|credential1|@/)
}

test('every event has one sentence', () => {
  const told = new Set(allExamples.map(({ type }) => type))
  assert.is(told.size, Object.values(eventTypes).flatMap((types) => Object.keys(types)).length)
  for (const one of allExamples) isSentence(sentenceOf(one))
})

test('sentences tell times in UTC', () => {
  const sentences = examples.booking.BookingRescheduled.map((data) =>
    sentenceOf({ type: 'BookingRescheduled', data }),
  )
  assert.equal(sentences, [
    'Moved in the calendar from 2026-11-24 10:00 UTC to 11:00 UTC; published as BookingRescheduled.',
    'Moved in the calendar from 2026-11-24 10:00–10:30 UTC to 2026-11-24 10:00 – 2026-11-25 00:15:30 UTC; published as BookingRescheduled.',
  ])
})

test('every code has a sentence of its own, and so has one that is not known', () => {
  const sentences = Object.keys(decisions).map(sentenceOfDecision)
  for (const sentence of sentences) isSentence(sentence)
  assert.is(new Set(sentences).size, sentences.length)
  isSentence(sentenceOfDecision('CODE_OF_TOMORROW'))
  isSentence(sentenceOfDecision('toString'))
})

test('what guests are told holds no times, codes or names', () => {
  const { BookingRescheduled: moved, BookingCancelled: gone } = examples.booking
  const texts = [
    ...moved.map((data) => reasonText({ type: 'BookingRescheduled', data })),
    ...gone.map((data) => reasonText({ type: 'BookingCancelled', data })),
  ]
  for (const text of texts) {
    isSentence(text)
    assert.not.match(text, /[A-Z]{2}|\d/)
  }
  assert.is(new Set(texts).size, texts.length)
})

const moved = () => linked().when(sees(written(5, from('11:00'))))
const gone = () => linked().when(sees(deleted(5)))
const closes = (rescheduledToUid?: string) => (state: Booking) =>
  closeBooking(state, {
    bookingUid: 'booking1',
    reason: 'CANCELLED',
    ...(rescheduledToUid !== undefined && { rescheduledToUid }),
    at: minute(80).toString(),
  })

function answers(story: Story<'booking', Booking>, expected: string): void {
  const answer = answerOf(story.history)
  isSentence(answer)
  assert.is(answer, expected)
}

test('the answer to what happened to a booking, and why', () => {
  answers(
    linked(),
    'The booking is at 2026-11-24 10:00–10:30 UTC; no change of its calendar event has been seen since it was linked.',
  )
  answers(
    linked().when(sees(written(5, from('11:00')), { mode: 'observe' })),
    'The booking is at 2026-11-24 10:00–10:30 UTC; its calendar event was looked at 2026-11-23 09:00 UTC: the service only observes here, so it noted what it would have done and changed nothing.',
  )
  const because =
    'The booking was moved to 2026-11-24 11:00–11:30 UTC because its event was moved in the calendar at 2026-11-23 08:05 UTC'
  answers(moved(), `${because}; Cal.com has not confirmed it yet.`)
  answers(moved().when(reports(1, 'APPLIED', 70)), `${because}; Cal.com has confirmed it.`)
  answers(
    moved()
      .when(reports(1, 'APPLIED', 70))
      .when(sees(written(71, from('11:00')), { began: 80 })),
    `${because}; Cal.com has confirmed it.`,
  )
  answers(
    moved().when(records(from('15:00'), 70)),
    `${because}; since then Cal.com has it at 2026-11-24 15:00–15:30 UTC.`,
  )
  answers(
    moved().when(reports(1, 'REFUSED', 70)),
    `The calendar and Cal.com differ: t${because.slice(1)}, but in Cal.com it is still at 2026-11-24 10:00–10:30 UTC.`,
  )
  answers(moved().when(closes('booking2')), `${because}, and Cal.com has it now as the booking booking2.`)
})

test('the answer about cancelled and closed bookings', () => {
  const because =
    'The booking was cancelled because its event was deleted in the calendar at 2026-11-23 08:05 UTC'
  answers(gone(), `${because}; Cal.com has not confirmed it yet.`)
  answers(gone().when(reports(1, 'APPLIED', 70)), `${because}; Cal.com has confirmed it.`)
  answers(gone().when(closes()), `${because}, and Cal.com has cancelled it too.`)
  answers(
    linked().when(closes()),
    'The booking was closed in Cal.com, so changes of its calendar event no longer matter.',
  )
  answers(
    linked().when(closes('booking2')),
    'The booking was rescheduled in Cal.com; it goes on as the booking booking2.',
  )
})

test('the answer about bookings of which little is known', () => {
  isSentence(answerOf([]))
  const unlinked: BookingEvent[] = [
    { type: 'BookingTracked', data: { bookingUid: 'b', userId: 'u', status: 'ACCEPTED', ...times, at } },
  ]
  assert.match(answerOf(unlinked), /no calendar event is linked/)
  isSentence(answerOf([{ type: 'BookingClosed', data: { bookingUid: 'b', reason: 'CANCELLED', at } }]))
})

test('any events of a booking have an answer', () => {
  const some = allExamples.filter((one): one is BookingEvent => Object.hasOwn(eventTypes.booking, one.type))
  fc.assert(
    fc.property(fc.shuffledSubarray(some), (events) => isSentence(answerOf(events))),
    { numRuns: 300 },
  )
})

test.run()
