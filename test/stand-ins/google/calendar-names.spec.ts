import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  act,
  ask,
  calendarPath,
  clientOf,
  failureOf,
  HOST,
  morning,
  withReceiver,
  withStandIn,
} from './stand-in-client.ts'

const test = suite("Google's stand-in: one calendar under several names")

const NEW = 'renamed@example.com'

test('letter case makes no other calendar, and addresses come back in lower case', () =>
  withStandIn(async (standIn, client) => {
    const { data } = await client.events.insert({ calendarId: 'Host@Example.COM', requestBody: morning(7) })
    assert.equal(data.organizer, { email: HOST, self: true })
    const one = (await client.events.list({ calendarId: HOST })).data
    const other = (await client.events.list({ calendarId: 'HOST@example.com' })).data
    assert.equal(other.items, one.items)
    const syncToken = one.nextSyncToken ?? ''
    assert.equal((await client.events.list({ calendarId: 'HOST@example.com', syncToken })).data.items, [])
    assert.is((await client.calendars.get({ calendarId: 'Host@example.com' })).data.id, HOST)
    assert.is((await client.calendarList.get({ calendarId: 'Host@example.com' })).data.id, HOST)
    assert.is((await ask(standIn, 'POST /calendars', { id: 'HOST@EXAMPLE.COM' })).status, 409)
    assert.is((await act(standIn, 'POST /calendars', { id: 'Team@Example.com' })).id, 'team@example.com')
  }))

test('channels under both names of a calendar share the resource id and are both told', () =>
  withReceiver((receiver) =>
    withStandIn(async (standIn, client) => {
      const watch = async (id: string, calendarId: string) => {
        const requestBody = { id, type: 'web_hook', address: receiver.address }
        const { data } = await client.events.watch({ calendarId, requestBody })
        await receiver.next()
        return data.resourceId
      }
      assert.is(await watch('one', HOST), await watch('two', 'HOST@example.com'))
      standIn.core.insert(HOST, morning(7))
      const told = [await receiver.next(), await receiver.next()]
      assert.equal(told.map(({ headers }) => headers['x-goog-channel-id']).sort(), ['one', 'two'])
    }),
  ))

test('`primary` is another calendar for each credential', () =>
  withStandIn(async (standIn) => {
    standIn.core.createCalendar({ id: 'other@example.com' })
    await act(standIn, 'PUT /access', {
      refreshTokens: { mine: { user: HOST }, yours: { user: 'Other@example.com' } },
    })
    const primary = async (token: string) =>
      (await clientOf(standIn, token).calendarList.get({ calendarId: 'primary' })).data
    assert.equal([(await primary('mine')).id, (await primary('mine')).primary], [HOST, true])
    assert.is((await primary('yours')).id, 'other@example.com')
  }))

test('a renamed account answers under both addresses and shows the new one', () =>
  withReceiver((receiver) =>
    withStandIn(async (standIn, client) => {
      await act(standIn, 'PUT /access', { refreshTokens: { mine: { user: HOST } } })
      const mine = clientOf(standIn, 'mine')
      const guest = { email: 'guest@example.com' }
      standIn.core.insert(HOST, morning(7, { id: 'meeting1', attendees: [guest] }))
      const { etag } = standIn.core.respond(HOST, 'meeting1', { response: 'accepted' })
      const requestBody = { id: 'channel-1', type: 'web_hook', address: receiver.address }
      await mine.events.watch({ calendarId: HOST, requestBody })
      await receiver.next()
      const syncToken = (await mine.events.list({ calendarId: HOST })).data.nextSyncToken ?? ''
      const answer = await act(standIn, `POST ${calendarPath}/rename`, { to: 'Renamed@Example.com' })
      assert.equal(answer, { id: NEW, formerIds: [HOST] })

      for (const calendarId of [HOST, NEW, 'primary']) {
        assert.equal((await mine.events.list({ calendarId, syncToken })).data.items, [], calendarId)
        const { data } = await mine.events.get({ calendarId, eventId: 'meeting1' })
        assert.equal(data.organizer, { email: NEW, self: true })
        assert.equal(
          data.attendees?.map(({ email, self }) => [email, self]),
          [
            [guest.email, undefined],
            [NEW, true],
          ],
        )
        assert.is(data.etag, etag)
        assert.is((await mine.calendars.get({ calendarId })).data.id, NEW)
      }
      const { data: list } = await mine.calendarList.list()
      assert.equal(
        list.items?.map(({ id, primary, accessRole }) => [id, primary, accessRole]),
        [[NEW, true, 'owner']],
      )
      await mine.events.delete({ calendarId: HOST, eventId: 'meeting1' })
      assert.is((await receiver.next()).headers['x-goog-channel-id'], 'channel-1')
      standIn.core.createCalendar({ id: 'other@example.com' })
      const taken = await ask(standIn, 'POST /calendars/other%40example.com/rename', { to: HOST })
      assert.is(taken.status, 409)
      assert.is((await failureOf(client.events.list({ calendarId: 'nobody@example.com' }))).status, 404)
    }),
  ))

test.run()
