import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readRecurrence } from '../../../infrastructure/google/google-recurrence.ts'

const test = suite('The rule of a series')

/** A Monday in Berlin, in the night of Tuesday there and still Monday in UTC for `late`. */
const monday = { dateTime: '2026-03-02T09:00:00Z', timeZone: 'Europe/Berlin' }
const tuesday = { dateTime: '2026-03-03T09:00:00Z', timeZone: 'Europe/Berlin' }
const ruleOf = (rule: string, start: object = monday) => readRecurrence([`RRULE:${rule}`], start).rule

test('does not say what its start implies, where it ends, or with which day a week begins', () => {
  const same: [string, string, string][] = [
    ['FREQ=DAILY;COUNT=4', 'FREQ=DAILY;UNTIL=20260401T000000Z', 'FREQ=DAILY'],
    ['FREQ=WEEKLY;WKST=SU;BYDAY=MO', 'FREQ=WEEKLY;INTERVAL=1', 'FREQ=WEEKLY'],
    ['INTERVAL=2;FREQ=WEEKLY', 'freq=weekly;interval=2;byday=mo', 'FREQ=WEEKLY;INTERVAL=2'],
    ['FREQ=MONTHLY;BYMONTHDAY=2', 'FREQ=MONTHLY', 'FREQ=MONTHLY'],
    ['FREQ=MONTHLY;BYDAY=1MO', 'FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1', 'BYDAY=NTH;FREQ=MONTHLY'],
    ['FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=2', 'FREQ=YEARLY', 'FREQ=YEARLY'],
  ]
  for (const [one, other, rule] of same) {
    assert.is(ruleOf(one), rule)
    assert.is(ruleOf(other), rule)
  }
})

test('is the same after the series was dragged to another day', () => {
  const dragged: [string, string][] = [
    ['FREQ=WEEKLY;BYDAY=MO', 'FREQ=WEEKLY;BYDAY=TU'],
    ['FREQ=WEEKLY;BYDAY=MO,WE', 'FREQ=WEEKLY;BYDAY=TU,TH'],
    ['FREQ=WEEKLY;BYDAY=SU,MO', 'FREQ=WEEKLY;BYDAY=MO,TU'],
    ['FREQ=MONTHLY;BYMONTHDAY=2', 'FREQ=MONTHLY;BYMONTHDAY=3'],
    ['FREQ=MONTHLY;BYDAY=1MO', 'FREQ=MONTHLY;BYDAY=1TU'],
  ]
  for (const [before, after] of dragged) assert.is(ruleOf(before), ruleOf(after, tuesday), before)
  assert.is(
    ruleOf('FREQ=WEEKLY;BYDAY=MO,WE'),
    ruleOf('FREQ=WEEKLY;BYDAY=MO,WE', { ...monday, dateTime: '2026-03-04T09:00:00Z' }),
    'and where "this and following" begins it on its second day',
  )
})

test('is another one for another frequency, interval or choice of days', () => {
  const rules = [
    'FREQ=DAILY',
    'FREQ=DAILY;INTERVAL=2',
    'FREQ=WEEKLY',
    'FREQ=WEEKLY;INTERVAL=2',
    'FREQ=WEEKLY;BYDAY=TU',
    'FREQ=WEEKLY;BYDAY=MO,WE',
    'FREQ=WEEKLY;BYDAY=MO,TU',
    'FREQ=MONTHLY',
    'FREQ=MONTHLY;BYDAY=1MO',
    'FREQ=MONTHLY;BYMONTHDAY=15',
    'FREQ=HOURLY',
  ].map((rule) => ruleOf(rule))
  assert.is(new Set(rules).size, rules.length, rules.join(' | '))
})

test('is read by the weekday of the series, not of UTC', () => {
  const late = { dateTime: '2026-03-02T23:30:00Z', timeZone: 'Europe/Berlin' }
  assert.is(ruleOf('FREQ=WEEKLY;BYDAY=TU', late), 'FREQ=WEEKLY')
  assert.is(ruleOf('FREQ=WEEKLY;BYDAY=TU', { date: '2026-03-03' }), 'FREQ=WEEKLY')
  assert.is(ruleOf('FREQ=WEEKLY;BYDAY=MO', { ...late, timeZone: 'Mars/Phobos' }), 'FREQ=WEEKLY')
})

test('of dates alone, and of several rules', () => {
  assert.equal(readRecurrence(['RDATE;TZID=Europe/Berlin:20260309T090000'], monday), { rule: 'RDATE' })
  const both = ['RRULE:FREQ=WEEKLY;UNTIL=20260401T000000Z', 'RDATE:20260405T090000Z']
  assert.equal(readRecurrence(both, monday), { rule: 'FREQ=WEEKLY RDATE' }, 'dates may come after the end')
  const two = [
    'RRULE:FREQ=WEEKLY;UNTIL=20260401T000000Z',
    'EXDATE:20260309T080000Z',
    'RRULE:FREQ=DAILY;COUNT=2',
  ]
  assert.is(readRecurrence(two, monday).rule, 'FREQ=DAILY FREQ=WEEKLY')
})

test('the dates that are left out are instants, those without a zone in the zone of the series', () => {
  const excludedOf = (...lines: string[]) =>
    readRecurrence(['RRULE:FREQ=WEEKLY', ...lines], monday).excluded?.map(String)
  assert.is(excludedOf(), undefined)
  assert.equal(excludedOf('EXDATE:20260309T090000Z,20260316T090000Z'), [
    '2026-03-09T09:00:00Z',
    '2026-03-16T09:00:00Z',
  ])
  assert.equal(excludedOf('exdate:20260309T090000', 'EXDATE;TZID=Asia/Tokyo:20260309T170000'), [
    '2026-03-09T08:00:00Z',
    '2026-03-09T08:00:00Z',
  ])
  assert.is(excludedOf('EXDATE;VALUE=DATE:20260309', 'EXDATE:', 'EXDATE:20269999T000000Z'), undefined)
})

test('the end at a date is the last instant of it in the zone of the series', () => {
  const untilOf = (until: string) =>
    readRecurrence([`RRULE:FREQ=DAILY;UNTIL=${until}`], monday).until?.toString()
  assert.is(untilOf('20260331T215959Z'), '2026-03-31T21:59:59Z')
  assert.is(untilOf('20260331'), '2026-03-31T21:59:59Z')
  assert.is(untilOf('20260331T120000'), '2026-03-31T10:00:00Z')
  assert.is(readRecurrence(['RRULE:FREQ=DAILY;COUNT=3'], monday).until, undefined)
})

test('nothing malformed throws', () => {
  for (const rule of ['', 'FREQ', ';;=', 'FREQ=WEEKLY;UNTIL=soon', 'FREQ=WEEKLY;BYDAY=XX'])
    for (const start of [
      {},
      { dateTime: 'x' },
      { date: '2026-13-01' },
      { dateTime: '+275760-09-13T00:00:00Z' },
    ])
      assert.type(ruleOf(rule, start), 'string')
})

test('an end or an exception beyond the year 9999 in UTC is none', () => {
  const lines = ['RRULE:FREQ=WEEKLY;UNTIL=99991231', 'EXDATE:99991231T230000,20260312T100000']
  const start = { dateTime: '2026-03-05T10:00:00-05:00', timeZone: 'America/New_York' }
  const { until, excluded } = readRecurrence(lines, start)
  assert.is(until, undefined)
  assert.equal(excluded?.map(String), ['2026-03-12T14:00:00Z'])
})

test.run()
