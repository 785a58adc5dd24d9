import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type LinkedInstance,
  pairInstances,
  REPEATS_NO_MORE,
  seriesRoot,
} from '../../../domain/booking/series-pairing.ts'
import type { ExternalEvent } from '../../../domain/external-event.ts'

const test = suite('series')

/** An instance as Google names it: the base of its series, and its original start in UTC. */
const nameOf = (base: string, start: Temporal.Instant) =>
  `${base}_${start.toString().replaceAll(/[-:]/g, '')}`

/** Starts at a time of the day in Berlin, every so many days from a date on. Summer time ends on 25 October 2026. */
const every = (days: number, count: number, date = '2026-11-24', time = '10:00'): Temporal.Instant[] =>
  Array.from({ length: count }, (_, n) =>
    Temporal.PlainDate.from(date)
      .add({ days: days * n })
      .toZonedDateTime({ timeZone: 'Europe/Berlin', plainTime: time })
      .toInstant(),
  )

type More = { base?: string; master?: string; at?: Temporal.Instant; status?: ExternalEvent['status'] }

/** `at`: moved by itself, its id keeps the original start. */
function instance(
  start: Temporal.Instant,
  { base = 'series', master = base, at = start, status = 'confirmed' }: More = {},
): ExternalEvent {
  const times =
    status === 'cancelled'
      ? {}
      : { times: { allDay: false as const, start: at, end: at.add({ minutes: 30 }) } }
  return { id: nameOf(base, start), status, recurringEventId: master, originalStart: start, ...times }
}

const link = (
  start: Temporal.Instant,
  n: number,
  more: Partial<LinkedInstance['reference']> = {},
): LinkedInstance => ({
  bookingUid: `booking${n}`,
  reference: {
    provider: 'google',
    calendarKey: 'key1',
    externalEventId: nameOf('series', start),
    recurringEventId: 'series',
    originalStart: start.toString(),
    ...more,
  },
  start,
  end: start.add({ minutes: 30 }),
  rule: 'FREQ=WEEKLY',
})
const links = (starts: readonly Temporal.Instant[], more: Partial<LinkedInstance> = {}): LinkedInstance[] =>
  starts.map((start, n) => ({ ...link(start, n + 1), ...more }))

/** A master that is left: weekly without an end unless said otherwise. */
const master = (more: Partial<ExternalEvent> = {}): ExternalEvent => ({
  id: 'series',
  status: 'confirmed',
  isSeries: true,
  rule: 'FREQ=WEEKLY',
  ...more,
})
/** The same, ending the day before this date. */
const endingBefore = (date: string): ExternalEvent =>
  master({
    until: Temporal.PlainDate.from(date)
      .toZonedDateTime('Europe/Berlin')
      .toInstant()
      .subtract({ seconds: 1 }),
  })

const pairs = (
  linked: readonly LinkedInstance[],
  instances: readonly ExternalEvent[],
  masters: readonly ExternalEvent[] = [master()],
) => pairInstances(linked, instances, { masters })
const outcomes = (...given: Parameters<typeof pairs>) =>
  pairs(...given).map(
    ({ bookingUid, outcome, event }) => `${bookingUid} ${outcome}${event ? ` ${event.id}` : ''}`,
  )
const kinds = (...given: Parameters<typeof pairs>) => pairs(...given).map(({ outcome }) => outcome)

test('the root of a series, however often it was split', () => {
  assert.is(seriesRoot('series'), 'series')
  assert.is(seriesRoot('series_R20261124T100000'), 'series')
  assert.is(seriesRoot('series_R20261124T100000Z'), 'series')
  assert.is(seriesRoot('series_R20261124'), 'series')
  assert.is(seriesRoot('series_R20261124T100000_R20261201T100000'), 'series')
  assert.is(
    seriesRoot('_60q30c1g60o30e1i60o4ac1g60rj8gpl88rj2c1h84s34h9g60s30c1g60o30c1g'),
    '_60q30c1g60o30e1i60o4ac1g60rj8gpl88rj2c1h84s34h9g60s30c1g60o30c1g',
  )
  assert.is(seriesRoot('series_20261124T100000Z'), 'series_20261124T100000Z')
})

