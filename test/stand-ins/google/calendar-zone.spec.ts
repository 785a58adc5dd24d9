import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { act, calendarPath, changesOf, failureOf, HOST, morning, withStandIn } from './stand-in-client.ts'

const test = suite("Google's stand-in: another zone for a calendar")

const berlin = {
  start: { dateTime: '2030-01-07T16:00:00+01:00', timeZone: 'Europe/Berlin' },
  end: { dateTime: '2030-01-07T17:00:00+01:00', timeZone: 'Europe/Berlin' },
}

test('times in the zone of the calendar keep their clock, times with a zone of their own their instant', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, morning(7, { id: 'here1' }))
    standIn.core.insert(HOST, { id: 'there1', ...berlin })
    standIn.core.insert(HOST, { id: 'dated1', start: { date: '2030-01-07' }, end: { date: '2030-01-08' } })
    const there = standIn.core.get(HOST, 'there1')
    const items = await changesOf(client, () =>
      act(standIn, `POST ${calendarPath}/zone`, { timeZone: 'America/New_York' }),
    )
    assert.equal(
      items.map(({ id, start }) => [id, start]),
      [['here1', { dateTime: '2030-01-07T09:00:00-05:00', timeZone: 'America/New_York' }]],
    )
    const { data } = await client.events.get({ calendarId: HOST, eventId: 'there1' })
    assert.equal(
      [data.etag, data.start],
      [there.etag, { dateTime: '2030-01-07T10:00:00-05:00', timeZone: 'Europe/Berlin' }],
    )
  }))

test('the setting of the calendar alone changes how times are written, and no event', () =>
  withStandIn(async (standIn, client) => {
    const { etag } = standIn.core.insert(HOST, morning(7, { id: 'here1' }))
    const requestBody = { timeZone: 'America/New_York', summary: 'Mine' }
    assert.equal(await changesOf(client, () => client.calendars.patch({ calendarId: HOST, requestBody })), [])
    const { data } = await client.events.get({ calendarId: HOST, eventId: 'here1' })
    const start = { dateTime: '2030-01-07T10:00:00-05:00', timeZone: 'America/Chicago' }
    assert.equal([data.etag, data.start], [etag, start])
    const { data: calendar } = await client.calendars.get({ calendarId: HOST })
    assert.equal([calendar.timeZone, calendar.summary], ['America/New_York', 'Mine'])
    assert.is((await client.events.list({ calendarId: HOST })).data.timeZone, 'America/New_York')
    const wrong = client.calendars.patch({ calendarId: HOST, requestBody: { timeZone: 'Mars/Olympus' } })
    assert.is((await failureOf(wrong)).status, 400)
  }))

test('the version can stay the same, and the lists silent until the event is edited', () =>
  withStandIn(async (standIn, client) => {
    const { etag, updated } = standIn.core.insert(HOST, morning(7, { id: 'here1' }))
    const zone = (timeZone: string, more: object) =>
      act(standIn, `POST ${calendarPath}/zone`, { timeZone, sameEtag: true, ...more })
    const listed = await changesOf(client, () => zone('America/New_York', {}))
    assert.equal(
      listed.map((event) => [event.etag, event.updated, event.start?.dateTime]),
      [[etag, updated, '2030-01-07T09:00:00-05:00']],
    )
    assert.equal(await changesOf(client, () => zone('Europe/Berlin', { listed: false })), [])
    const edited = await changesOf(client, () =>
      client.events.patch({ calendarId: HOST, eventId: 'here1', requestBody: { summary: 'Another' } }),
    )
    assert.is(edited[0]?.start?.dateTime, '2030-01-07T09:00:00+01:00')
    assert.is.not(edited[0]?.etag, etag)
  }))

test('a series goes along with the clock, under new ids for its instances', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, morning(7, { id: 'series1', recurrence: ['RRULE:FREQ=DAILY;COUNT=2'] }))
    standIn.core.drag(HOST, 'series1_20300108T150000Z', { start: '2030-01-08T12:00:00-06:00' })
    const items = await changesOf(client, () =>
      act(standIn, `POST ${calendarPath}/zone`, { timeZone: 'America/New_York' }),
    )
    assert.equal(
      items.map(({ id, status }) => [id, status]),
      [
        ['series1', 'confirmed'],
        ['series1_20300108T150000Z', 'cancelled'],
      ],
    )
    assert.equal(
      standIn.core.instances(HOST, 'series1').items.map(({ id, start }) => [id, start?.dateTime]),
      [
        ['series1_20300107T140000Z', '2030-01-07T09:00:00-05:00'],
        ['series1_20300108T140000Z', '2030-01-08T09:00:00-05:00'],
      ],
    )
  }))

test.run()
