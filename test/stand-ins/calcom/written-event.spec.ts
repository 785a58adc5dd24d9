import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CalcomByHttp, calcomByHttp, hour, sameTime } from '../../support/calcom-by-http.ts'

async function booked(cal: CalcomByHttp) {
  const booking = await cal.done('POST', '/stand-in/bookings', { userId: 1, start: hour(0) })
  return { ...booking, eventId: booking.references[0]?.uid ?? '' }
}

const written = suite('the event that the stand-in of Cal.com writes')

for (const [what, method, path, body] of [
  ['a guest is added', 'POST', 'guests', { guests: [{ email: 'more@example.com' }] }],
  ['the location is changed', 'PATCH', 'location', { location: { type: 'address', address: 'Room 5' } }],
] as const) {
  written(`is the database’s, times included, when ${what}`, () =>
    calcomByHttp(async (cal) => {
      const { uid, eventId, start } = await booked(cal)
      cal.standIns.google.core.drag('host@example.com', eventId, { start: hour(5) })
      await cal.done(method, `/v2/bookings/${uid}/${path}`, body)
      const event = cal.event(eventId)
      assert.ok(sameTime(event.start?.dateTime, start))
      assert.ok(event.location === 'Room 5' || event.attendees?.length === 3)
      assert.is(cal.deliveries().length, 1)
      const { data } = await cal.done('GET', `/v2/bookings/${uid}`)
      assert.ok(data.attendees.length === 2 || event.location === 'Room 5')
    }),
  )
}

written('is made single again where the host had made it repeat', () =>
  calcomByHttp(async (cal) => {
    const { uid, eventId } = await booked(cal)
    cal.standIns.google.core.patch('host@example.com', eventId, { recurrence: ['RRULE:FREQ=DAILY;COUNT=3'] })
    await cal.done('POST', `/stand-in/bookings/${uid}/edit`, { title: 'Another' })
    assert.equal([cal.event(eventId).summary, cal.event(eventId).recurrence], ['Another', undefined])
  }),
)

written('holds the link by which the guest changes the booking, of the booking that it is now', () =>
  calcomByHttp(async (cal) => {
    const { uid, eventId } = await booked(cal)
    assert.match(String(cal.event(eventId).description), `https://cal.example/booking/${uid}?changes=true`)
    await cal.done('PUT', '/stand-in/settings', { eventLink: 'html' })
    const { data } = await cal.done('POST', `/v2/bookings/${uid}/reschedule`, { start: hour(2) })
    assert.match(String(cal.event(eventId).description), `href="https://cal.example/booking/${data.uid}?`)
    const atGoogle = await fetch(
      `${cal.standIns.google.url}/stand-in/calendars/host%40example.com/events/${eventId}`,
    )
    assert.match(await atGoogle.text(), `${data.uid}?changes=true`)
    await cal.done('PUT', '/stand-in/settings', { eventLink: 'none' })
    await cal.done('POST', `/stand-in/bookings/${data.uid}/edit`, { title: 'Bare' })
    assert.is(cal.event(eventId).description, undefined)
  }),
)

written.run()