test('untouched instances are the same', () => {
  const starts = every(7, 3)
  assert.equal(
    outcomes(
      links(starts),
      starts.map((start) => instance(start)),
    ),
    starts.map((start, n) => `booking${n + 1} SAME ${nameOf('series', start)}`),
  )
})

test('an instance moved by itself keeps its name', () => {
  const [first, second] = every(7, 2)
  if (!first || !second) return assert.unreachable()
  const moved = instance(second, { at: second.add({ hours: 100 }) })
  const pairing = pairs(links([first, second]), [instance(first), moved])[1]
  assert.is(pairing?.outcome, 'SAME')
  assert.is(pairing?.event, moved)
})

test('the whole series moved by an hour, or to another day: each booking follows its own instance', () => {
  for (const [date, time] of [
    ['2026-11-24', '11:00'],
    ['2026-11-26', '10:00'],
    ['2026-11-22', '09:15'],
  ] as const) {
    const before = every(7, 4)
    const after = every(7, 4, date, time)
    assert.equal(
      outcomes(
        links(before),
        after.map((start) => instance(start)),
      ),
      after.map((start, n) => `booking${n + 1} MOVED ${nameOf('series', start)}`),
    )
  }
})

test('moved across the end of summer time, the hour it makes does not matter', () => {
  const before = every(7, 4, '2026-10-13')
  const after = every(7, 4, '2026-10-12', '10:00')
  // The Sunday of the change lies in between for the later ones in another zone's series.
  const shifted = after.map((start, n) => (n < 2 ? start : start.subtract({ hours: 1 })))
  assert.equal(
    kinds(
      links(before),
      after.map((start) => instance(start)),
    ),
    ['MOVED', 'MOVED', 'MOVED', 'MOVED'],
  )
  assert.equal(
    kinds(
      links(before),
      shifted.map((start) => instance(start)),
    ),
    ['MOVED', 'MOVED', 'MOVED', 'MOVED'],
  )
})

test('a daily series moved by some hours', () => {
  const before = every(1, 5)
  const after = every(1, 5, '2026-11-24', '16:00')
  assert.equal(
    kinds(
      links(before, { rule: 'FREQ=DAILY' }),
      after.map((start) => instance(start)),
      [master({ rule: 'FREQ=DAILY' })],
    ),
    Array(5).fill('MOVED'),
  )
})

test('split and moved: those before are the same, those after follow, in the part they belong to now', () => {
  const before = every(7, 4)
  const later = every(7, 4, '2026-11-25', '15:00').slice(2)
  const other = 'series_R20261208T090000'
  const instances = [
    ...before.slice(0, 2).map((start) => instance(start)),
    ...later.map((start) => instance(start, { master: other })),
  ]
  const pairings = pairs(links(before), instances)
  assert.equal(
    pairings.map(({ outcome }) => outcome),
    ['SAME', 'SAME', 'MOVED', 'MOVED'],
  )
  assert.equal(
    pairings.map(({ event }) => event?.recurringEventId),
    ['series', 'series', other, other],
  )
})

test('split without a move: the same instances, under another master', () => {
  const starts = every(7, 4)
  const other = 'series_R20261208T090000'
  const pairings = pairs(
    links(starts),
    starts.map((start, n) => instance(start, n < 2 ? {} : { master: other })),
  )
  assert.equal(
    pairings.map(({ outcome, event }) => `${outcome} ${event?.recurringEventId}`),
    ['SAME series', 'SAME series', `SAME ${other}`, `SAME ${other}`],
  )
})

test('split again: three parts, the last one moved', () => {
  const starts = every(7, 6)
  const last = every(7, 6, '2026-11-24', '12:00').slice(4)
  const instances = [
    ...starts.slice(0, 2).map((start) => instance(start)),
    ...starts.slice(2, 4).map((start) => instance(start, { master: 'series_R20261208T090000' })),
    ...last.map((start) => instance(start, { master: 'series_R20261222T090000' })),
  ]
  assert.equal(kinds(links(starts), instances), ['SAME', 'SAME', 'SAME', 'SAME', 'MOVED', 'MOVED'])
})

