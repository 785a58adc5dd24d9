import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { act, calendarPath, changesOf, HOST, morning, withReceiver, withStandIn } from './stand-in-client.ts'

const test = suite("Google's stand-in: other programs, and guests")

const guests = { attendees: [{ email: 'guest@example.com' }, { email: HOST, responseStatus: 'accepted' }] }

test('another program shifts every event by an hour, each in a version and with a push of its own', () =>
  withReceiver((receiver) =>
    withStandIn(async (standIn, client) => {
      for (const day of [7, 8]) standIn.core.insert(HOST, morning(day, { id: `meeting${day}` }))
      standIn.core.insert(HOST, { id: 'dated1', start: { date: '2030-01-07' }, end: { date: '2030-01-08' } })
      standIn.core.insert(HOST, morning(9, { id: 'gone1' }))
      standIn.core.delete(HOST, 'gone1')
      const requestBody = { id: 'channel-1', type: 'web_hook', address: receiver.address }
      await client.events.watch({ calendarId: HOST, requestBody })
      await receiver.next()
      const items = await changesOf(client, async () => {
        assert.equal(await act(standIn, `POST ${calendarPath}/shift`, { minutes: 60 }), { versions: 2 })
      })
      assert.equal(
        items.map(({ id, start, sequence }) => [id, start?.dateTime, sequence]),
        [
          ['meeting7', '2030-01-07T10:00:00-06:00', 1],
          ['meeting8', '2030-01-08T10:00:00-06:00', 1],
        ],
      )
      assert.is(new Set(items.map(({ etag }) => etag)).size, 2)
      await receiver.next()
      await receiver.next()
    }),
  ))

test('a mass edit in one step is one version, series with all their exceptions, and can be of some events', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, morning(7, { id: 'series1', recurrence: ['RRULE:FREQ=DAILY;COUNT=3'] }))
    standIn.core.drag(HOST, 'series1_20300108T150000Z', { start: '2030-01-08T12:00:00-06:00' })
    for (const day of [7, 8]) standIn.core.insert(HOST, morning(day, { id: `meeting${day}` }))
    const body = { minutes: -30, oneEtag: true, events: ['series1', 'meeting7'] }
    const items = await changesOf(client, () => act(standIn, `POST ${calendarPath}/shift`, body))
    assert.equal(
      items.map(({ id, status }) => [id, status]),
      [
        ['series1', 'confirmed'],
        ['series1_20300108T150000Z', 'cancelled'],
        ['meeting7', 'confirmed'],
      ],
    )
    assert.is(new Set(items.map(({ etag }) => etag)).size, 1)
    assert.is(items[0]?.start?.dateTime, '2030-01-07T08:30:00-06:00')
  }))

test('another program strips the guests', () =>
  withStandIn(async (standIn, client) => {
    const recurrence = ['RRULE:FREQ=DAILY;COUNT=3']
    standIn.core.insert(HOST, morning(7, { id: 'meeting7', ...guests }))
    standIn.core.insert(HOST, morning(8, { id: 'alone8' }))
    standIn.core.insert(HOST, morning(9, { id: 'series9', recurrence, ...guests }))
    standIn.core.drag(HOST, 'series9_20300110T150000Z', { start: '2030-01-10T12:00:00-06:00' })
    const items = await changesOf(client, () => act(standIn, `POST ${calendarPath}/strip-guests`, {}))
    assert.equal(
      items.map(({ id, attendees }) => [id, attendees]),
      [
        ['meeting7', undefined],
        ['series9', undefined],
        ['series9_20300110T150000Z', undefined],
      ],
    )
  }))

test('host and guests decline and take it back, which is no other time', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, morning(7, { id: 'meeting7', ...guests }))
    const answers = async () => {
      const { data } = await client.events.get({ calendarId: HOST, eventId: 'meeting7' })
      return [data.sequence, ...(data.attendees?.map(({ responseStatus }) => responseStatus) ?? [])]
    }
    const path = `POST ${calendarPath}/events/meeting7`
    await act(standIn, `${path}/decline`, {})
    assert.equal(await answers(), [0, 'needsAction', 'declined'])
    await act(standIn, `${path}/decline`, { email: 'guest@example.com' })
    assert.equal(await answers(), [0, 'declined', 'declined'])
    await act(standIn, `${path}/respond`, { response: 'accepted' })
    await act(standIn, `${path}/respond`, { response: 'tentative', email: 'guest@example.com' })
    assert.equal(await answers(), [0, 'tentative', 'accepted'])
  }))

test('rooms are guests, and where there are too many guests only the own entry is given', () =>
  withStandIn(async (standIn, client) => {
    const room = { email: 'room@resource.calendar.google.com', resource: true, responseStatus: 'accepted' }
    const attendees = [...guests.attendees, room]
    standIn.core.insert(HOST, morning(7, { id: 'meeting7', attendees }))
    const { data } = await client.events.get({ calendarId: HOST, eventId: 'meeting7' })
    assert.equal(data.attendees?.[2], room)
    const few = await client.events.get({ calendarId: HOST, eventId: 'meeting7', maxAttendees: 1 })
    const own = { email: HOST, responseStatus: 'accepted', self: true, organizer: true }
    assert.equal([few.data.attendees, few.data.attendeesOmitted], [[own], true])
    const change = { attendees: [own], attendeesOmitted: true }
    await act(standIn, `POST ${calendarPath}/events/meeting7/rewrite`, { change })
    const { items } = (await client.events.list({ calendarId: HOST })).data
    assert.equal([items?.[0]?.attendees?.length, items?.[0]?.attendeesOmitted], [1, true])
  }))

test.run()
