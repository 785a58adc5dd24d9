import { createHmac } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  calcomWebhook,
  isSignedByCalcom,
  parseCalcomDelivery,
} from '../../../infrastructure/calcom/webhook.ts'
import * as deliveries from '../../fixtures/calcom/deliveries.ts'

const bytes = (value: unknown): Buffer =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const sign = (body: Uint8Array, secret: string): string =>
  createHmac('sha256', secret).update(body).digest('hex')

const signature = suite('the signature of a delivery from Cal.com')

signature('passes over the very bytes that were signed', () => {
  const body = bytes(deliveries.created)
  assert.ok(isSignedByCalcom(body, sign(body, 's1'), ['s1']))
  assert.ok(isSignedByCalcom(body, sign(body, 's1').toUpperCase(), ['s1']))
})

signature('fails over the same JSON printed prettily, reordered, or one byte longer', () => {
  const signed = sign(bytes(deliveries.created), 's1')
  const { payload, ...rest } = deliveries.created
  for (const body of [
    JSON.stringify(deliveries.created, null, 2),
    JSON.stringify({ payload, ...rest }),
    `${JSON.stringify(deliveries.created)}\n`,
  ]) {
    assert.equal(JSON.parse(body), deliveries.created)
    assert.not.ok(isSignedByCalcom(bytes(body), signed, ['s1']))
  }
})

signature('passes with any secret of the list while the secret is changed', () => {
  const body = bytes(deliveries.ping)
  assert.ok(isSignedByCalcom(body, sign(body, 'old'), ['new', 'old']))
  assert.ok(isSignedByCalcom(body, sign(body, 'new'), ['new', 'old']))
  assert.not.ok(isSignedByCalcom(body, sign(body, 'older'), ['new', 'old']))
})

signature('fails where it is missing, of another length, not hex, or Cal.com has no secret', () => {
  const body = bytes(deliveries.ping)
  const good = sign(body, 's1')
  for (const bad of [
    undefined,
    '',
    'no-secret-provided',
    good.slice(1),
    `${good}0`,
    `sha256=${good}`,
    'z'.repeat(64),
  ]) {
    assert.not.ok(isSignedByCalcom(body, bad, ['s1']), String(bad))
  }
})

signature('never passes where no secret is configured, not even the HMAC of an empty one', () => {
  const body = bytes(deliveries.ping)
  assert.not.ok(isSignedByCalcom(body, sign(body, ''), []))
  assert.not.ok(isSignedByCalcom(body, sign(body, ''), ['']))
})

signature('is checked before a body is read', () => {
  const read = calcomWebhook({ secrets: ['s1'] })
  const refused = read(bytes('not JSON'), 'no-secret-provided')
  assert.is(refused.ok, false)
  assert.is(!refused.ok && refused.code, 'WRONG_SIGNATURE')
  const body = bytes(deliveries.ping)
  assert.ok(read(body, sign(body, 's1')).ok)
})

signature.run()

const reading = suite('a delivery from Cal.com')
const delivered = (value: unknown) => {
  const read = parseCalcomDelivery(bytes(value))
  if (!read.ok) throw new Error(read.problems.join('; '))
  return read.delivery
}
const problemsOf = (value: unknown): string[] => {
  const read = parseCalcomDelivery(bytes(value))
  assert.is(read.ok, false)
  return read.ok ? [] : read.problems
}

reading('of a new booking gives its host, times, status and the calendars at Google', () => {
  assert.equal(delivered(deliveries.created), {
    trigger: 'BOOKING_CREATED',
    createdAt: '2026-03-02T09:15:30.123Z',
    booking: {
      bookingUid: 'uidFirstBooking0000001',
      userId: '4711',
      start: Temporal.Instant.from('2026-03-10T09:00:00Z'),
      end: Temporal.Instant.from('2026-03-10T09:30:00Z'),
      status: 'ACCEPTED',
      destinations: [{ provider: 'google', externalCalendarId: 'host@example.com', credentialId: '92' }],
    },
  })
})

reading('drops titles, guests and reasons', () => {
  const text = Object.values(deliveries)
    .map((one) => JSON.stringify(delivered(one)))
    .join()
  assert.not.match(text, /Intro|Guest|guest@|Host Example|Ill|away/)
})

reading('of a reschedule names the booking it replaces and that one’s times', () => {
  const read = delivered(deliveries.rescheduled)
  assert.ok(read.trigger === 'BOOKING_RESCHEDULED')
  assert.is(read.booking.bookingUid, 'uidSecondBooking000002')
  assert.is(read.rescheduledFromUid, 'uidFirstBooking0000001')
  assert.is(read.booking.start.toString(), '2026-03-11T09:00:00Z')
})

reading('of a reschedule under its own uid replaces no other booking', () => {
  const { payload } = deliveries.rescheduled
  const read = delivered({ ...deliveries.rescheduled, payload: { ...payload, rescheduleUid: payload.uid } })
  assert.ok(read.trigger === 'BOOKING_RESCHEDULED')
  assert.is(read.rescheduledFromUid, undefined)
})

reading('of a cancellation needs neither booking id nor the organiser’s id', () => {
  assert.equal(delivered(deliveries.cancelled), {
    trigger: 'BOOKING_CANCELLED',
    createdAt: '2026-03-04T10:00:00.000Z',
    bookingUid: 'uidSecondBooking000002',
    requestReschedule: false,
  })
})

