import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { act, ask, calendarPath, changesOf, HOST, morning, withStandIn } from './stand-in-client.ts'

const test = suite("Google's stand-in: a changed organiser")

const OTHER = 'other@example.com'
const owner = (eventId: string, body: object) =>
  [`POST ${calendarPath}/events/${eventId}/organiser`, { email: OTHER, ...body }] as const

test('a former organiser who is no guest keeps an id, in lists and by events.get; the new owner has the event', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.createCalendar({ id: OTHER })
    standIn.core.insert(HOST, morning(7, { id: 'meeting1', attendees: [{ email: 'guest@example.com' }] }))
    const items = await changesOf(client, () => act(standIn, ...owner('meeting1', {})))
    const { data: left } = await client.events.get({ calendarId: HOST, eventId: 'meeting1' })
    for (const entry of [items[0] ?? {}, left]) {
      assert.equal(Object.keys(entry), ['kind', 'etag', 'id', 'status'])
      assert.is(entry.status, 'cancelled')
    }
    const { data: living } = await client.events.get({ calendarId: OTHER, eventId: 'meeting1' })
    assert.equal(
      [living.status, living.start?.dateTime, living.organizer],
      ['confirmed', '2030-01-07T15:00:00Z', { email: OTHER, self: true }],
    )
    assert.equal(
      living.attendees?.map(({ email }) => email),
      [OTHER, 'guest@example.com'],
    )
  }))

test('a former organiser who stays a guest sees another organiser, who is not `self`', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.createCalendar({ id: OTHER })
    standIn.core.insert(HOST, morning(7, { id: 'meeting1' }))
    const items = await changesOf(client, () =>
      act(standIn, ...owner('meeting1', { formerStaysGuest: true })),
    )
    assert.equal([items[0]?.status, items[0]?.organizer], ['confirmed', { email: OTHER }])
    const mine = items[0]?.attendees?.find(({ self }) => self)
    assert.equal([mine?.email, mine?.responseStatus, mine?.organizer], [HOST, 'accepted', undefined])
    const { data: living } = await client.events.get({ calendarId: OTHER, eventId: 'meeting1' })
    assert.is(living.organizer?.self, true)
  }))

test('a series goes over with its exceptions, to somebody without a calendar here too', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.createCalendar({ id: OTHER })
    const series = (id: string) =>
      standIn.core.insert(HOST, morning(7, { id, recurrence: ['RRULE:FREQ=DAILY;COUNT=3'] }))
    series('series1')
    standIn.core.drag(HOST, 'series1_20300108T150000Z', { start: '2030-01-08T12:00:00-06:00' })
    await act(standIn, ...owner('series1', {}))
    const { data } = await client.events.instances({ calendarId: OTHER, eventId: 'series1' })
    assert.equal(
      data.items?.map(({ start }) => start?.dateTime),
      ['2030-01-07T15:00:00Z', '2030-01-08T18:00:00Z', '2030-01-09T15:00:00Z'],
    )
    series('series2')
    const refused = await ask(standIn, ...owner('series2_20300108T150000Z', {}))
    assert.equal(
      [refused.status, (await client.events.list({ calendarId: HOST })).data.items?.length],
      [400, 1],
    )
    await act(standIn, `POST ${calendarPath}/events/series2/organiser`, { email: 'away@example.com' })
    assert.equal((await client.events.list({ calendarId: HOST })).data.items, [])
  }))

test('an event that was deleted keeps its details on its own calendar, one that was moved does not', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.createCalendar({ id: OTHER })
    for (const id of ['deleted1', 'moved1']) standIn.core.insert(HOST, morning(7, { id }))
    await client.events.delete({ calendarId: HOST, eventId: 'deleted1' })
    await client.events.move({ calendarId: HOST, eventId: 'moved1', destination: OTHER })
    const get = async (eventId: string) => (await client.events.get({ calendarId: HOST, eventId })).data
    const [deleted, moved] = [await get('deleted1'), await get('moved1')]
    assert.equal([deleted.status, deleted.organizer?.self], ['cancelled', true])
    assert.ok(deleted.created)
    assert.equal(
      [moved.status, moved.start?.dateTime, moved.end?.dateTime],
      ['cancelled', '2000-01-01T00:00:00Z', '2000-01-02T00:00:00Z'],
    )
    assert.equal([moved.organizer, moved.summary], [undefined, undefined])
  }))

test.run()
