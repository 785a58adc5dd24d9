import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { listCalendarSyncs } from '../../../projections/calendar-syncs.ts'
import { subscriptionById } from '../../../projections/subscriptions.ts'
import { calendarSyncItems } from '../../../services/http/list-items.ts'
import { whatNeedsPerson } from '../../../services/status/needs-person.ts'
import { inSync } from '../../support/sync-fixture.ts'

const test = suite('A vault of which the keys open only a part')

test(
  'its calendars lack their credential, and say so; all others go on; with the key they follow again',
  inSync({ channelTtlMs: 600_000 }, async (sync) => {
    const { ports } = sync
    const host = await sync.host(1)
    const sealed = await sync.host(2)
    const [booking, sealedBooking] = [await sync.book(host), await sync.book(sealed)]
    await sync.sealElsewhere(sealed)
    sync.drag(booking, booking.start.add({ hours: 1 }))
    sync.drag(sealedBooking, sealedBooking.start.add({ hours: 1 }))
    await sync.pass(1_200_000)

    assert.equal(
      (await sync.published()).map(({ data }) => data.bookingUid),
      [booking.uid],
    )
    assert.equal(
      sync.logged.filter(({ level }) => level === 'error').map(({ code, cron, msg }) => code ?? cron ?? msg),
      [],
    )
    assert.equal(
      (await sync.eventsOf('calendarFeed')).flatMap((event) =>
        event.type === 'FetchingFailed' ? [[event.data.calendarKey, event.data.code, event.data.reason]] : [],
      ),
      [[sealed.calendarKey, 'CREDENTIAL_MISSING', 'VAULT_KEY_UNKNOWN']],
    )

    const needs = (await whatNeedsPerson(ports)).filter(({ code }) => code === 'CREDENTIAL_MISSING')
    assert.equal(
      needs.map(({ calendarKey, externalCalendarId }) => [calendarKey, externalCalendarId]),
      [[sealed.calendarKey, null]],
    )
    assert.match(needs[0]?.next ?? '', 'ENCRYPTION_KEY')
    const { items } = await listCalendarSyncs(ports.readStore, { limit: 10 })
    assert.equal(
      (await calendarSyncItems(ports, items)).map(({ externalCalendarId }) => externalCalendarId).toSorted(),
      [host.calendarId, null],
    )
    const renewed = await subscriptionById(ports.readStore, host.calendarKey)
    const until = renewed?.channels.at(-1)?.expiresAt ?? ''
    assert.ok(until > sync.clock.now().toString(), 'the channel of the other one was renewed meanwhile')

    await sync.sealElsewhere(sealed, false)
    await sync.pass(1_800_000)
    assert.equal(
      (await sync.published()).map(({ data }) => data.bookingUid),
      [booking.uid, sealedBooking.uid],
    )
    assert.equal(await whatNeedsPerson(ports), [])
  }),
)

test.run()
