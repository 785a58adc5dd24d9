import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  act,
  calendarPath,
  changesOf,
  failureOf,
  HOST,
  type Json,
  morning,
  withReceiver,
  withStandIn,
} from './stand-in-client.ts'

const test = suite("Google's stand-in: what imports bring in")

const { start, end } = morning(7)
const importing = `POST ${calendarPath}/import`

test('events of no length are held, but not taken from the API', () =>
  withStandIn(async (standIn, client) => {
    const events = [
      { id: 'instant1', start, end: start },
      { id: 'backwards1', start: end, end: start },
      { iCalUID: 'zero@elsewhere', start: '2030-01-07', end: '2030-01-07' },
    ]
    const items = await changesOf(client, () => act(standIn, importing, { events }))
    assert.equal(
      items.map((event) => [event.start, event.end]),
      [
        [start, start],
        [end, start],
        [{ date: '2030-01-07' }, { date: '2030-01-07' }],
      ],
    )
    assert.match(items[2]?.id ?? '', /^_[0-9a-v]+$/)
    const insert = (requestBody: object) => failureOf(client.events.insert({ calendarId: HOST, requestBody }))
    for (const body of [
      { start, end: start },
      { start: end, end: start },
    ]) {
      const { status, reason } = await insert(body)
      assert.equal([status, reason], [400, 'timeRangeEmpty'])
    }
    const import1 = client.events.import({
      calendarId: HOST,
      requestBody: { iCalUID: 'x', start, end: start },
    })
    assert.is((await failureOf(import1)).reason, 'timeRangeEmpty')
    const patched = client.events.patch({
      calendarId: HOST,
      eventId: 'instant1',
      requestBody: { start: end },
    })
    assert.is((await failureOf(patched)).reason, 'timeRangeEmpty')
  }))

test('guests of wrong types are refused, not taken', () =>
  withStandIn(async (_standIn, client) => {
    const { data } = await client.events.insert({ calendarId: HOST, requestBody: { start, end } })
    const eventId = data.id ?? ''
    const email = 'ada@example.com'
    const wrong: unknown[] = [
      'ada',
      { email },
      [null],
      ['ada@example.com'],
      [7],
      [{}],
      [{ email: 7 }],
      [{ email: [email] }],
      [{ email: { toLowerCase: email } }],
      [{ email, responseStatus: 7 }],
      [{ email, responseStatus: 'perhaps' }],
    ]
    for (const attendees of wrong) {
      const requestBody = { start, end, attendees } as object // what no type of the client's allows
      const refused = [
        client.events.insert({ calendarId: HOST, requestBody }),
        client.events.patch({ calendarId: HOST, eventId, requestBody }),
        client.events.update({ calendarId: HOST, eventId, requestBody }),
      ]
      for (const one of refused) assert.is((await failureOf(one)).status, 400, JSON.stringify(attendees))
    }
  }))

test('unknown values, zones and years, and an event without a start, are given as they are', () =>
  withStandIn(async (standIn, client) => {
    const events = [
      { id: 'values1', start, end, status: 'postponed', eventType: 'ritual' },
      { id: 'zone1', start: { ...start, timeZone: 'Mars/Olympus' }, end },
      {
        id: 'zone2',
        start: { ...start, timeZone: 'Mars/Olympus' },
        end,
        recurrence: ['RRULE:FREQ=DAILY;COUNT=2'],
      },
      { id: 'late1', start: { dateTime: '9999-12-31T23:00:00Z' }, end: { dateTime: '9999-12-31T23:30:00Z' } },
      {
        id: 'beyond1',
        start: { dateTime: '12030-01-07T09:00:00Z' },
        end: { dateTime: '12030-01-07T10:00:00Z' },
      },
      { id: 'timeless1', summary: 'Some day' },
    ]
    await act(standIn, importing, { events })
    const get = async (eventId: string) => (await client.events.get({ calendarId: HOST, eventId })).data
    const values = await get('values1')
    assert.equal([values.status, values.eventType], ['postponed', 'ritual'])
    assert.is((await get('zone1')).start?.timeZone, 'Mars/Olympus')
    assert.is((await get('beyond1')).start?.dateTime, '12030-01-07T09:00:00Z')
    assert.is((await get('timeless1')).start, undefined)
    const timeMin = '2030-01-01T00:00:00Z'
    const full = await client.events.list({ calendarId: HOST, timeMin })
    assert.is(full.data.items?.length, events.length)
    const opened = await client.events.list({ calendarId: HOST, singleEvents: true, timeMin })
    assert.is(opened.data.items?.length, events.length + 1)
  }))

