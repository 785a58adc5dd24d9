import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { changesOf as changes, failureOf, HOST, morning, withStandIn } from './stand-in-client.ts'

const test = suite("Google's stand-in: series")

const daily = (rule = 'RRULE:FREQ=DAILY;COUNT=6') => morning(7, { id: 'series1', recurrence: [rule] })
const instance = (day: number) => `series1_203001${String(day).padStart(2, '0')}T150000Z`

test('instances carry the UTC start in their ids and stay at the same wall time across a change of clocks', () =>
  withStandIn(async (standIn, client) => {
    const start = { dateTime: '2030-03-09T09:00:00-06:00', timeZone: 'America/Chicago' }
    const end = { dateTime: '2030-03-09T09:30:00-06:00', timeZone: 'America/Chicago' }
    standIn.core.insert(HOST, { id: 'series1', start, end, recurrence: ['RRULE:FREQ=DAILY;COUNT=2'] })
    const { items } = (await client.events.instances({ calendarId: HOST, eventId: 'series1' })).data
    assert.equal(
      items?.map((event) => [event.id, event.start?.dateTime, event.recurringEventId]),
      [
        ['series1_20300309T150000Z', '2030-03-09T09:00:00-06:00', 'series1'],
        ['series1_20300310T140000Z', '2030-03-10T09:00:00-05:00', 'series1'],
      ],
    )
  }))

test('a moved instance keeps its id, comes with its master under one etag, and is found by its present time', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, daily())
    const items = await changes(client, () =>
      client.events.patch({
        calendarId: HOST,
        eventId: instance(8),
        requestBody: {
          start: { dateTime: '2030-01-20T12:00:00-06:00' },
          end: { dateTime: '2030-01-20T12:30:00-06:00' },
        },
      }),
    )
    assert.equal(
      items.map(({ id, sequence, start, originalStartTime }) => [
        id,
        sequence,
        start?.dateTime,
        originalStartTime?.dateTime,
      ]),
      [
        ['series1', 0, '2030-01-07T09:00:00-06:00', undefined],
        [instance(8), 1, '2030-01-20T12:00:00-06:00', '2030-01-08T09:00:00-06:00'],
      ],
    )
    assert.is(items[0]?.etag, items[1]?.etag)
    const { data } = await client.events.instances({
      calendarId: HOST,
      eventId: 'series1',
      timeMin: '2030-01-12T00:00:00Z',
      timeMax: '2030-02-01T00:00:00Z',
    })
    assert.equal(
      data.items?.map(({ id }) => id),
      [instance(12), instance(8)],
    )
  }))

test('a deleted instance is a cancelled exception, in full lists too, and can be asked for', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, daily())
    const items = await changes(client, () =>
      client.events.delete({ calendarId: HOST, eventId: instance(9) }),
    )
    assert.equal(Object.keys(items[1] ?? {}), [
      'kind',
      'etag',
      'id',
      'status',
      'recurringEventId',
      'originalStartTime',
    ])
    const full = (await client.events.list({ calendarId: HOST })).data.items
    assert.equal(
      full?.map(({ id, status }) => [id, status]),
      [
        ['series1', 'confirmed'],
        [instance(9), 'cancelled'],
      ],
    )
    const ids = async (showDeleted: boolean) =>
      (await client.events.instances({ calendarId: HOST, eventId: 'series1', showDeleted })).data.items
        ?.length
    assert.equal([await ids(false), await ids(true)], [5, 6])
    assert.is((await client.events.get({ calendarId: HOST, eventId: instance(9) })).data.status, 'cancelled')
    assert.is((await failureOf(client.events.get({ calendarId: HOST, eventId: instance(20) }))).status, 404)
    standIn.core.restoreEvent(HOST, instance(9))
    assert.is(await ids(false), 6)
  }))

test('a deleted series is one id-only entry, and its instances are cancelled when asked for', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, daily())
    standIn.core.drag(HOST, instance(8), { start: '2030-01-08T12:00:00-06:00' })
    const items = await changes(client, () => client.events.delete({ calendarId: HOST, eventId: 'series1' }))
    assert.equal(
      items.map((event) => Object.keys(event)),
      [['kind', 'etag', 'id', 'status']],
    )
    for (const eventId of [instance(8), instance(10)]) {
      assert.is((await client.events.get({ calendarId: HOST, eventId })).data.status, 'cancelled')
    }
    standIn.core.restoreEvent(HOST, 'series1')
    const { data } = await client.events.get({ calendarId: HOST, eventId: instance(8) })
    assert.equal([data.status, data.start?.dateTime], ['confirmed', '2030-01-08T12:00:00-06:00'])
  }))

