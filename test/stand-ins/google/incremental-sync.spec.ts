import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { failureOf, HOST, morning, withStandIn } from './stand-in-client.ts'

const test = suite("Google's stand-in: lists and sync tokens")

test('a full list gives a token, and with it comes what changed since, and nothing else', () =>
  withStandIn(async (standIn, client) => {
    const { data: first } = await client.events.insert({ calendarId: HOST, requestBody: morning(7) })
    await client.events.insert({ calendarId: HOST, requestBody: morning(8) })
    const full = (await client.events.list({ calendarId: HOST })).data
    assert.is(full.items?.length, 2)
    assert.ok(full.nextSyncToken)
    assert.not(full.nextPageToken)

    standIn.core.drag(HOST, first.id ?? '', { start: '2030-01-07T15:00:00-06:00' })
    const syncToken = full.nextSyncToken ?? ''
    const changed = (await client.events.list({ calendarId: HOST, syncToken })).data
    assert.equal(
      changed.items?.map((event) => [event.id, event.start?.dateTime, event.end?.dateTime, event.sequence]),
      [[first.id, '2030-01-07T15:00:00-06:00', '2030-01-07T15:30:00-06:00', 1]],
    )
    assert.is.not(changed.items?.[0]?.etag, first.etag)
    const again = await client.events.list({ calendarId: HOST, syncToken: changed.nextSyncToken ?? '' })
    assert.equal(again.data.items, [])
  }))

test('an event has the fields, etag and times that Google gives', () =>
  withStandIn(async (_standIn, client) => {
    const { data } = await client.events.insert({
      calendarId: HOST,
      requestBody: morning(7, { attendees: [{ email: 'guest@example.com' }, { email: HOST }] }),
    })
    assert.is(data.kind, 'calendar#event')
    assert.is(data.status, 'confirmed')
    assert.is(data.iCalUID, `${data.id}@google.com`)
    assert.equal(data.organizer, { email: HOST, self: true })
    assert.equal(data.attendees?.[1], {
      email: HOST,
      responseStatus: 'needsAction',
      self: true,
      organizer: true,
    })
    const micros = BigInt(data.etag?.slice(1, -1) ?? '') / 2n
    assert.is(new Date(Number(micros / 1000n)).toISOString(), data.updated)
  }))

test('a deleted event is an id in the list and whole in events.get', () =>
  withStandIn(async (_standIn, client) => {
    const { data: event } = await client.events.insert({ calendarId: HOST, requestBody: morning(7) })
    const eventId = event.id ?? ''
    const { nextSyncToken } = (await client.events.list({ calendarId: HOST })).data
    await client.events.delete({ calendarId: HOST, eventId })
    const { items } = (await client.events.list({ calendarId: HOST, syncToken: nextSyncToken ?? '' })).data
    assert.equal(Object.keys(items?.[0] ?? {}), ['kind', 'etag', 'id', 'status'])
    assert.is(items?.[0]?.status, 'cancelled')
    const { data: whole } = await client.events.get({ calendarId: HOST, eventId })
    assert.is(whole.status, 'cancelled')
    assert.is(whole.summary, 'A meeting')
    assert.is(whole.sequence, 1)
    assert.is((await failureOf(client.events.delete({ calendarId: HOST, eventId }))).reason, 'deleted')
    assert.equal((await client.events.list({ calendarId: HOST })).data.items, [])
  }))

test('the token comes on the last page only, and pages can be short or empty', () =>
  withStandIn(async (standIn, client) => {
    for (let day = 1; day <= 5; day++) standIn.core.insert(HOST, morning(day))
    standIn.core.faults.set({ methods: ['list'], emptyPage: true, times: 1 })
    const sizes: (number | undefined)[] = []
    let pageToken: string | undefined
    do {
      const { data } = await client.events.list({
        calendarId: HOST,
        maxResults: 2,
        ...(pageToken && { pageToken }),
      })
      sizes.push(data.items?.length)
      pageToken = data.nextPageToken ?? undefined
      assert.is(data.nextSyncToken === undefined, pageToken !== undefined)
    } while (pageToken)
    assert.equal(sizes, [0, 2, 2, 1])
  }))

