import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { partsOf } from '../../../domain/booking/series-kinship.ts'
import type { ExternalEvent } from '../../../domain/external-event.ts'

const test = suite('Kinship of series')

const instant = Temporal.Instant.from
const created = instant('2026-10-01T08:00:00Z')
const updated = instant('2026-11-20T08:00:00Z')

/** Weekly at ten in Berlin from a date on; `ends`: the local day that is the last. */
function series(id: string, date: string, more: Partial<ExternalEvent> = {}, ends?: string): ExternalEvent {
  const at = (day: string, plainTime: string) =>
    Temporal.PlainDate.from(day).toZonedDateTime({ timeZone: 'Europe/Berlin', plainTime }).toInstant()
  const start = at(date, '10:00')
  return {
    id,
    status: 'confirmed',
    isSeries: true,
    etag: '"3181161784712000"',
    created,
    updated,
    rule: 'FREQ=WEEKLY',
    times: { allDay: false, start, end: start.add({ minutes: 30 }), timeZone: 'Europe/Berlin' },
    ...(ends !== undefined && { until: at(ends, '23:59:59') }),
    ...more,
  }
}
/** Whether the one series goes on as the other. */
function kinshipOf(one: ExternalEvent, other: ExternalEvent): 'SAME' | 'UNCLEAR' | 'NONE' {
  const { parts, unclear } = partsOf([one], [other])
  if (parts.includes(other)) return 'SAME'
  return unclear ? 'UNCLEAR' : 'NONE'
}

/** One that was cut at the end of 7 December. */
const cut = (more: Partial<ExternalEvent> = {}) => series('old', '2026-11-24', more, '2026-12-07')

test('a series goes on as the one that has its date of creation and begins where it ends', () => {
  assert.is(kinshipOf(cut(), series('new', '2026-12-08')), 'SAME')
  const later = {
    times: { allDay: false, start: instant('2026-12-08T22:30:00Z'), end: instant('2026-12-08T22:45:00Z') },
  } as const
  assert.is(kinshipOf(cut(), series('new', '2026-12-08', later)), 'SAME', 'at another hour')
  const since = { etag: '"3181161784799999"', updated: updated.add({ minutes: 1 }) }
  assert.is(kinshipOf(cut(), series('new', '2026-12-08', since)), 'SAME', 'edited since')
})

test('a placeholder for the date of creation connects nothing', () => {
  for (const year of ['0000-12-31', '0001-01-01', '1601-01-01', '1900-01-01', '1970-01-01', '2000-01-01']) {
    const never = { created: instant(`${year}T00:00:00Z`) }
    assert.is(kinshipOf(cut(never), series('new', '2026-12-08', never)), 'NONE', year)
  }
  const { created: _, ...unknown } = cut()
  assert.is(kinshipOf(unknown, series('new', '2026-12-08')), 'NONE')
})

test('nor does an etag: whatever is written in one step shares it', () => {
  const other = { created: created.add({ seconds: 1 }) }
  assert.is(kinshipOf(cut(), series('new', '2026-12-08', other)), 'NONE')
})

test('a series that does not end at a date goes on as no other', () => {
  assert.is(kinshipOf(series('old', '2026-11-24'), series('new', '2026-12-08')), 'NONE')
})

test('the same date of creation and another beginning: unclear, unless the other was written before', () => {
  assert.is(kinshipOf(cut(), series('new', '2026-12-10')), 'UNCLEAR', 'dragged to another day by the split')
  const before = { updated: updated.subtract({ minutes: 1 }) }
  assert.is(kinshipOf(cut(), series('new', '2026-12-10', before)), 'NONE')
})

test('a series that was split again has three parts, found in any order', () => {
  const first = cut()
  const second = series('second', '2026-12-08', {}, '2026-12-21')
  const third = series('third', '2026-12-22')
  const stranger = series('stranger', '2026-12-08', { created: created.add({ hours: 1 }) })
  for (const others of [
    [second, third, stranger],
    [stranger, third, second],
  ])
    assert.equal(
      partsOf([first], others).parts.map(({ id }) => id),
      ['old', 'second', 'third'],
    )
  assert.is(partsOf([first], [third, second, stranger]).unclear, false)
  assert.is(partsOf([first], [series('new', '2026-12-10')]).unclear, true)
})

test('many series that may all be parts are compared by day, not each with each', () => {
  let asked = 0
  const days = Array.from({ length: 300 }, (_, index) =>
    Temporal.PlainDate.from('2026-01-05')
      .add({ days: 7 * index })
      .toString(),
  )
  const chain = days.map((day, index) => {
    const ends = Temporal.PlainDate.from(day).add({ days: 6 }).toString()
    const part = series(`part${index}`, day, {}, ends)
    const { until } = part
    return Object.defineProperty(part, 'until', {
      get: () => {
        asked += 1
        return until
      },
    })
  })
  const [first] = chain
  assert.ok(first)
  assert.is(partsOf([first], chain).parts.length, 300)
  assert.ok(asked < 300 * 10, `${asked} ends were read`)
})

test.run()