test('"this and following" ends the master the day before and goes on under `_R`, with the base in the ids', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, daily())
    standIn.core.delete(HOST, instance(8))
    standIn.core.drag(HOST, instance(11), { start: '2030-01-11T12:00:00-06:00' })
    const created = standIn.core.get(HOST, 'series1').created
    const items = await changes(client, () =>
      standIn.core.split(HOST, instance(10), { change: { summary: 'Another' } }),
    )
    assert.equal(
      items.map(({ id, status, recurrence, recurringEventId }) => [
        id,
        status,
        recurrence?.[0],
        recurringEventId,
      ]),
      [
        ['series1', 'confirmed', 'RRULE:FREQ=DAILY;UNTIL=20300110T055959Z', undefined],
        [instance(8), 'cancelled', undefined, 'series1'],
        [instance(11), 'cancelled', undefined, undefined],
        ['series1_R20300110T150000', 'confirmed', 'RRULE:FREQ=DAILY;COUNT=3', undefined],
      ],
    )
    assert.is(new Set(items.map(({ etag }) => etag)).size, 1)
    assert.equal([items[3]?.created, items[3]?.sequence], [created, 0])
    const following = await client.events.instances({ calendarId: HOST, eventId: 'series1_R20300110T150000' })
    assert.equal(
      following.data.items?.map(({ id }) => id),
      [instance(10), instance(11), instance(12)],
    )
    const { data } = await client.events.get({ calendarId: HOST, eventId: instance(11) })
    assert.equal(
      [data.status, data.summary, data.recurringEventId],
      ['confirmed', 'Another', 'series1_R20300110T150000'],
    )
  }))

test('a series that is split again keeps the first id as its base', () =>
  withStandIn(async (standIn) => {
    standIn.core.insert(HOST, daily('RRULE:FREQ=DAILY'))
    standIn.core.split(HOST, instance(10))
    const { id } = standIn.core.split(HOST, instance(12))
    assert.is(id, 'series1_R20300112T150000')
    assert.is(standIn.core.get(HOST, instance(11)).recurringEventId, 'series1_R20300110T150000')
    assert.is(standIn.core.get(HOST, instance(13)).recurringEventId, id)
    standIn.core.end(HOST, instance(14))
    assert.throws(() => standIn.core.get(HOST, instance(14)), /Not Found/)
  }))

test('a series moved as a whole gets new instance ids, and a weekly one takes its weekday along', () =>
  withStandIn(async (standIn) => {
    standIn.core.insert(HOST, daily('RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2'))
    standIn.core.drag(HOST, instance(14), { start: '2030-01-14T12:00:00-06:00' })
    standIn.core.drag(HOST, 'series1', { start: '2030-01-08T10:00:00-06:00' })
    assert.equal(
      standIn.core.instances(HOST, 'series1').items.map(({ id }) => id),
      ['series1_20300108T160000Z', 'series1_20300115T160000Z'],
    )
    assert.is(standIn.core.get(HOST, instance(14)).status, 'cancelled')
  }))

test('all-day series have dates in their ids', () =>
  withStandIn(async (standIn) => {
    const { id } = standIn.core.insert(HOST, {
      start: { date: '2030-01-07' },
      end: { date: '2030-01-08' },
      recurrence: ['RRULE:FREQ=DAILY'],
    })
    const next = standIn.core.split(HOST, `${id}_20300109`)
    assert.is(next.id, `${id}_R20300109`)
    assert.equal(standIn.core.get(HOST, id).recurrence, ['RRULE:FREQ=DAILY;UNTIL=20300108'])
    assert.equal(standIn.core.get(HOST, `${id}_20300110`).start, { date: '2030-01-10' })
  }))

test('a cleared calendar is full cancelled entries under one etag', () =>
  withStandIn(async (standIn, client) => {
    for (let day = 1; day <= 3; day++) standIn.core.insert(HOST, morning(day))
    const items = await changes(client, () => standIn.core.clear(HOST))
    assert.equal(
      items.map(({ status, summary, sequence }) => [status, summary, sequence]),
      Array(3).fill(['cancelled', 'A meeting', 1]),
    )
    assert.is(new Set(items.map(({ etag }) => etag)).size, 1)
  }))

test.run()
