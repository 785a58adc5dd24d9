import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventOfLink } from '../../../domain/booking/event-of-link.ts'
import type { ExternalEvent } from '../../../domain/external-event.ts'

const test = suite('the event that has the link of a booking')

const start = Temporal.Instant.from('2030-01-07T10:00:00Z')
const times = { start, end: start.add({ minutes: 30 }) }
const event: ExternalEvent = {
  id: 'event',
  status: 'confirmed',
  organizerSelf: true,
  times: { allDay: false, ...times },
}
const doubtOf = (...hits: ExternalEvent[]) => {
  const found = eventOfLink(hits, times)
  return found && 'doubt' in found ? found.doubt : found?.id
}

test('one event of the host at the times of the booking is its event', () => {
  assert.is(doubtOf(event), 'event')
  assert.is(doubtOf({ ...event, status: 'tentative' }), 'event')
})

test('while no living event has the link, nothing is said', () => {
  assert.is(doubtOf(), undefined)
  assert.is(doubtOf({ ...event, status: 'cancelled' }), undefined)
})

test('a cancelled event beside a living one does not count', () => {
  assert.is(doubtOf({ ...event, id: 'former', status: 'cancelled' }, event), 'event')
})

test('of two events neither is taken, whatever their times', () => {
  assert.is(doubtOf(event, { ...event, id: 'copy' }), 'LINK_AMBIGUOUS')
  const { times: _, ...unreadable } = event
  assert.is(doubtOf(event, { ...unreadable, id: 'copy' }), 'LINK_AMBIGUOUS')
})

test('an event is the host’s only where the calendar says so', () => {
  assert.is(doubtOf({ ...event, organizerSelf: false }), 'LINK_OF_OTHERS')
  const { organizerSelf: _, ...unsaid } = event
  assert.is(doubtOf(unsaid), 'LINK_OF_OTHERS')
})

test('an event at other times, all day, or without readable times is not taken', () => {
  const { times: _, ...unreadable } = event
  const allDay = { allDay: true, startDate: '2030-01-07', endDate: '2030-01-08' } as const
  assert.is(
    doubtOf({ ...event, times: { allDay: false, start, end: start.add({ minutes: 45 }) } }),
    'LINK_AT_OTHER_TIMES',
  )
  assert.is(doubtOf({ ...event, times: allDay }), 'LINK_AT_OTHER_TIMES')
  assert.is(doubtOf(unreadable), 'LINK_AT_OTHER_TIMES')
})

test('an event that the booking before had is taken at any time, in its organiser’s copy only', () => {
  const elsewhere = { ...event, times: { allDay: false as const, start, end: start.add({ minutes: 45 }) } }
  const isHandedOn = (id: string) => id === event.id
  assert.equal(eventOfLink([elsewhere], times, isHandedOn), elsewhere)
  assert.equal(eventOfLink([{ ...elsewhere, id: 'another' }], times, isHandedOn), {
    doubt: 'LINK_AT_OTHER_TIMES',
  })
  assert.equal(eventOfLink([{ ...elsewhere, organizerSelf: false }], times, isHandedOn), {
    doubt: 'LINK_OF_OTHERS',
  })
})

test.run()