test('the last part moved to an earlier day is not taken for a shorter series', () => {
  const [first, second] = every(7, 2)
  const friday = every(7, 2, '2026-11-20')[1]
  if (!first || !second || !friday) return assert.unreachable()
  assert.equal(kinds(links([first, second]), [instance(first), instance(friday)]), ['SAME', 'MOVED'])
})

test('a partly linked series: the linked ones follow what is nearest to them', () => {
  const before = every(7, 6)
  const after = every(7, 6, '2026-11-24', '13:00')
  const linked = links(before).filter((_, n) => n === 1 || n === 4)
  const expected = after.flatMap((start, n) =>
    n === 1 || n === 4 ? [`booking${n + 1} MOVED ${nameOf('series', start)}`] : [],
  )
  assert.equal(
    outcomes(
      linked,
      after.map((start) => instance(start)),
    ),
    expected,
  )
})

test('a partly linked series moved too far to tell is flagged', () => {
  const after = every(7, 6, '2026-11-27')
  const linked = links(every(7, 6)).filter((_, n) => n === 1 || n === 4)
  assert.equal(
    kinds(
      linked,
      after.map((start) => instance(start)),
    ),
    ['CHANGED', 'CHANGED'],
  )
})

test('a cancelled exception is gone, and does not count for the others', () => {
  const starts = every(7, 3)
  const instances = starts.map((start, n) => instance(start, n === 1 ? { status: 'cancelled' } : {}))
  assert.equal(kinds(links(starts), instances), ['SAME', 'GONE', 'SAME'])
})

test('cancelled under one master, alive under another: alive', () => {
  const [start] = every(7, 1)
  if (!start) return assert.unreachable()
  const gone = instance(start, { status: 'cancelled' })
  const alive = instance(start, { master: 'series_R20261124T090000' })
  assert.is(pairs(links([start]), [gone, alive])[0]?.event, alive)
})

test('an earlier end: those behind it are gone, whatever came before the linked ones', () => {
  const starts = every(7, 5)
  const past = every(7, 1, '2026-11-17').map((start) => instance(start))
  const kept = starts.slice(0, 2).map((start) => instance(start))
  const cut = [endingBefore('2026-12-08')]
  assert.equal(kinds(links(starts), kept, cut), ['SAME', 'SAME', 'GONE', 'GONE', 'GONE'])
  assert.equal(kinds(links(starts), [...past, ...kept], cut), ['SAME', 'SAME', 'GONE', 'GONE', 'GONE'])
  assert.equal(kinds(links(starts), past, [endingBefore('2026-11-24')]), Array(5).fill('GONE'))
  assert.equal(kinds(links(starts.slice(2, 3)), kept.slice(0, 1), cut), ['GONE'], 'one booking, one instance')
})

test('an end with exceptions that live on behind it: they stay, the others are gone', () => {
  const starts = every(7, 5)
  const moved = (start: Temporal.Instant) => instance(start, { at: start.add({ hours: 2 }) })
  const left = starts.flatMap((start, n) => (n < 2 ? instance(start) : n === 3 ? moved(start) : []))
  const cut = [endingBefore('2026-12-08')]
  assert.equal(kinds(links(starts), left, cut), ['SAME', 'SAME', 'GONE', 'SAME', 'GONE'])
  const others = links(starts).filter((_, n) => n !== 3)
  assert.equal(kinds(others, left, cut), ['SAME', 'SAME', 'GONE', 'GONE'], "the exception is nobody's")
})

test('a series that ends before it begins has no instances: nobody can say', () => {
  const starts = every(7, 2)
  const [start = Temporal.Instant.from('2026-11-24T09:00:00Z')] = starts
  const times = { allDay: false as const, start, end: start.add({ minutes: 30 }) }
  const never = { ...endingBefore('2026-11-20'), times }
  assert.equal(kinds(links(starts), [], [never]), ['CHANGED', 'CHANGED'])
})

