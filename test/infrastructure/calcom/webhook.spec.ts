import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calcomWebhook } from '../../../infrastructure/calcom/webhook.ts'
import * as deliveries from '../../fixtures/calcom/deliveries.ts'
import { readDelivery, signatureOf as sign } from '../../support/signed-delivery.ts'

const bytes = (value: unknown): Buffer =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const passes = (body: Uint8Array, signature: string | undefined, secrets: readonly string[]): boolean =>
  calcomWebhook({ secrets })(body, signature).ok

const signature = suite('the signature of a delivery from Cal.com')

signature('passes over the very bytes that were signed', () => {
  const body = bytes(deliveries.created)
  assert.ok(passes(body, sign(body, 's1'), ['s1']))
  assert.ok(passes(body, sign(body, 's1').toUpperCase(), ['s1']))
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
    assert.not.ok(passes(bytes(body), signed, ['s1']))
  }
})

signature('passes with any secret of the list while the secret is changed', () => {
  const body = bytes(deliveries.ping)
  assert.ok(passes(body, sign(body, 'old'), ['new', 'old']))
  assert.ok(passes(body, sign(body, 'new'), ['new', 'old']))
  assert.not.ok(passes(body, sign(body, 'older'), ['new', 'old']))
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
    assert.not.ok(passes(body, bad, ['s1']), String(bad))
  }
})

