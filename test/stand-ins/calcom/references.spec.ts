import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CalcomByHttp, calcomByHttp, hour, sameTime } from '../../support/calcom-by-http.ts'

const book = (cal: CalcomByHttp, start = hour(0)) =>
  cal.done('POST', '/stand-in/bookings', { userId: 1, start })
const shown = async (cal: CalcomByHttp, uid: string) =>
  (await cal.done('GET', `/v2/bookings/${uid}/references?type=google_calendar`)).data

const references = suite('references in the stand-in of Cal.com')

references('are stored empty and filled by a call, or never', () =>
  calcomByHttp(async (cal) => {
    await cal.done('PUT', '/stand-in/settings', { referenceUid: 'empty' })
    const { uid } = await book(cal)
    assert.equal(
      (await shown(cal, uid)).map(({ eventUid }) => eventUid),
      [''],
    )
    // What Cal.com cannot name it cannot write.
    const edited = await cal.done('POST', `/stand-in/bookings/${uid}/edit`, { location: 'Here' })
    assert.ok(edited.calendarError)
    const filled = await cal.done('POST', `/stand-in/bookings/${uid}/fill-references`)
    assert.is(cal.event(filled.references[0]?.uid ?? '').status, 'confirmed')

    const other = await book(cal, hour(2))
    const given = await cal.done('POST', `/stand-in/bookings/${other.uid}/fill-references`, {
      externalEventId: 'another',
    })
    assert.is(given.references[0]?.uid, 'another')
  }),
)

references('may name no calendar, in the database or in the answer', () =>
  calcomByHttp(async (cal) => {
    await cal.done('PUT', '/stand-in/settings', { referenceCalendarStored: false })
    const { uid, references } = await book(cal)
    assert.is(references[0]?.externalCalendarId, undefined)
    assert.is((await shown(cal, uid))[0]?.destinationCalendarId, null)
    await cal.done('POST', `/v2/bookings/${uid}/cancel`, {})
    assert.is(cal.event(references[0]?.uid ?? '').status, 'cancelled')

    const stored = { referenceCalendarStored: true, referenceCalendar: 'none' }
    await cal.done('PUT', '/stand-in/settings', stored)
    const other = await book(cal)
    assert.is(other.references[0]?.externalCalendarId, 'host@example.com')
    assert.is((await shown(cal, other.uid))[0]?.destinationCalendarId, null)
  }),
)

references('that were withdrawn stand beside the present one without a sign, or are left out', () =>
  calcomByHttp(async (cal) => {
    const { uid, references } = await book(cal)
    const present = { externalEventId: references[0]?.uid, externalCalendarId: 'host@example.com' }
    const withdrawn = { ...present, externalEventId: 'withdrawn', deleted: true }
    await cal.done('PUT', `/stand-in/bookings/${uid}/references`, { references: [withdrawn, present] })
    const both = await shown(cal, uid)
    assert.equal(
      both.map(({ eventUid }) => eventUid),
      ['withdrawn', present.externalEventId],
    )
    assert.equal(new Set(both.map((one) => Object.keys(one).join())).size, 1)
    await cal.done('PUT', '/stand-in/settings', { deletedReferences: 'left-out' })
    assert.is((await shown(cal, uid)).length, 1)
  }),
)

references('of one event are shared by two bookings where an old link is used twice', () =>
  calcomByHttp(async (cal) => {
    const a = await book(cal)
    const move = (start: string) => cal.call('POST', `/v2/bookings/${a.uid}/reschedule`, { start })
    const { data: b } = (await move(hour(3))).body
    assert.is((await move(hour(6))).status, 400)
    await cal.done('PUT', '/stand-in/settings', { oldLinks: 'open' })
    const { data: c } = (await move(hour(6))).body
    assert.equal([(await move(hour(9))).status, b.status, c.status], [201, 'accepted', 'accepted'])
    const statuses = await Promise.all(
      [a, b, c].map(async ({ uid }) => (await cal.done('GET', `/v2/bookings/${uid}`)).data),
    )
    assert.equal(
      statuses.map(({ status, rescheduledToUid }) => [status, rescheduledToUid]),
      [
        ['cancelled', b.uid],
        ['accepted', undefined],
        ['accepted', undefined],
      ],
    )
    const named = [...(await shown(cal, b.uid)), ...(await shown(cal, c.uid))].map(({ eventUid }) => eventUid)
    assert.is(new Set(named).size, 1)
    assert.ok(sameTime(cal.event(named[0] ?? '').start?.dateTime, hour(9)))
    assert.equal(
      cal.deliveries().map(({ payload }) => payload.rescheduleUid),
      [undefined, a.uid, a.uid, a.uid],
    )
  }),
)

references.run()