test('a deleted series: all are gone', () => {
  assert.equal(kinds(links(every(7, 3)), [], []), ['GONE', 'GONE', 'GONE'])
  assert.equal(
    kinds(
      links(every(7, 3)).map(({ rule: _, ...unknown }) => unknown),
      [],
      [],
    ),
    ['GONE', 'GONE', 'GONE'],
    'by whatever rule',
  )
  assert.equal(
    kinds(
      [],
      every(7, 3).map((start) => instance(start)),
    ),
    [],
  )
})

test('a series of dates never ends at a date', () => {
  const starts = every(7, 4)
  const kept = starts.slice(0, 2).map((start) => instance(start))
  assert.equal(kinds(links(starts, { rule: 'RDATE' }), kept, [master({ rule: 'RDATE' })]), [
    'SAME',
    'SAME',
    'CHANGED',
    'CHANGED',
  ])
})

test('another rule is flagged, never a move and never a cancellation', () => {
  const weekly = every(7, 4)
  const alive = (starts: Temporal.Instant[]) => starts.map((start) => instance(start))
  const fortnightly = [master({ rule: 'FREQ=WEEKLY;INTERVAL=2' })]
  const daily = [master({ rule: 'FREQ=DAILY' })]
  assert.equal(kinds(links(weekly), alive(every(14, 4)), fortnightly), ['SAME', 'CHANGED', 'SAME', 'CHANGED'])
  assert.equal(
    kinds(links(weekly), alive(every(1, 4, '2026-11-23', '11:00')), daily),
    Array(4).fill('CHANGED'),
    'at another hour',
  )
  assert.equal(
    kinds(links(weekly), alive(every(1, 3)), [{ ...endingBefore('2026-11-27'), rule: 'FREQ=DAILY' }]),
    ['SAME', 'CHANGED', 'CHANGED', 'CHANGED'],
    'ending at a date',
  )
  assert.equal(
    kinds(links(every(1, 4), { rule: 'FREQ=DAILY' }), alive(every(7, 1))),
    ['SAME', 'CHANGED', 'CHANGED', 'CHANGED'],
    'from daily to weekly',
  )
  const partly = links(weekly).filter((_, n) => n === 0 || n === 3)
  assert.equal(kinds(partly, alive(every(1, 30, '2026-11-26', '12:00')), daily), ['CHANGED', 'CHANGED'])
})

test('a rule that nobody noted before is no reason to move or to cancel', () => {
  const [first, second, third] = every(7, 3).map((start, n) => {
    const { rule: _, ...unknown } = link(start, n + 1)
    return unknown
  })
  if (!first || !second || !third) return assert.unreachable()
  const linked = [first, second, third]
  assert.equal(
    kinds(
      linked,
      every(7, 3, '2026-11-24', '11:00').map((start) => instance(start)),
    ),
    Array(3).fill('CHANGED'),
  )
  assert.equal(
    kinds(
      linked,
      every(7, 1).map((start) => instance(start)),
      [endingBefore('2026-12-01')],
    ),
    ['SAME', 'CHANGED', 'CHANGED'],
  )
})

test('a series that is shorter, and does not end at a date, has another count: nothing of it is gone', () => {
  const weekly = links(every(7, 4))
  const fewer = every(7, 2).map((start) => instance(start))
  assert.equal(kinds(weekly, fewer), ['SAME', 'SAME', 'CHANGED', 'CHANGED'])
  assert.equal(kinds(weekly, fewer, [endingBefore('2026-12-08')]), ['SAME', 'SAME', 'GONE', 'GONE'])
  assert.equal(kinds(weekly, []), Array(4).fill('CHANGED'))
  assert.equal(kinds(weekly.slice(1, 3), fewer, [endingBefore('2026-12-08')]), ['SAME', 'GONE'])
  const partly = [0, 2].flatMap((n) => weekly.slice(n, n + 1))
  assert.equal(kinds(partly, fewer, [endingBefore('2026-12-08')]), ['SAME', 'GONE'], 'every other is linked')
})

