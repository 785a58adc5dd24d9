import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { failureOf, HOST, morning, withStandIn } from './stand-in-client.ts'

const test = suite("Google's stand-in: free text")

const UID = 'bk9XvQ2mWn4tR7sLd3'

test('`q` finds whole words of title, description, place and people, in any order and case', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(
      HOST,
      morning(7, {
        id: 'meeting1',
        summary: '30min between Host and Ann',
        description: `Reschedule or cancel: <a href="https://app.cal.com/booking/${UID}?changes=true">here</a>`,
        location: 'Café Größe, 3rd floor',
        attendees: [{ email: 'ann@guests.example', displayName: 'Ann Lee' }],
      }),
    )
    standIn.core.insert(HOST, morning(8, { id: 'meeting2', summary: 'Another event2' }))
    const found = async (q: string) =>
      (await client.events.list({ calendarId: HOST, q })).data.items?.map(({ id }) => id)
    for (const q of [
      UID,
      UID.toLowerCase(),
      'between 30MIN',
      'café floor',
      'größe',
      'lee',
      'ann@guests.example',
    ]) {
      assert.equal(await found(q), ['meeting1'], q)
    }
    for (const q of [UID.slice(0, -1), 'event', 'betw', '30min between nobody']) {
      assert.equal(await found(q), [], q)
    }
    assert.equal(await found('host'), ['meeting1', 'meeting2'])
  }))

test('a mask can leave title and description out of what was searched, and no sync token comes', () =>
  withStandIn(async (standIn, client) => {
    const words = { summary: 'A title', description: `https://cal.com/booking/${UID}` }
    standIn.core.insert(HOST, morning(7, { id: 'meeting1', ...words }))
    const fields = 'nextPageToken,nextSyncToken,items(id,status,start,end)'
    const { data } = await client.events.list({ calendarId: HOST, q: UID, fields })
    assert.equal(Object.keys(data), ['items'])
    assert.equal(Object.keys(data.items?.[0] ?? {}).sort(), ['end', 'id', 'start', 'status'])
    const syncToken = (await client.events.list({ calendarId: HOST })).data.nextSyncToken ?? ''
    const both = await failureOf(client.events.list({ calendarId: HOST, q: UID, syncToken }))
    assert.equal([both.status, both.reason], [400, 'invalid'])
  }))

test('a deleted event is found only where deleted ones are asked for', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.insert(HOST, morning(7, { id: 'meeting1', description: `booking/${UID}` }))
    standIn.core.delete(HOST, 'meeting1')
    const found = async (showDeleted: boolean) =>
      (await client.events.list({ calendarId: HOST, q: UID, showDeleted })).data.items?.length
    assert.equal([await found(false), await found(true)], [0, 1])
  }))

test.run()
