// What is needed of a series' recurrence (RFC 5545, 3.8.5): by which rule it repeats, at what date it ends, and which
// dates it leaves out.
import { defined } from '../../domain/optional-fields.ts'
import { hasFourDigitYear } from '../../ports/outside-fields.ts'
import { isZone } from './google-time.ts'

/** As in ExternalEvent; `until` only where nothing but one rule with an UNTIL says when the series ends. */
export type Recurrence = { rule: string; until?: Temporal.Instant; excluded?: readonly Temporal.Instant[] }

/** The start of a series: where the rule is read from. */
type Start = { dateTime?: unknown; date?: unknown; timeZone?: unknown }

/**
 * Reads the lines of a master. Two masters have the same rule exactly if one is the other dragged to other times, or
 * ended at another date or count: a weekday, day or month that the start implies is left out. Never throws.
 */
export function readRecurrence(lines: readonly string[], start: Start): Recurrence {
  const zone = typeof start.timeZone === 'string' && isZone(start.timeZone) ? start.timeZone : 'UTC'
  const rules = lines.filter((line) => /^RRULE:/i.test(line)).map(partsOf)
  const dates = lines.some((line) => /^RDATE/i.test(line))
  const day = dayOf(start, zone)
  const rule = [...rules.map((parts) => ruleText(parts, day)).toSorted(), ...(dates ? ['RDATE'] : [])]
  const until = rules.length === 1 && !dates ? untilOf(rules[0]?.get('UNTIL'), zone) : undefined
  const excluded = lines.filter((line) => /^EXDATE/i.test(line)).flatMap((line) => timesIn(line, zone))
  return { rule: rule.join(' '), ...defined({ until }), ...(excluded.length > 0 && { excluded }) }
}

type Parts = ReadonlyMap<string, string>

const partsOf = (line: string): Parts =>
  new Map(
    line
      .toUpperCase()
      .slice('RRULE:'.length)
      .split(';')
      .map((part): [string, string] => {
        const [name = '', value = ''] = part.split('=')
        return [name, value]
      }),
  )

const ENDINGS = ['UNTIL', 'COUNT', 'WKST']
const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']

function ruleText(parts: Parts, day: Temporal.PlainDate | undefined): string {
  const kept = new Map([...parts].filter(([name]) => !ENDINGS.includes(name)))
  if (kept.get('INTERVAL') === '1') kept.delete('INTERVAL')
  if (day) leaveOutImplied(kept, day)
  return [...kept]
    .map(([name, value]) => `${name}=${value.split(',').toSorted().join(',')}`)
    .toSorted()
    .join(';')
}

function leaveOutImplied(kept: Map<string, string>, day: Temporal.PlainDate): void {
  const weekday = WEEKDAYS[day.dayOfWeek - 1] ?? ''
  if (kept.get('BYMONTHDAY') === String(day.day)) kept.delete('BYMONTHDAY')
  if (kept.get('BYMONTH') === String(day.month)) kept.delete('BYMONTH')
  const days = kept.get('BYDAY')?.split(',') ?? []
  if (kept.get('FREQ') === 'WEEKLY') {
    if (!days.includes(weekday)) return
    kept.delete('BYDAY')
    if (days.length > 1) kept.set('DAYS', rhythmOf(days))
  } else if (days.length === 1 && days[0]?.endsWith(weekday)) {
    // The second Tuesday, dragged, is the third Wednesday.
    kept.delete('BYSETPOS')
    kept.set('BYDAY', 'NTH')
  }
}

/** The days from each weekday to the next, whichever is the first: dragging all by a day leaves them as they are. */
function rhythmOf(days: readonly string[]): string {
  const numbers = [...new Set(days.map((day) => WEEKDAYS.indexOf(day)))].toSorted((a, b) => a - b)
  const steps = numbers.map((number, index) => {
    const next = numbers[index + 1] ?? (numbers[0] ?? 0) + 7
    return next - number
  })
  const turns = steps.map((_, index) => [...steps.slice(index), ...steps.slice(0, index)].join('+'))
  return turns.toSorted()[0] ?? ''
}

function dayOf({ dateTime, date }: Start, zone: string): Temporal.PlainDate | undefined {
  try {
    if (typeof date === 'string') return Temporal.PlainDate.from(date)
    if (typeof dateTime !== 'string') return undefined
    return /(?:Z|[+-]\d{2}:?\d{2})$/i.test(dateTime)
      ? Temporal.Instant.from(dateTime).toZonedDateTimeISO(zone).toPlainDate()
      : Temporal.PlainDate.from(dateTime)
  } catch (error) {
    return nothing(error)
  }
}

/** A date counts to its end. */
function untilOf(text: string | undefined, zone: string): Temporal.Instant | undefined {
  if (text === undefined) return undefined
  try {
    if (isTime(text)) return ifTellable(timeOf(text, zone))
    const next = Temporal.PlainDate.from(text).add({ days: 1 })
    return ifTellable(next.toZonedDateTime(zone).toInstant().subtract({ seconds: 1 }))
  } catch (error) {
    return nothing(error)
  }
}

/** The times of an EXDATE line. Dates are left out: an occurrence that has a time is not excluded by one. */
function timesIn(line: string, seriesZone: string): Temporal.Instant[] {
  const [head = '', values = ''] = line.split(':')
  const named = /;TZID=([^;]+)/i.exec(head)?.[1] ?? ''
  const zone = isZone(named) ? named : seriesZone
  try {
    return values
      .split(',')
      .filter(isTime)
      .map((value) => timeOf(value, zone))
      .filter(hasFourDigitYear)
  } catch (error) {
    return nothing(error) ?? []
  }
}

const isTime = (text: string): boolean => /^\d{8}T\d{6}Z?$/.test(text)

/** A time without `Z` is of that zone. */
const timeOf = (text: string, zone: string): Temporal.Instant =>
  text.endsWith('Z')
    ? Temporal.Instant.from(text)
    : Temporal.PlainDateTime.from(text).toZonedDateTime(zone).toInstant()

/** An end beyond the years that RFC 3339 tells is as good as none. */
const ifTellable = (instant: Temporal.Instant): Temporal.Instant | undefined =>
  hasFourDigitYear(instant) ? instant : undefined

function nothing(error: unknown): undefined {
  if (error instanceof RangeError) return undefined
  throw error
}