test('a series that may go on as another one cancels nothing', () => {
  const starts = every(7, 3)
  const kept = starts.slice(0, 1).map((start) => instance(start))
  const now = { masters: [endingBefore('2026-12-01')], unclear: true }
  assert.equal(
    pairInstances(links(starts), kept, now).map(({ outcome }) => outcome),
    ['SAME', 'CHANGED', 'CHANGED'],
  )
})

test('one that does not repeat any more stands for the booking at its start, and for no other', () => {
  const starts = every(7, 3)
  const [start] = starts
  if (!start) return assert.unreachable()
  const times = { allDay: false as const, start, end: start.add({ minutes: 30 }) }
  const single: ExternalEvent = { id: 'series', status: 'confirmed', times }
  assert.equal(outcomes(links(starts), [single], [single]), [
    'booking1 SAME series',
    'booking2 CHANGED',
    'booking3 CHANGED',
  ])
  const named = starts.map((one, n) => link(one, n + 1, { externalEventId: 'series' }))
  assert.equal(kinds(named, [single], [single]), ['SAME', 'CHANGED', 'CHANGED'], 'named by the series')
  assert.equal(kinds(links(starts.slice(1, 2)), [single], [single]), ['CHANGED'])
})

test('nor does its deletion say anything of those that it had as a series', () => {
  const starts = every(7, 2)
  const [left, followed] = [links(starts, { rule: REPEATS_NO_MORE }), links(starts)]
  assert.equal(kinds(left, [], []), ['CHANGED', 'CHANGED'])
  assert.equal(kinds(followed, [], []), ['GONE', 'GONE'])
  const again = starts.map((start) => instance(start))
  assert.equal(kinds(left, again), ['SAME', 'SAME'], 'it repeats again')
})

test('an event that stood alone before is gone where another rule leaves nothing near its start', () => {
  const [start] = every(7, 1)
  if (!start) return assert.unreachable()
  const alone = links([start], { grown: true })
  const alive = (starts: Temporal.Instant[]) => starts.map((one) => instance(one))
  const monthly = [master({ rule: 'FREQ=MONTHLY' })]
  assert.equal(kinds(alone, alive(every(28, 2, '2026-11-26')), monthly), ['GONE'])
  assert.equal(kinds(alone, alive(every(28, 2, '2026-11-24', '15:00')), monthly), ['CHANGED'], 'the same day')
  assert.equal(kinds(alone, alive(every(7, 2, '2026-11-25'))), ['MOVED'], 'dragged')
  const unknown = alone.map(({ rule: _, ...one }) => one)
  assert.equal(kinds(unknown, alive(every(28, 2, '2026-11-26')), monthly), ['CHANGED'], 'rule not known')
  const several = links(every(7, 2), { grown: true })
  assert.equal(kinds(several, alive(every(28, 2, '2026-11-26')), monthly), ['CHANGED', 'CHANGED'])
})

test('an occurrence that its series leaves out by date is gone, in the version of the series', () => {
  const [first, second, third] = every(7, 3)
  if (!first || !second || !third) return assert.unreachable()
  const alive = [first, third].map((start) => instance(start))
  const without = master({ excluded: [second], etag: '"2"' })
  const pairings = pairs(links([first, second, third]), alive, [without])
  assert.equal(
    pairings.map(({ outcome }) => outcome),
    ['SAME', 'GONE', 'SAME'],
  )
  const { id, status, etag } = pairings[1]?.event ?? {}
  assert.equal([id, status, etag], [nameOf('series', second), 'cancelled', '"2"'])
  assert.equal(kinds(links([first]), [instance(second)], [master({ excluded: [first] })]), ['GONE'])
})

