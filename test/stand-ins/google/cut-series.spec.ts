import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { act, calendarPath, changesOf, HOST, morning, withStandIn } from './stand-in-client.ts'

const test = suite("Google's stand-in: series cut by other clients")

const instance = (day: number) => `series1_203001${String(day).padStart(2, '0')}T150000Z`
const daily = () => morning(7, { id: 'series1', recurrence: ['RRULE:FREQ=DAILY'] })
const until = (client: calendar_v3.Calendar, day: string) =>
  client.events.patch({
    calendarId: HOST,
    eventId: 'series1',
    requestBody: { recurrence: [`RRULE:FREQ=DAILY;UNTIL=${day}T235959Z`] },
  })

test('exceptions live on behind a new UNTIL, whatever is done to the series later', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, daily())
    standIn.core.drag(HOST, instance(12), { start: '2030-01-12T12:00:00-06:00' })
    standIn.core.delete(HOST, instance(13))
    await act(standIn, `PATCH ${calendarPath}`, { settings: { exceptionsOutlive: true } })
    const items = await changesOf(client, () => until(client, '20300109'))
    assert.equal(
      items.map(({ id, status, recurringEventId }) => [id, status, recurringEventId]),
      [
        ['series1', 'confirmed', undefined],
        [instance(12), 'confirmed', 'series1'],
        [instance(13), 'cancelled', undefined],
      ],
    )
    await client.events.patch({ calendarId: HOST, eventId: 'series1', requestBody: { summary: 'New' } })
    const { data } = await client.events.get({ calendarId: HOST, eventId: instance(12) })
    assert.equal([data.status, data.start?.dateTime], ['confirmed', '2030-01-12T12:00:00-06:00'])
    const { data: all } = await client.events.instances({ calendarId: HOST, eventId: 'series1' })
    assert.equal(
      all.items?.map(({ id }) => id),
      [7, 8, 9, 12].map(instance),
    )
  }))

test('without that an exception behind UNTIL is an id only, and the master can end before it starts', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, daily())
    standIn.core.drag(HOST, instance(12), { start: '2030-01-12T12:00:00-06:00' })
    const items = await changesOf(client, () => until(client, '20300101'))
    assert.equal(
      items.map((event) => [event.id, event.status, event.recurringEventId]),
      [
        ['series1', 'confirmed', undefined],
        [instance(12), 'cancelled', undefined],
      ],
    )
    const { data } = await client.events.instances({ calendarId: HOST, eventId: 'series1' })
    assert.equal(data.items, [])
  }))

test('a split that also changes the time goes on under an unrelated id, kin by `created` and etag', () =>
  withStandIn(async (standIn, client) => {
    const { created } = standIn.core.insert(HOST, daily())
    const change = { start: '2030-01-10T12:00:00-06:00', end: '2030-01-10T12:30:00-06:00' }
    const items = await changesOf(client, () =>
      act(standIn, `POST ${calendarPath}/events/${instance(10)}/split`, { freshId: true, change }),
    )
    assert.is(items.length, 2)
    assert.match(items[1]?.id ?? '', /^[0-9a-v]{26}$/)
    assert.equal([items[1]?.etag, items[1]?.created], [items[0]?.etag, created])
    assert.equal(items[0]?.recurrence, ['RRULE:FREQ=DAILY;UNTIL=20300110T055959Z'])
  }))

test.run()