signature('never passes where no secret is configured, not even the HMAC of an empty one', () => {
  const body = bytes(deliveries.ping)
  assert.not.ok(passes(body, sign(body, ''), []))
  assert.not.ok(passes(body, sign(body, ''), ['']))
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
  const read = readDelivery(bytes(value))
  if (!read.ok) throw new Error(read.problems.join('; '))
  return read.delivery
}
const problemsOf = (value: unknown): string[] => {
  const read = readDelivery(bytes(value))
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
      createdAt: Temporal.Instant.from('2026-03-02T09:15:30.123Z'),
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

reading('of a reschedule names the booking it replaces', () => {
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
  assert.equal(other, { trigger: 'IGNORED', ignored: 'MEETING_ENDED' })
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

reading('may bring thousands of destination calendars: the first dozen is taken, each once', () => {
  const named = (calendar: number) => ({
    integration: 'google_calendar',
    externalId: `c${calendar}@example.com`,
  })
  const destinationCalendar = Array.from({ length: 5_000 }, (_, at) => named(Math.floor(at / 2)))
  const payload = { ...deliveries.created.payload, destinationCalendar }
  const read = delivered({ ...deliveries.created, payload })
  assert.equal(
    read.trigger === 'BOOKING_CREATED' &&
      read.booking.destinations.map(({ externalCalendarId }) => externalCalendarId),
    Array.from({ length: 12 }, (_, at) => named(at).externalId),
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

reading('whose end is not after the start has the length that it tells, and is marked', () => {
  const { payload } = deliveries.created
  const timesOf = (endTime: string, length?: number | null) => {
    const read = delivered({ ...deliveries.created, payload: { ...payload, endTime, length } })
    if (read.trigger !== 'BOOKING_CREATED') return undefined
    const { start, end, impossibleTimes } = read.booking
    return [end.since(start).total('minutes'), impossibleTimes]
  }
  assert.equal(timesOf('2026-03-10T08:00:00Z', 30), [30, true])
  assert.equal(timesOf('2026-03-10T09:00:00Z'), [0, true])
  assert.equal(timesOf('2026-03-10T09:00:00Z', -5), [0, true])
  assert.equal(timesOf('2026-03-10T09:20:00Z', 45), [20, undefined])
})

reading(
  'without an end is refused by the name of the field: the length may be the event type’s alone',
  () => {
    const { payload } = deliveries.created
    for (const endTime of [null, undefined]) {
      const none = { ...deliveries.created, payload: { ...payload, endTime, length: 45 } }
      assert.match(problemsOf(none).join(), /payload\.endTime/)
    }
  },
)

reading('of a guest who moves may leave out where to; other deliveries have to name their booking', () => {
  const { payload } = deliveries.rescheduled
  const moved = { ...payload, uid: null, seatsPerTimeSlot: 3 }
  assert.equal(delivered({ ...deliveries.rescheduled, payload: moved }), {
    trigger: 'SEAT_MOVED',
    createdAt: deliveries.rescheduled.createdAt,
    rescheduledFromUid: 'uidFirstBooking0000001',
  })
  const unshared = { ...deliveries.rescheduled, payload: { ...payload, uid: null } }
  assert.match(problemsOf(unshared).join(), /payload\.uid/)
})

reading('of a payment tells what has become accepted by it, if it says so', () => {
  const paid = (more: object) => {
    const read = delivered({
      triggerEvent: 'BOOKING_PAID',
      payload: { ...deliveries.created.payload, ...more },
    })
    return read.trigger === 'BOOKING_PAID' ? read.booking.status : read.trigger
  }
  assert.is(paid({ status: 'ACCEPTED' }), 'ACCEPTED')
  assert.is(paid({ status: null }), 'PENDING')
  assert.is(paid({ uid: null }), 'IGNORED')
  const begun = delivered({ triggerEvent: 'BOOKING_PAYMENT_INITIATED', payload: deliveries.created.payload })
  assert.is(begun.trigger, 'IGNORED')
})

reading('shows the marks of Cal.com’s own calendar sync, and takes nobody else’s for them', () => {
  const { payload } = deliveries.created
  const isMarked = (metadata: unknown): boolean => {
    const read = delivered({ ...deliveries.created, payload: { ...payload, metadata } })
    return read.trigger === 'BOOKING_CREATED' && read.booking.secondWriter === true
  }
  const noted = (updatedAt: string) => ({ calendarSubscriptionEvent: JSON.stringify({ updatedAt }) })
  assert.ok(isMarked(noted('2026-03-02T09:15:28Z')))
  assert.ok(isMarked({ calendarSubscriptionEvent: '{}' }))
  assert.not.ok(isMarked(noted('2026-02-20T09:15:28Z')), 'handed on from a booking before')
  for (const other of [undefined, null, {}, { videoCallUrl: 'x' }, 'x']) assert.not.ok(isMarked(other))

  const ended = (more: object): boolean => {
    const { payload: end } = deliveries.cancelled
    const read = delivered({ ...deliveries.cancelled, payload: { ...end, ...more } })
    return read.trigger === 'BOOKING_CANCELLED' && read.secondWriter === true
  }
  const cancellationReason = "Cancelled on user's calendar"
  const organizer = { email: 'Host@example.com' }
  assert.ok(ended({ cancellationReason, cancelledBy: 'host@example.com', organizer }))
  assert.not.ok(ended({ cancellationReason, cancelledBy: 'guest@example.com', organizer }))
  assert.not.ok(ended({ cancellationReason: 'Cancelled', cancelledBy: 'host@example.com', organizer }))
})

reading('with null in every field in turn is read, or refused by the name of the field', () => {
  for (const one of Object.values(deliveries))
    for (const field of Object.keys(one.payload)) {
      const read = readDelivery(bytes({ ...one, payload: { ...one.payload, [field]: null } }))
      if (!read.ok) assert.match(read.problems.join(), new RegExp(`payload\\.${field}`))
    }
})

reading('has its first 250 destination calendars looked at, and none of the thousands after them', () => {
  const others = Array.from({ length: 250 }, () => ({ integration: 'apple_calendar', externalId: 'x' }))
  const malformed = { integration: 'google_calendar', externalId: 'x'.repeat(2_000) }
  const { payload } = deliveries.created
  const of = (destinationCalendar: unknown[]) =>
    readDelivery(bytes({ ...deliveries.created, payload: { ...payload, destinationCalendar } }))
  assert.is(of([...others, malformed]).ok, true)
  assert.is(of([...others.slice(1), malformed]).ok, false)
})

reading('is refused where a cancellation names no booking', () => {
  assert.match(problemsOf({ triggerEvent: 'BOOKING_CANCELLED', payload: {} }).join(), /payload\.uid/)
  assert.match(problemsOf({ triggerEvent: 'BOOKING_CANCELLED' }).join(), /payload/)
})

reading('is refused where it is not JSON, not UTF-8, not an object or without a trigger', () => {
  assert.is(problemsOf('{').length, 1)
  assert.is(problemsOf('[]').length, 1)
  assert.is(problemsOf({ payload: {} }).length, 1)
  const read = readDelivery(Uint8Array.of(0x22, 0xff, 0x22))
  assert.is(!read.ok && read.code, 'BAD_BODY')
})

reading('without the form of Cal.com’s own is told from one that only has holes', () => {
  const isTemplate = (value: unknown): boolean => {
    const read = readDelivery(bytes(value))
    return !read.ok && read.template === true
  }
  for (const odd of [
    'title=Intro&by=host',
    { text: 'A booking' },
    { triggerEvent: 'BOOKING_CREATED', uid: 'u' },
  ])
    assert.ok(isTemplate(odd), JSON.stringify(odd))
  const { uid: _, ...payload } = deliveries.created.payload
  assert.not.ok(isTemplate({ ...deliveries.created, payload }))
})

reading.run()
