import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mayGoOn, partWith } from '../../../domain/booking/series-part.ts'
import type { ExternalEvent } from '../../../domain/external-event.ts'

const test = suite('The part of a series that a lost occurrence may go on in')

const instant = Temporal.Instant.from
const created = instant('2026-10-01T08:00:00Z')

/** Weekly at ten, UTC, from a date on; `ends`: the last day. */
function series(id: string, date: string, ends?: string, more: Partial<ExternalEvent> = {}): ExternalEvent {
  const start = instant(`${date}T10:00:00Z`)
  return {
    id,
    status: 'confirmed',
    isSeries: true,
    rule: 'FREQ=WEEKLY',
    created,
    times: { allDay: false, start, end: start.add({ minutes: 30 }), timeZone: 'UTC' },
    ...(ends !== undefined && { until: instant(`${ends}T23:59:59Z`) }),
    ...more,
  }
}
const lost = { recurringEventId: 'weekly', start: instant('2026-12-15T10:00:00Z') }
const whole = series('weekly', '2026-11-24')
const cut = series('weekly', '2026-11-24', '2026-12-07')
const first = series('weekly_R20261208T100000', '2026-12-08')
const second = series('weekly_R20261215T100000', '2026-12-15')
const third = series('weekly_R20261222T100000', '2026-12-22')

test('an occurrence goes on elsewhere only where its series is gone, or ends before it', () => {
  assert.is(mayGoOn(whole, lost), false)
  assert.is(mayGoOn(series('weekly', '2026-11-24', '2026-12-15'), lost), false)
  assert.is(mayGoOn(cut, lost), true)
  assert.is(mayGoOn({ id: 'weekly', status: 'cancelled' }, lost), true)
  assert.is(mayGoOn(undefined, lost), true)
})

test('it goes on in the last part that had begun by then, however that was dragged', () => {
  assert.is(partWith(lost, cut, [first, second, third]), second)
  assert.is(partWith(lost, cut, [third, first]), first)
  const dragged = series('weekly_R20261208T100000', '2026-12-10', undefined, {
    created: instant('2026-11-01T08:00:00Z'),
  })
  assert.is(partWith(lost, undefined, [dragged]), dragged)
})

test('a part that begins later, was deleted, or is of another series is none', () => {
  const deleted: ExternalEvent = { ...first, status: 'cancelled' }
  const other = series('other_R20261208T100000', '2026-12-09', undefined, {
    created: instant('2026-11-01T08:00:00Z'),
  })
  assert.is(partWith(lost, cut, [cut, third, deleted, other]), undefined)
})

test('from part to part the search goes forward only', () => {
  const inFirst = { ...lost, recurringEventId: first.id }
  const ended = { ...first, until: instant('2026-12-14T23:59:59Z') }
  assert.is(partWith(inFirst, ended, [cut, first, second]), second)
  assert.is(partWith({ ...lost, recurringEventId: second.id }, second, [cut, first, second]), undefined)
})

test('a part with an id of its own is known by kinship; where that is unclear, nobody can say', () => {
  assert.equal(partWith(lost, cut, [series('own', '2026-12-08')]), series('own', '2026-12-08'))
  assert.is(partWith(lost, cut, [series('own', '2026-12-10')]), 'UNCLEAR')
  assert.is(partWith(lost, undefined, [series('own', '2026-12-08')]), undefined)
})

test.run()
