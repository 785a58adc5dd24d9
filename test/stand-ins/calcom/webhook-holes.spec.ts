import { createHmac } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CalcomByHttp, calcomByHttp, hour } from '../../support/calcom-by-http.ts'

const book = (cal: CalcomByHttp, at = 0) =>
  cal.done('POST', '/stand-in/bookings', { userId: 1, start: hour(at) })
const payload = (cal: CalcomByHttp) => {
  const last = cal.deliveries().at(-1)
  if (last === undefined) throw new Error('nothing arrived')
  return last.payload
}

const holes = suite('webhooks with holes from the stand-in of Cal.com')

holes('lack the organiser’s id, the uid or the booking’s number', () =>
  calcomByHttp(async (cal) => {
    const settings = { payloadOrganizerId: false, payloadUid: false, payloadBookingId: false }
    await cal.done('PUT', '/stand-in/settings', settings)
    await book(cal)
    const { organizer, uid, bookingId } = payload(cal)
    assert.equal(
      [organizer.id, organizer.email, uid, bookingId],
      [undefined, 'host@example.com', null, undefined],
    )
  }),
)

holes('name the destination calendar as nothing, an empty list, one object or a list', () =>
  calcomByHttp(async (cal) => {
    const seen: unknown[] = []
    for (const [at, payloadDestinations] of ['null', 'empty', 'object', 'usual'].entries()) {
      await cal.done('PUT', '/stand-in/settings', { payloadDestinations })
      await book(cal, at)
      seen.push(payload(cal).destinationCalendar)
    }
    const [none, empty, one, list] = seen
    assert.equal([none, empty, list], [null, [], [one]])
    assert.match(JSON.stringify(one), '"externalId":"host@example.com"')
  }),
)

holes('are another JSON or a form where the subscriber has a template, signed as it leaves', () =>
  calcomByHttp(async (cal) => {
    const json =
      '{"content":"{{title}} at {{startTime}}","kind":"{{triggerEvent}}","of":"{{organizer.email}}"}'
    for (const payloadTemplate of [json, 'text={{triggerEvent}}&booking={{uid}}']) {
      await cal.done('PUT', '/stand-in/webhook', { payloadTemplate })
      const { uid } = await book(cal)
      const { body, headers } = cal.received().at(-1) ?? { body: '', headers: {} }
      assert.is(headers['x-cal-signature-256'], createHmac('sha256', 's').update(body).digest('hex'))
      if (payloadTemplate === json) {
        const { kind, of, payload: none } = JSON.parse(body)
        assert.equal([kind, of, none], ['BOOKING_CREATED', 'host@example.com', undefined])
      } else {
        assert.is(body, `text=BOOKING_CREATED&booking=${uid}`)
        assert.is(headers['content-type'], 'application/x-www-form-urlencoded')
      }
    }
    await cal.done('PUT', '/stand-in/webhook', { payloadTemplate: null })
    const { uid } = await book(cal, 2)
    assert.is(payload(cal).uid, uid)
  }),
)

holes('say a version of the future in their header', () =>
  calcomByHttp(async (cal) => {
    await book(cal)
    await cal.done('PUT', '/stand-in/webhook', { version: '2031-01-01' })
    await book(cal, 2)
    assert.equal(
      cal.received().map(({ headers }) => headers['x-cal-webhook-version']),
      ['2021-10-20', '2031-01-01'],
    )
  }),
)

holes.run()