test('series that have nothing in common share `created`, or one version', () =>
  withStandIn(async (standIn, client) => {
    for (const created of [
      '0000-12-31T00:00:00.000Z',
      '0001-01-01T00:00:00.000Z',
      '1900-01-01T12:00:00.000Z',
    ]) {
      const events = [7, 8].map((day) => morning(day, { created, recurrence: ['RRULE:FREQ=WEEKLY'] }))
      const items = await changesOf(client, () => act(standIn, importing, { events, oneEtag: true }))
      assert.equal([...new Set(items.map((event) => event.created))], [created])
      assert.is(new Set(items.map(({ etag }) => etag)).size, 1)
      assert.is(new Set(items.map(({ id }) => id)).size, 2)
    }
    const apart = (await act(standIn, importing, { events: [morning(9), morning(10)] })).items as Json[]
    assert.is(new Set(apart.map(({ etag }) => etag)).size, 2)
  }))

test('a series can consist of dates only', () =>
  withStandIn(async (standIn, client) => {
    const recurrence = ['RDATE;TZID=America/Chicago:20300110T090000,20300115T120000']
    await client.events.insert({ calendarId: HOST, requestBody: morning(7, { id: 'dates1', recurrence }) })
    const starts = async () =>
      (await client.events.instances({ calendarId: HOST, eventId: 'dates1' })).data.items?.map(({ id }) => id)
    const all = ['dates1_20300107T150000Z', 'dates1_20300110T150000Z', 'dates1_20300115T180000Z']
    assert.equal(await starts(), all)
    await act(standIn, `POST ${calendarPath}/events/${all[2]}/end`)
    assert.equal(await starts(), all.slice(0, 2))
    assert.equal((await client.events.get({ calendarId: HOST, eventId: 'dates1' })).data.recurrence, [
      'RDATE;TZID=America/Chicago:20300110T090000',
    ])
  }))

test('an event is rewritten in the version that it has, to other times and to another status', () =>
  withReceiver((receiver) =>
    withStandIn(async (standIn, client) => {
      const { etag, updated } = standIn.core.insert(HOST, morning(7, { id: 'meeting1' }))
      const requestBody = { id: 'channel-1', type: 'web_hook', address: receiver.address }
      await client.events.watch({ calendarId: HOST, requestBody })
      await receiver.next()
      const rewrite = (change: object, more: object = {}) =>
        act(standIn, `POST ${calendarPath}/events/meeting1/rewrite`, { change, sameEtag: true, ...more })
      const later = { start: '2030-01-07T16:00:00Z', end: '2030-01-07T16:30:00Z' }
      const moved = await changesOf(client, () => rewrite(later))
      assert.equal(
        moved.map((event) => [event.etag, event.updated, event.start?.dateTime]),
        [[etag, updated, '2030-01-07T10:00:00-06:00']],
      )
      await receiver.next()
      assert.equal(await changesOf(client, () => rewrite({ status: 'cancelled' }, { listed: false })), [])
      const { data } = await client.events.get({ calendarId: HOST, eventId: 'meeting1' })
      assert.equal([data.status, data.etag], ['cancelled', etag])
      await rewrite({ status: 'confirmed', summary: null })
      await receiver.next()
      const again = (await client.events.get({ calendarId: HOST, eventId: 'meeting1' })).data
      assert.equal([again.status, again.summary], ['confirmed', undefined])
    }),
  ))

test.run()
