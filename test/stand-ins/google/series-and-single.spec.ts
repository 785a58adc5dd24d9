import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { act, calendarPath, changesOf, failureOf, HOST, morning, withStandIn } from './stand-in-client.ts'

const test = suite("Google's stand-in: from an event to a series and back")

const DAILY = ['RRULE:FREQ=DAILY;COUNT=4']
const instance = (day: number) => `meeting1_203001${String(day).padStart(2, '0')}T150000Z`
const patch = (client: calendar_v3.Calendar, requestBody: object, eventId = 'meeting1') =>
  client.events.patch({ calendarId: HOST, eventId, requestBody })
const idsOf = async (client: calendar_v3.Calendar) =>
  (await client.events.instances({ calendarId: HOST, eventId: 'meeting1' })).data.items?.map(({ id }) => id)

test('an event that is made to repeat keeps its id, and its first occurrence can be deleted alone', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, morning(7, { id: 'meeting1' }))
    const items = await changesOf(client, () => patch(client, { recurrence: DAILY }))
    assert.equal(
      items.map(({ id, recurrence }) => [id, recurrence]),
      [['meeting1', DAILY]],
    )
    assert.equal(await idsOf(client), [7, 8, 9, 10].map(instance))
    const after = await changesOf(client, () =>
      client.events.delete({ calendarId: HOST, eventId: instance(7) }),
    )
    assert.equal(
      after.map(({ id, status, recurringEventId }) => [id, status, recurringEventId]),
      [
        ['meeting1', 'confirmed', undefined],
        [instance(7), 'cancelled', 'meeting1'],
      ],
    )
  }))

test('a rule can leave no occurrence at the start', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, morning(7, { id: 'meeting1' }))
    await patch(client, { recurrence: ['RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=2'] })
    assert.equal(await idsOf(client), [instance(8), instance(15)])
    const first = client.events.get({ calendarId: HOST, eventId: instance(7) })
    assert.is((await failureOf(first)).status, 404)
  }))

for (const how of ['patch', 'update'] as const) {
  test(`"does not repeat" by ${how} leaves a single event under the id of the series, and no tombstones`, () =>
    withStandIn(async (standIn, client) => {
      standIn.core.insert(HOST, morning(7, { id: 'meeting1', recurrence: DAILY }))
      standIn.core.drag(HOST, instance(8), { start: '2030-01-08T12:00:00-06:00' })
      standIn.core.delete(HOST, instance(9))
      const single = how === 'patch' ? { recurrence: [] } : morning(7)
      const items = await changesOf(client, () =>
        client.events[how]({ calendarId: HOST, eventId: 'meeting1', requestBody: single }),
      )
      assert.equal(
        items.map(({ id, status, recurrence }) => [id, status, recurrence]),
        [['meeting1', 'confirmed', undefined]],
      )
      for (const day of [7, 8, 9, 10]) {
        const gone = client.events.get({ calendarId: HOST, eventId: instance(day) })
        assert.is((await failureOf(gone)).status, 404, instance(day))
      }
      const full = (await client.events.list({ calendarId: HOST })).data.items
      assert.equal(full, items)
      await act(standIn, `PATCH ${calendarPath}`, { settings: { formerInstances: 'cancelled' } })
      for (const day of [7, 8, 9, 10]) {
        const { data } = await client.events.get({ calendarId: HOST, eventId: instance(day) })
        assert.equal([data.status, data.recurringEventId], ['cancelled', 'meeting1'])
      }
    }))
}

test('the instances of an event that does not repeat are the event itself', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, morning(7, { id: 'meeting1' }))
    const { data } = await client.events.instances({ calendarId: HOST, eventId: 'meeting1' })
    assert.equal(data.items, [(await client.events.get({ calendarId: HOST, eventId: 'meeting1' })).data])
    assert.equal(
      [data.items?.[0]?.recurringEventId, data.items?.[0]?.originalStartTime],
      [undefined, undefined],
    )
    assert.ok(data.nextSyncToken)
  }))

test('an instance leaves its series under its own id, and outlives it', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, morning(7, { id: 'meeting1', recurrence: DAILY }))
    standIn.core.drag(HOST, instance(9), { start: '2030-01-09T12:00:00-06:00' })
    const items = await changesOf(client, async () => {
      await act(standIn, `POST ${calendarPath}/events/${instance(8)}/detach`)
      await act(standIn, `POST ${calendarPath}/events/${instance(9)}/detach`)
    })
    assert.equal(
      items.map(({ id, recurringEventId }) => [id, recurringEventId]),
      [
        [instance(8), undefined],
        ['meeting1', undefined],
        [instance(9), undefined],
      ],
    )
    assert.equal(await idsOf(client), [instance(7), instance(10)])
    await client.events.delete({ calendarId: HOST, eventId: 'meeting1' })
    for (const day of [8, 9]) {
      const { data } = await client.events.get({ calendarId: HOST, eventId: instance(day) })
      assert.equal([data.status, data.originalStartTime], ['confirmed', undefined])
    }
    standIn.core.restore(standIn.core.snapshot())
    assert.equal(
      (await client.events.list({ calendarId: HOST })).data.items?.map(({ id }) => id),
      [instance(8), instance(9)],
    )
  }))

test.run()