test('where an occurrence is near the one left out, or the rule is another one, nobody can say', () => {
  const [first, second] = every(7, 2)
  if (!first || !second) return assert.unreachable()
  const later = instance(first.add({ hours: 3 }))
  const without = master({ excluded: [first] })
  assert.equal(kinds(links([first, second]), [later, instance(second)], [without]), ['MOVED', 'SAME'])
  const daily = every(1, 3, '2026-11-25').map((start) => instance(start))
  assert.equal(kinds(links([first, second]), daily, [{ ...without, rule: 'FREQ=DAILY' }]), [
    'CHANGED',
    'CHANGED',
  ])
  const withDates = [{ ...without, rule: 'FREQ=WEEKLY RDATE' }]
  assert.equal(kinds(links([first, second]), [instance(second)], withDates), ['CHANGED', 'SAME'])
})

test('parts of a series, apart by less than a step, are no other frequency', () => {
  const first = links(every(7, 2))
  const part = every(7, 2, '2026-12-03')
  const second = part.map((start, n) => link(start, n + 3, { recurringEventId: 'series_R20261208T090000' }))
  const alive = [...every(7, 2), ...part.slice(0, 1)].map((start) => instance(start))
  assert.equal(kinds([...first, ...second], alive, [endingBefore('2026-12-10')]), [
    'SAME',
    'SAME',
    'SAME',
    'GONE',
  ])
})

test('a neighbour is not taken for an instance that has gone', () => {
  // Linked on the 1st and 8th; fortnightly now: only the 24th, which is nobody's, and the 8th remain.
  const linked = links(every(7, 2, '2026-12-01'))
  const instances = every(14, 2, '2026-11-24').map((start) => instance(start))
  assert.equal(kinds(linked, instances), ['CHANGED', 'SAME'])
})

test('nor is one that nobody is linked to', () => {
  const starts = every(7, 3)
  const [first, second, third] = starts
  if (!first || !second || !third) return assert.unreachable()
  // Weekly; the second is nobody's, and the first is there no more.
  assert.equal(kinds([link(first, 1), link(third, 3)], [instance(second), instance(third)]), [
    'CHANGED',
    'SAME',
  ])
})

test('one that stands further away than the next is flagged', () => {
  const [first, second] = every(7, 2)
  if (!first || !second) return assert.unreachable()
  assert.equal(kinds(links([first, second]), [instance(first), instance(second.add({ hours: 24 * 11 }))]), [
    'SAME',
    'CHANGED',
  ])
})

test('without an original start, the start of the booking stands in', () => {
  const [start] = every(7, 1)
  if (!start) return assert.unreachable()
  const { originalStart: _, ...rest } = link(start, 1, { externalEventId: 'other' }).reference
  assert.equal(kinds([{ ...link(start, 1), reference: rest }], [instance(start)]), ['SAME'])
})

test('a series that became all-day is flagged', () => {
  const starts = every(7, 2)
  const allDay: ExternalEvent[] = ['20261124', '20261201'].map((day) => ({
    id: `series_${day}`,
    status: 'confirmed',
    recurringEventId: 'series',
    times: { allDay: true, startDate: '2026-11-24', endDate: '2026-11-25' },
  }))
  assert.equal(kinds(links(starts), allDay), ['CHANGED', 'CHANGED'])
})

test('pairings come in the order of the bookings given', () => {
  const starts = every(7, 3)
  const after = every(7, 3, '2026-11-24', '12:00').map((start) => instance(start))
  assert.equal(
    pairs(links(starts).toReversed(), after).map(({ bookingUid }) => bookingUid),
    ['booking3', 'booking2', 'booking1'],
  )
})

test('is paired in a time that grows with the numbers of bookings and instances, not with their product', () => {
  let reads = 0
  const starts = every(1, 400)
  const counted = (one: ExternalEvent): ExternalEvent =>
    new Proxy(one, {
      get(target, name) {
        reads++
        return Reflect.get(target, name)
      },
    })
  const later = starts.map((start) => start.add({ minutes: 30 }))
  const rule = 'FREQ=DAILY'
  const pairs = pairInstances(
    links(starts, { rule }),
    later.map((start) => counted(instance(start))),
    { masters: [master({ rule })] },
  )
  assert.equal(new Set(pairs.map(({ outcome }) => outcome)), new Set(['MOVED']))
  assert.ok(reads < 100 * starts.length, `${reads} reads`)
})

test.run()