reading('in which the host asks for another time is a cancellation that says so', () => {
  const read = delivered(deliveries.rescheduleRequested)
  assert.ok(read.trigger === 'BOOKING_CANCELLED' && read.requestReschedule)
})

reading('of a rejection, of a test, and of another trigger are told apart', () => {
  assert.is(delivered(deliveries.rejected).trigger, 'BOOKING_REJECTED')
  assert.is(delivered(deliveries.ping).trigger, 'PING')
  const other = delivered({ triggerEvent: 'MEETING_ENDED', createdAt: 'x', payload: { odd: 1 } })
  assert.equal(other, { trigger: 'IGNORED', createdAt: 'x', ignored: 'MEETING_ENDED' })
  assert.is(delivered({ triggerEvent: 'OOO_CREATED' }).trigger, 'IGNORED')
})

reading('may lack a status, or bring one that is no acceptance yet', () => {
  const statusOf = (status: unknown): string | undefined => {
    const read = delivered({ ...deliveries.created, payload: { ...deliveries.created.payload, status } })
    return read.trigger === 'BOOKING_CREATED' ? read.booking.status : undefined
  }
  assert.is(statusOf(undefined), 'ACCEPTED')
  assert.is(statusOf(null), 'ACCEPTED')
  assert.is(statusOf('PENDING'), 'PENDING')
  assert.is(statusOf('AWAITING_HOST'), 'PENDING')
})

reading('may bring destination calendars as null, nothing, one or many, with or without a credential', () => {
  const destinationsOf = (destinationCalendar: unknown) => {
    const read = delivered({
      ...deliveries.created,
      payload: { ...deliveries.created.payload, destinationCalendar },
    })
    return read.trigger === 'BOOKING_CREATED' ? read.booking.destinations : undefined
  }
  const google = { integration: 'google_calendar', externalId: 'c@example.com', credentialId: null }
  const expected = [{ provider: 'google', externalCalendarId: 'c@example.com' }]
  assert.equal(destinationsOf(null), [])
  assert.equal(destinationsOf(undefined), [])
  assert.equal(destinationsOf([]), [])
  assert.equal(destinationsOf(google), expected)
  assert.equal(
    destinationsOf([null, 7, { integration: 'apple_calendar', externalId: 'x' }, google]),
    expected,
  )
})

reading('names the calendar that `primary` means, where anything in it says so', () => {
  const calendarOf = (more: object, organizer: object = { id: 1 }) => {
    const destinationCalendar = { integration: 'google_calendar', externalId: 'primary', ...more }
    const read = delivered({
      ...deliveries.created,
      payload: { ...deliveries.created.payload, organizer, destinationCalendar },
    })
    return read.trigger === 'BOOKING_CREATED' && read.booking.destinations[0]?.externalCalendarId
  }
  const organizer = { id: 1, email: 'host@example.com' }
  assert.is(calendarOf({ primaryEmail: 'account@example.com' }, organizer), 'account@example.com')
  assert.is(calendarOf({ primaryEmail: null }, organizer), 'host@example.com')
  assert.is(calendarOf({ primaryEmail: 'nobody' }, { id: 1, email: 7 }), 'primary')
})

reading('is refused with every problem named, and no value', () => {
  const problems = problemsOf({
    triggerEvent: 'BOOKING_CREATED',
    payload: {
      uid: '',
      startTime: '2026-03-10T09:00:00',
      endTime: 3,
      organizer: { email: 'secret@example.com' },
    },
  })
  assert.is(problems.length, 3)
  assert.match(problems.join(), /payload\.uid/)
  assert.match(problems.join(), /payload\.startTime: Expected a time with its offset/)
  assert.match(problems.join(), /payload\.endTime/)
  assert.not.match(problems.join(), /secret/)
  for (const uid of ['u'.repeat(256), 'u\u0000'])
    assert.match(
      problemsOf({ ...deliveries.created, payload: { ...deliveries.created.payload, uid } }).join(),
      /payload\.uid/,
    )
})

reading('is taken as it is where the end lies before the start: a person is told of the booking', () => {
  const { payload } = deliveries.created
  const read = delivered({
    ...deliveries.created,
    payload: { ...payload, endTime: '2026-03-10T08:00:00Z' },
  })
  assert.is(read.trigger === 'BOOKING_CREATED' && String(read.booking.end), '2026-03-10T08:00:00Z')
})

reading('is refused where a cancellation names no booking', () => {
  assert.match(problemsOf({ triggerEvent: 'BOOKING_CANCELLED', payload: {} }).join(), /payload\.uid/)
  assert.match(problemsOf({ triggerEvent: 'BOOKING_CANCELLED' }).join(), /payload/)
})

reading('is refused where it is not JSON, not UTF-8, not an object or without a trigger', () => {
  assert.is(problemsOf('{').length, 1)
  assert.is(problemsOf('[]').length, 1)
  assert.is(problemsOf({ payload: {} }).length, 1)
  const read = parseCalcomDelivery(Uint8Array.of(0x22, 0xff, 0x22))
  assert.is(!read.ok && read.code, 'BAD_BODY')
})

reading.run()
