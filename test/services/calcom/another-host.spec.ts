import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TrackBooking } from '../../../commands/track-booking.ts'
import { bookingById } from '../../../projections/bookings.ts'
import { whatNeedsPerson } from '../../../services/status/needs-person.ts'
import type { CalcomSettings } from '../../../stand-ins/calcom/settings.ts'
import { finish } from '../../support/calcom-changes.ts'
import { type Host, inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'
import type { SyncWorldOptions } from '../../support/sync-world.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const test = suite('A booking that is given to another host')

const MINUTE = 60_000

const keysOf = (users: readonly number[]) =>
  JSON.stringify(Object.fromEntries(users.map((id) => [id, `cal_${id}`])))

type Told = { sync: SyncFixture; booking: Linked; put(users: readonly number[]): void }

/** Two hosts with a key each, of which those of `users` are known here; the booking is the first one's. */
const withKeys =
  (users: readonly number[], story: (told: Told) => Promise<void>, options: SyncWorldOptions = {}) =>
  async () => {
    const folder = temporaryFolder()
    const apiKeysFile = join(folder.path, 'keys.json')
    const put = (of: readonly number[]) => writeFileSync(apiKeysFile, keysOf(of))
    put(users)
    try {
      await inSync({ ...options, apiKeysFile }, async (sync) => {
        const host = await sync.host(1, { apiKey: 'cal_1' })
        await sync.host(2, { apiKey: 'cal_2' })
        await story({ sync, booking: await sync.book(host), put })
      })()
    } finally {
      folder.remove()
    }
  }

const attentionTo = async (sync: SyncFixture, uid: string) =>
  (await bookingById(sync.ports.readStore, uid))?.attention
const published = async (sync: SyncFixture) =>
  (await sync.published()).map(({ type, data }) => `${type} ${data.userId}`)
const eventOf = (sync: SyncFixture, uid: string): string =>
  sync.calcom.store.booking(uid)?.references.find(({ deleted }) => !deleted)?.uid ?? ''

for (const [name, order] of [
  ['before', ['told', 'done']],
  ['after', ['done', 'told']],
] as const)
  test(
    `that Cal.com's own task tells of ${name} the event is gone is followed without the API`,
    inSync({ view: false, settings: { cancelGraceMs: MINUTE } }, async (sync) => {
      const [first, second] = [await sync.host(1), await sync.host(2)]
      const booking = await sync.book(first)
      const { uid, start, end } = booking
      const time = (at: Temporal.Instant) => ({ dateTime: at.toString() })
      const told = { bookingUid: uid, start: start.toString(), end: end.toString() }
      const names = async ({ userId, calendarId }: Host, externalEventId: string): Promise<void> => {
        const event = { provider: 'google', externalCalendarId: calendarId, externalEventId }
        await sync.command(TrackBooking, { ...told, userId, references: [event] })
      }
      await names(first, booking.eventId)
      await sync.settle()
      const { id } = sync.google.insert(second.calendarId, { start: time(start), end: time(end) })
      for (const step of order) {
        if (step === 'told') await names(second, id)
        else sync.google.delete(first.calendarId, booking.eventId)
        await sync.settle()
      }
      await sync.pass(90 * MINUTE)
      assert.equal(await published(sync), [])
      assert.is(await attentionTo(sync, uid), undefined)
      sync.google.delete(second.calendarId, id)
      await sync.pass(5 * MINUTE)
      assert.equal(await published(sync), ['BookingCancelled 2'])
    }),
  )

const answers: Partial<CalcomSettings>[] = [
  { bookingOfOthers: 'shown', deletedReferences: 'listed' },
  { bookingOfOthers: 'shown', deletedReferences: 'left-out' },
  { bookingOfOthers: 'hidden', deletedReferences: 'listed' },
  { bookingOfOthers: 'forbidden', deletedReferences: 'left-out' },
]
for (const settings of answers)
  for (const slow of [false, true])
    test(
      `who has a key here (${Object.values(settings).join(', ')}${slow ? ', in two slow steps' : ''}) is followed`,
      withKeys([1, 2], async ({ sync, booking }) => {
        Object.assign(sync.calcom.settings, settings)
        const betweenMs = slow ? 20_000 : 250
        Object.assign(sync.calcom.settings, { beforeReferencesMs: betweenMs, betweenReferencesMs: betweenMs })
        await finish(sync, sync.calcom.reassign(booking.uid))
        await sync.pass(90_000)
        assert.equal(await published(sync), [])
        const state = await sync.booking(booking.uid)
        assert.is(state.kind === 'OPEN' && state.userId, '2')
        assert.equal(state.kind === 'OPEN' && state.flags, [])
        assert.is(await attentionTo(sync, booking.uid), undefined)

        const eventId = eventOf(sync, booking.uid)
        sync.google.drag('host-2@example.com', eventId, { start: `${booking.start.add({ hours: 2 })}` })
        await sync.settle()
        await sync.pass(90_000)
        assert.equal(await published(sync), ['BookingRescheduled 2'])
        sync.google.delete('host-2@example.com', eventId)
        await sync.settle()
        await sync.pass(90_000)
        assert.equal(await published(sync), ['BookingRescheduled 2', 'BookingCancelled 2'])
      }),
    )

test(
  'after a first publication is followed too, and published for the new host',
  withKeys([1, 2], async ({ sync, booking }) => {
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.settle()
    await finish(sync, sync.calcom.reassign(booking.uid))
    await sync.pass(90_000)
    sync.google.delete('host-2@example.com', eventOf(sync, booking.uid))
    await sync.settle()
    await sync.pass(90_000)
    assert.equal(await published(sync), ['BookingRescheduled 1', 'BookingCancelled 2'])
  }),
)

test(
  'keeps the new host’s calendar in step, which waits for its credential where there is none',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host(1))
    await sync.host(2, { registered: false, credential: false })
    await finish(sync, sync.calcom.reassign(booking.uid))
    await sync.pass(30_000)
    const told = await whatNeedsPerson(sync.ports)
    assert.equal(
      told.map(({ code, externalCalendarId }) => `${code} ${externalCalendarId}`),
      ['CREDENTIAL_MISSING host-2@example.com', 'CREDENTIAL_AWAITED host-2@example.com'],
    )
    assert.equal(await published(sync), [])
  }),
)