test('what changes while pages are read comes with the next sync', () =>
  withStandIn(async (standIn, client) => {
    const ids = [1, 2, 3].map((day) => standIn.core.insert(HOST, morning(day)).id)
    const { data: one } = await client.events.list({ calendarId: HOST, maxResults: 2 })
    standIn.core.delete(HOST, ids[2] ?? '')
    const { data: two } = await client.events.list({
      calendarId: HOST,
      maxResults: 2,
      pageToken: one.nextPageToken ?? '',
    })
    assert.equal(two.items, [])
    const { data: next } = await client.events.list({ calendarId: HOST, syncToken: two.nextSyncToken ?? '' })
    assert.equal(
      next.items?.map(({ id, status }) => [id, status]),
      [[ids[2], 'cancelled']],
    )
  }))

test('tokens that are malformed, foreign, outdated or beside forbidden parameters are refused', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.createCalendar({ id: 'other@example.com' })
    const list = (query: object) => failureOf(client.events.list({ calendarId: HOST, ...query }))
    const syncToken = (await client.events.list({ calendarId: HOST })).data.nextSyncToken ?? ''
    const foreign = (await client.events.list({ calendarId: 'other@example.com' })).data.nextSyncToken
    assert.is((await list({ syncToken: 'x' })).reason, 'invalid')
    assert.is((await list({ syncToken: foreign })).status, 400)
    assert.is((await list({ syncToken, singleEvents: true })).status, 400)
    for (const query of [
      { timeMin: '2030-01-01T00:00:00Z' },
      { orderBy: 'updated' },
      { q: 'x' },
      { showDeleted: false },
      { updatedMin: '2030-01-01T00:00:00Z' },
      { iCalUID: 'x' },
    ]) {
      assert.is((await list({ syncToken, ...query })).status, 400, Object.keys(query)[0])
    }
    standIn.core.expireSyncTokens(HOST)
    const { status, reason } = await list({ syncToken })
    assert.equal([status, reason], [410, 'fullSyncRequired'])
  }))

test('a window of time holds the events that reach into it, series by their occurrences', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, morning(7, { id: 'single1' }))
    standIn.core.insert(HOST, morning(1, { id: 'series1', recurrence: ['RRULE:FREQ=WEEKLY'] }))
    const ids = async (timeMin: string, timeMax?: string) =>
      (await client.events.list({ calendarId: HOST, timeMin, ...(timeMax && { timeMax }) })).data.items?.map(
        ({ id }) => id,
      )
    assert.equal(await ids('2030-01-07T15:15:00Z'), ['single1', 'series1'])
    assert.equal(await ids('2030-01-07T15:30:00Z'), ['series1'])
    assert.equal(await ids('2030-01-09T00:00:00Z', '2030-01-15T15:00:00Z'), [])
    assert.equal(await ids('2030-01-09T00:00:00Z', '2030-01-15T15:01:00Z'), ['series1'])
    const opened = await client.events.list({
      calendarId: HOST,
      singleEvents: true,
      orderBy: 'startTime',
      timeMin: '2030-01-05T00:00:00Z',
      timeMax: '2030-01-16T00:00:00Z',
    })
    assert.equal(
      opened.data.items?.map(({ id }) => id),
      ['single1', 'series1_20300108T150000Z', 'series1_20300115T150000Z'],
    )
    assert.not(opened.data.nextSyncToken)
  }))

test('a fields mask leaves out what was not asked for', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, morning(7, { attendees: [{ email: 'guest@example.com' }] }))
    const fields = 'nextPageToken,nextSyncToken,items(id,start/dateTime,attendees(responseStatus))'
    const { data } = await client.events.list({ calendarId: HOST, fields })
    assert.equal(Object.keys(data).sort(), ['items', 'nextSyncToken'])
    assert.equal(
      data.items?.map(({ id: _, ...event }) => event),
      [{ start: { dateTime: '2030-01-07T09:00:00-06:00' }, attendees: [{ responseStatus: 'needsAction' }] }],
    )
    assert.is((await failureOf(client.events.list({ calendarId: HOST, fields: 'items(' }))).status, 400)
  }))

