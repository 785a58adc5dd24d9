import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { eventsOfBooking } from '../../support/booking-events.ts'
import { ORIGIN, withFeed } from '../../support/feed-fixture.ts'
import { append } from '../../support/projected-events.ts'

const test = suite('what is published about the events')

test(
  "serves each event's dataschema under its own address, and the event's data fits it",
  withFeed(async ({ ports, feed, ask }) => {
    const { rescheduled, cancelled } = eventsOfBooking('booking-1')
    const moved = rescheduled(1, { organizationId: 'organization-1', recurringEventId: 'series-1' })
    await append(ports.events, 'booking', 'booking-1', moved, cancelled(2))
    const { body } = await feed()
    assert.is(body.length, 2)
    for (const { dataschema, data } of body) {
      assert.ok(dataschema.startsWith(`${ORIGIN.schemas}/`))
      const served = await ask('GET', new URL(dataschema).pathname)
      assert.is(served.headers.get('Content-Type'), 'application/schema+json')
      assert.is(served.body.$id, dataschema)
      const schema = z.fromJSONSchema(served.body)
      assert.equal(schema.parse(data), data)
      assert.equal(schema.parse({ ...data, addedLater: true }), { ...data, addedLater: true })
      for (const field of served.body.required) {
        const { [field]: _, ...less } = data
        assert.not(schema.safeParse(less).success, `without ${field}`)
      }
    }
    assert.is((await ask('GET', '/schemas/booking-rescheduled/2')).status, 404)
    const described = Object.keys((await ask('GET', '/openapi.json')).body.paths)
    for (const { dataschema } of body) assert.ok(described.includes(new URL(dataschema).pathname), dataschema)
  }),
)

test(
  'describes feed and topic as AsyncAPI, with references that lead somewhere',
  withFeed(async ({ ask }) => {
    const { status, body } = await ask('GET', '/asyncapi.json')
    assert.is(status, 200)
    assert.is(body.asyncapi, '3.0.0')
    assert.ok('/asyncapi.json' in (await ask('GET', '/openapi.json')).body.paths)
    assert.equal(
      [body.channels.feed.address, body.channels.topic.address],
      ['/booking-events', 'booking-events'],
    )
    let references = 0
    JSON.stringify(body, (key, value) => {
      if (key !== '$ref') return value
      references += 1
      const target = value
        .slice(2)
        .split('/')
        .reduce((at: Record<string, unknown> | undefined, part: string) => at?.[part], body)
      assert.ok(target, value)
      return value
    })
    assert.ok(references >= 6)
    const { payload } = body.components.messages.BookingCancelledStructured
    assert.is(payload.properties.type.const, 'BookingCancelled')
    assert.ok(payload.properties.data.required.includes('reasonText'))
  }),
)

test.run()