for (const eventLink of ['text', 'html'] as const)
  test(
    `whose key is not known is followed by the link in the event (${eventLink}), where Cal.com says who the host is`,
    withKeys([1], async ({ sync, booking }) => {
      sync.calcom.settings.eventLink = eventLink
      await finish(sync, sync.calcom.reassign(booking.uid))
      await sync.pass(20 * MINUTE)
      assert.is(await attentionTo(sync, booking.uid), undefined)
      sync.google.delete('host-2@example.com', eventOf(sync, booking.uid))
      await sync.settle()
      await sync.pass(90_000)
      assert.equal(await published(sync), ['BookingCancelled 2'])
    }),
  )

for (const bookingOfOthers of ['shown', 'hidden', 'forbidden'] as const)
  test(
    `whose key is not known (the booking is ${bookingOfOthers} to the former host): told, and not cancelled`,
    withKeys([1], async ({ sync, booking, put }) => {
      Object.assign(sync.calcom.settings, { bookingOfOthers, eventLink: 'none' })
      await finish(sync, sync.calcom.reassign(booking.uid))
      await sync.pass(20 * MINUTE)
      assert.equal(await published(sync), [])
      assert.is(await attentionTo(sync, booking.uid), 'REASSIGNED')

      put([1, 2])
      await sync.pass(20 * MINUTE)
      assert.is(await attentionTo(sync, booking.uid), undefined)
      sync.google.drag('host-2@example.com', eventOf(sync, booking.uid), {
        start: `${booking.start.add({ hours: 2 })}`,
      })
      await sync.settle()
      await sync.pass(90_000)
      assert.equal(await published(sync), ['BookingRescheduled 2'])
    }),
  )

test(
  'whose host was told by another name than Cal.com’s keeps its event, once it is seen to be there still',
  inSync({}, async (sync) => {
    const host = await sync.host(1)
    sync.calcom.faults.dropWebhooks = 1
    const { uid, eventId, start, end } = await sync.book(host)
    const reference = { provider: 'google', externalCalendarId: host.calendarId, externalEventId: eventId }
    const times = { start: `${start}`, end: `${end}` }
    await sync.command(TrackBooking, { bookingUid: uid, userId: 'alice', ...times, references: [reference] })
    await sync.settle()
    sync.google.drag(host.calendarId, eventId, { start: `${start.add({ hours: 2 })}` })
    await sync.pass(MINUTE)
    assert.equal(await published(sync), [])
    await sync.pass(30 * MINUTE)
    assert.equal(await published(sync), ['BookingRescheduled 1'])
    assert.is(await attentionTo(sync, uid), undefined)
    sync.google.delete(host.calendarId, eventId)
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled 1', 'BookingCancelled 1'])
  }),
)

test(
  'is noticed when bookings are read again, where no push came',
  withKeys(
    [1, 2],
    async ({ sync, booking }) => {
      sync.google.settings.push.drop = 1
      await finish(sync, sync.calcom.reassign(booking.uid))
      await sync.pass(62 * MINUTE)
      const state = await sync.booking(booking.uid)
      assert.equal(state.kind === 'OPEN' && [state.userId, state.flags], ['2', []])
    },
    { settings: { reconcileMs: 1e9 } },
  ),
)

test.run()