test('an event moved to another calendar leaves a placeholder with false times', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.createCalendar({ id: 'other@example.com' })
    const { data: event } = await client.events.insert({ calendarId: HOST, requestBody: morning(7) })
    const eventId = event.id ?? ''
    const { nextSyncToken } = (await client.events.list({ calendarId: HOST })).data
    const { data: moved } = await client.events.move({
      calendarId: HOST,
      eventId,
      destination: 'other@example.com',
    })
    assert.equal(
      [moved.status, moved.etag, moved.organizer?.email],
      ['cancelled', event.etag, 'other@example.com'],
    )
    const { data: left } = await client.events.get({ calendarId: HOST, eventId })
    assert.is(left.start?.dateTime, '2000-01-01T00:00:00Z')
    assert.equal([left.summary, left.organizer, left.sequence], [undefined, undefined, undefined])
    const { items } = (await client.events.list({ calendarId: HOST, syncToken: nextSyncToken ?? '' })).data
    assert.equal(Object.keys(items?.[0] ?? {}), ['kind', 'etag', 'id', 'status'])
    const { data: arrived } = await client.events.get({ calendarId: 'other@example.com', eventId })
    assert.is(arrived.status, 'confirmed')
    assert.is(arrived.start?.dateTime, '2030-01-07T15:00:00Z')
  }))

test('a write with an old etag is 412, and an event that never was is 404', () =>
  withStandIn(async (_standIn, client) => {
    const { data: event } = await client.events.insert({ calendarId: HOST, requestBody: morning(7) })
    const change = { calendarId: HOST, eventId: event.id ?? '', requestBody: { summary: 'New' } }
    await client.events.patch(change, { headers: { 'If-Match': event.etag ?? '' } })
    const late = await failureOf(client.events.patch(change, { headers: { 'If-Match': event.etag ?? '' } }))
    assert.equal([late.status, late.reason], [412, 'conditionNotMet'])
    const never = await failureOf(client.events.get({ calendarId: HOST, eventId: 'never' }))
    assert.equal([never.status, never.reason], [404, 'notFound'])
    assert.is((await failureOf(client.events.list({ calendarId: 'nobody@example.com' }))).status, 404)
  }))

test('an event becomes all-day and timed again by a patch', () =>
  withStandIn(async (_standIn, client) => {
    const { data: event } = await client.events.insert({ calendarId: HOST, requestBody: morning(7) })
    const patch = async (requestBody: object) =>
      (await client.events.patch({ calendarId: HOST, eventId: event.id ?? '', requestBody })).data
    const allDay = await patch({
      start: { date: '2030-01-07', dateTime: null, timeZone: null },
      end: { date: '2030-01-08', dateTime: null, timeZone: null },
    })
    assert.equal([allDay.start, allDay.end], [{ date: '2030-01-07' }, { date: '2030-01-08' }])
    const { start, end } = morning(7)
    const timed = await patch({ start: { ...start, date: null }, end: { ...end, date: null } })
    assert.equal([timed.start, timed.end], [start, end])
  }))

test('times and guests that Google refuses are refused', () =>
  withStandIn(async (_standIn, client) => {
    const insert = (requestBody: object) => failureOf(client.events.insert({ calendarId: HOST, requestBody }))
    const { start, end } = morning(7)
    assert.is((await insert({ start: end, end: start })).reason, 'timeRangeEmpty')
    assert.is((await insert({ start })).reason, 'required')
    assert.is((await insert({ start, end, attendees: [{ email: 'not-an-email' }] })).reason, 'invalid')
    assert.is((await insert({ start, end, recurrence: ['RRULE:FREQ=SOMETIMES'] })).reason, 'invalid')
  }))

test.run()
