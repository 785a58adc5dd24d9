import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { GoogleStandIn } from '../../../stand-ins/google/http-shell.ts'
import { act, calendarPath, changesOf, HOST, morning, withReceiver, withStandIn } from './stand-in-client.ts'

const test = suite("Google's stand-in: lists as they were met")

const set = (standIn: GoogleStandIn, settings: object) => act(standIn, `PATCH ${calendarPath}`, { settings })
const twice = (id: string) => `PUT ${calendarPath}/events/${id}/twice`
const shown = (items: calendar_v3.Schema$Event[] | undefined) => items?.map(({ id, status }) => [id, status])
const digits = (event: calendar_v3.Schema$Event | undefined) => BigInt(event?.etag?.slice(1, -1) ?? '')

/** All pages of a full list, one entry a page. */
async function oneByOne(client: calendar_v3.Calendar): Promise<calendar_v3.Schema$Event[]> {
  const items: calendar_v3.Schema$Event[] = []
  let pageToken: string | undefined
  do {
    const { data } = await client.events.list({
      calendarId: HOST,
      maxResults: 1,
      ...(pageToken !== undefined && { pageToken }),
    })
    assert.ok((data.items?.length ?? 0) <= 1)
    items.push(...(data.items ?? []))
    pageToken = data.nextPageToken ?? undefined
  } while (pageToken !== undefined)
  return items
}

test('a calendar can give no sync token on any page', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, morning(7))
    const before = (await client.events.list({ calendarId: HOST })).data.nextSyncToken ?? ''
    await set(standIn, { syncTokens: false })
    for (const query of [{}, { syncToken: before }, { maxResults: 1 }]) {
      const { data } = await client.events.list({ calendarId: HOST, ...query })
      assert.equal([data.nextSyncToken, data.nextPageToken], [undefined, undefined])
    }
    await set(standIn, { syncTokens: true })
    assert.ok((await client.events.list({ calendarId: HOST })).data.nextSyncToken)
  }))

test('a living event comes twice, cancelled in an older version before or after itself', () =>
  withStandIn(async (standIn, client) => {
    for (const id of ['first1', 'meeting1', 'last1']) standIn.core.insert(HOST, morning(7, { id }))
    const staleFirst = await changesOf(client, () =>
      act(standIn, twice('meeting1'), { order: 'stale-first' }),
    )
    assert.equal(shown(staleFirst), [
      ['meeting1', 'cancelled'],
      ['meeting1', 'confirmed'],
    ])
    assert.ok(digits(staleFirst[0]) < digits(staleFirst[1]))
    const staleLast = await changesOf(client, () => act(standIn, twice('meeting1'), { order: 'stale-last' }))
    assert.equal(shown(staleLast), [
      ['meeting1', 'confirmed'],
      ['meeting1', 'cancelled'],
    ])
    assert.equal(shown(await oneByOne(client)), [
      ['first1', 'confirmed'],
      ['last1', 'confirmed'],
      ['meeting1', 'confirmed'],
      ['meeting1', 'cancelled'],
    ])
    await act(standIn, `DELETE ${calendarPath}/events/meeting1/twice`)
    assert.is((await oneByOne(client)).length, 3)
  }))

test('a deleted event comes twice, alive in the version before its deletion', () =>
  withStandIn(async (standIn, client) => {
    const was = standIn.core.insert(HOST, morning(7, { id: 'meeting1' }))
    standIn.core.delete(HOST, 'meeting1')
    const items = await changesOf(client, () => act(standIn, twice('meeting1'), { order: 'stale-first' }))
    assert.equal(shown(items), [
      ['meeting1', 'confirmed'],
      ['meeting1', 'cancelled'],
    ])
    assert.is(items[0]?.etag, was.etag)
    assert.equal(shown(await oneByOne(client)), shown(items))
  }))

test('what was deleted long ago comes back in full lists', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, morning(7, { id: 'meeting1' }))
    standIn.core.insert(HOST, morning(7, { id: 'series1', recurrence: ['RRULE:FREQ=DAILY'] }))
    for (const id of ['meeting1', 'series1']) standIn.core.delete(HOST, id)
    const list = async (more = {}) => (await client.events.list({ calendarId: HOST, ...more })).data.items
    assert.equal(await list(), [])
    await set(standIn, { cancelledInFullLists: true })
    const tombstones = [
      ['meeting1', 'cancelled'],
      ['series1', 'cancelled'],
    ]
    assert.equal(shown(await list()), tombstones)
    assert.equal(shown(await list({ singleEvents: true })), tombstones)
  }))

test('a list can stay silent about a change, which is pushed and shown by events.get', () =>
  withReceiver((receiver) =>
    withStandIn(async (standIn, client) => {
      standIn.core.insert(HOST, morning(7, { id: 'meeting1' }))
      const requestBody = { id: 'channel-1', type: 'web_hook', address: receiver.address }
      await client.events.watch({ calendarId: HOST, requestBody })
      await receiver.next()
      await set(standIn, { unlistedWrites: 2 })
      const patch = (body: object) =>
        client.events.patch({ calendarId: HOST, eventId: 'meeting1', requestBody: body })
      const { start, end } = morning(8)
      const silent = await changesOf(client, async () => {
        await patch({
          start: { date: '2030-01-07', dateTime: null, timeZone: null },
          end: { date: '2030-01-08', dateTime: null, timeZone: null },
        })
        await patch({ start: { ...start, date: null }, end: { ...end, date: null } })
      })
      assert.equal(silent, [])
      await receiver.next()
      await receiver.next()
      const { data } = await client.events.get({ calendarId: HOST, eventId: 'meeting1' })
      assert.equal(data.start, start)
      assert.equal((await client.events.list({ calendarId: HOST })).data.items, [data])
      const heard = await changesOf(client, () => patch({ summary: 'Another' }))
      assert.is(heard[0]?.summary, 'Another')
    }),
  ))

test('a list can be empty after a push, and give the change with the same token a little later', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, morning(7, { id: 'meeting1' }))
    await set(standIn, { lateLists: 1 })
    const syncToken = (await client.events.list({ calendarId: HOST })).data.nextSyncToken ?? ''
    standIn.core.delete(HOST, 'meeting1')
    const { data: early } = await client.events.list({ calendarId: HOST, syncToken })
    assert.equal(early.items, [])
    for (const token of [syncToken, early.nextSyncToken ?? '']) {
      const { data } = await client.events.list({ calendarId: HOST, syncToken: token })
      assert.equal(shown(data.items), [['meeting1', 'cancelled']])
    }
  }))

test.run()
