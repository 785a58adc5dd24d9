import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isNewer, isOlder } from '../../../domain/booking/event-age.ts'
import { deleted, from, linked, minute, sees, written } from '../../support/booking-story.ts'

const test = suite('Which version of an event is newer')

/** As Google makes etags: twice the microseconds. */
const etag = (at: Temporal.Instant) => `"${at.epochMilliseconds * 2_000}"`

test('a tombstone is dated by its etag, where the etag of the decided version tells its time', () => {
  const watermark = { fingerprint: `${etag(minute(10))} confirmed`, updated: minute(10) }
  assert.is(isOlder({ etag: etag(minute(9)) }, watermark), true)
  assert.is(isOlder({ etag: etag(minute(11)) }, watermark), false)
  assert.is(isOlder({}, watermark), false)
  const imported = { fingerprint: `${etag(minute(600))} confirmed`, updated: minute(10) }
  assert.is(isOlder({ etag: etag(minute(11)) }, imported), false, 'an etag that means something else')
  assert.is(isOlder({ etag: etag(minute(11)) }, { fingerprint: etag(minute(12)) }), false)
})

test('of two, the one that says it is', () => {
  assert.is(isNewer({ etag: etag(minute(2)) }, { etag: etag(minute(1)) }), true)
  assert.is(isNewer({ etag: etag(minute(1)) }, { etag: etag(minute(2)) }), false)
  assert.is(isNewer({ updated: minute(2) }, { updated: minute(1) }), true)
  assert.is(isNewer({ etag: '"7"' }, { updated: minute(1) }), false)
})

test('a tombstone from before the version that was decided cancels nothing', () => {
  const { updated: _, ...tombstone } = deleted(5, { etag: etag(minute(5)) })
  linked()
    .when(sees(written(10, from('10:00'), { etag: etag(minute(10)) })))
    .gives('ExternalEventChangeIgnored')
    .when(sees(tombstone))
    .gives()
    .when(sees({ ...tombstone, etag: etag(minute(20)) }))
    .gives('BookingCancelled')
})

test.run()
