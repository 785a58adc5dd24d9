import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CalcomByHttp, calcomByHttp, hour, type Json, sameTime } from '../../support/calcom-by-http.ts'

const guest = (name: string) => ({ name, email: `${name}@example.com`, timeZone: 'UTC' })

/** A booking of Ann and Ben who share one event. */
async function shared(cal: CalcomByHttp, start = hour(0), names = ['ann', 'ben'], eventTypeId?: number) {
  const type = eventTypeId ?? (await cal.eventType({ seatsPerTimeSlot: 3 }))
  let booking: Json | undefined
  for (const name of names) {
    const body = { userId: 1, eventTypeId: type, start, attendees: [guest(name)] }
    booking = await cal.done('POST', '/stand-in/bookings', body)
  }
  if (booking === undefined) throw new Error('nobody books')
  return {
    booking,
    type,
    eventId: booking.references[0]?.uid ?? '',
    seat: (at: number) => booking.attendees[at]?.seatUid ?? '',
  }
}
const guestsAt = (cal: CalcomByHttp, eventId: string) =>
  cal.event(eventId).attendees?.flatMap(({ email, organizer }) => (organizer ? [] : email))

const seats = suite('seats in the stand-in of Cal.com')

seats('are of one booking and one event, announced with one uid, up to their number', () =>
  calcomByHttp(async (cal) => {
    const { booking, type, eventId } = await shared(cal, hour(0), ['ann', 'ben', 'cyd'])
    assert.equal(guestsAt(cal, eventId), ['ann@example.com', 'ben@example.com', 'cyd@example.com'])
    assert.equal(
      cal.deliveries().map(({ trigger, payload }) => [trigger, payload.uid, payload.seatsPerTimeSlot]),
      Array(3).fill(['BOOKING_CREATED', booking.uid, 3]),
    )
    const full = { userId: 1, eventTypeId: type, start: booking.start, attendees: [guest('dan')] }
    assert.is((await cal.call('POST', '/stand-in/bookings', full)).status, 409)
    const asked = await cal.done('GET', `/v2/bookings/by-seat/${booking.attendees[1]?.seatUid}`)
    assert.is(asked.data.uid, booking.uid)
  }),
)

seats('are given up one by one: CANCELLED with the uid of the booking that goes on', () =>
  calcomByHttp(async (cal) => {
    const { booking, eventId, seat } = await shared(cal)
    cal.standIns.google.core.drag('host@example.com', eventId, { start: hour(5) })
    await cal.done('POST', `/v2/bookings/${booking.uid}/cancel`, { seatUid: seat(0) })
    const { trigger, payload } = cal.deliveries().at(-1) ?? {}
    assert.is(trigger, 'BOOKING_CANCELLED')
    assert.equal([payload?.uid, payload?.status, payload?.seatsPerTimeSlot], [booking.uid, 'CANCELLED', 3])
    assert.equal(
      payload?.attendees.map(({ email }) => email),
      ['ann@example.com'],
    )
    const goesOn = await cal.done('GET', `/v2/bookings/${booking.uid}`)
    assert.is(goesOn.data.status, 'accepted')
    assert.equal(guestsAt(cal, eventId), ['ben@example.com'])
    // Written anew from the database, the host's own move is undone.
    assert.ok(sameTime(cal.event(eventId).start?.dateTime, booking.start))

    await cal.done('POST', `/v2/bookings/${booking.uid}/cancel`, { seatUid: seat(1) })
    assert.is((await cal.done('GET', `/v2/bookings/${booking.uid}`)).data.status, 'cancelled')
    assert.is(cal.event(eventId).status, 'cancelled')
  }),
)

seats('are moved into another booking with an event of its own, and the old booking goes on', () =>
  calcomByHttp(async (cal) => {
    const { booking: old, type, eventId, seat } = await shared(cal)
    const { booking: target, eventId: targetEvent } = await shared(cal, hour(3), ['cyd'], type)
    const body = { start: target.start, seatUid: seat(0) }
    await cal.done('POST', `/v2/bookings/${old.uid}/reschedule`, body)
    const { trigger, payload } = cal.deliveries().at(-1) ?? {}
    assert.is(trigger, 'BOOKING_RESCHEDULED')
    assert.equal([payload?.uid, payload?.rescheduleUid], [target.uid, old.uid])
    assert.is(payload?.bookingId, old.id)
    assert.equal(guestsAt(cal, eventId), ['ben@example.com'])
    assert.equal(guestsAt(cal, targetEvent), ['cyd@example.com', 'ann@example.com'])
    const { data } = await cal.done('GET', `/v2/bookings/${old.uid}`)
    assert.equal([data.status, data.rescheduledToUid], ['accepted', undefined])
  }),
)

seats('are moved to a free time: a new booking, under uids as odd as versions send them', () =>
  calcomByHttp(async (cal) => {
    const { booking: old, eventId, seat } = await shared(cal)
    await cal.done('PUT', '/stand-in/settings', { seatMoveUid: 'null', seatMoveRescheduleUid: 'seat' })
    const body = { start: hour(6), seatUid: seat(1) }
    const made = await cal.done('POST', `/stand-in/bookings/${old.uid}/reschedule`, body)
    const payload = cal.deliveries().at(-1)?.payload
    assert.equal([payload?.uid, payload?.rescheduleUid, payload?.bookingId], [null, seat(1), made.id])
    assert.is(payload?.rescheduleStartTime, undefined)
    assert.is.not(made.references[0]?.uid, eventId)
    assert.equal(guestsAt(cal, made.references[0]?.uid ?? ''), ['ben@example.com'])
  }),
)

seats('are all moved by the owner in place, both uids equal', () =>
  calcomByHttp(async (cal) => {
    const { booking, eventId } = await shared(cal)
    await cal.done('POST', `/v2/bookings/${booking.uid}/reschedule`, { start: hour(4) })
    const payload = cal.deliveries().at(-1)?.payload
    assert.equal([payload?.uid, payload?.rescheduleUid], [booking.uid, booking.uid])
    assert.ok(sameTime(payload?.startTime, hour(4)) && sameTime(payload?.rescheduleStartTime, booking.start))
    assert.ok(sameTime((await cal.done('GET', `/v2/bookings/${booking.uid}`)).data.start, hour(4)))
    assert.ok(sameTime(cal.event(eventId).start?.dateTime, hour(4)))
    assert.is(cal.event(eventId).description, undefined)
  }),
)

seats('join those of a time that the owner moves them to, and their own booking is over', () =>
  calcomByHttp(async (cal) => {
    const { booking: old, type, eventId } = await shared(cal, hour(0), ['ann'])
    const { booking: there, eventId: theirs } = await shared(cal, hour(3), ['cyd'], type)
    await cal.done('POST', `/v2/bookings/${old.uid}/reschedule`, { start: there.start })
    assert.equal(cal.deliveries().at(-1)?.payload.uid, there.uid)
    assert.equal(guestsAt(cal, theirs), ['cyd@example.com', 'ann@example.com'])
    assert.is(cal.event(eventId).status, 'cancelled')
    assert.is((await cal.done('GET', `/v2/bookings/${old.uid}`)).data.status, 'cancelled')
  }),
)

seats.run()
