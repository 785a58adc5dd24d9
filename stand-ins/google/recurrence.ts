import { RRuleTemporal } from 'rrule-temporal'
import { refusal } from './api-error.ts'
import { dateTimeIn, isZone, momentOf } from './event-times.ts'
import type { EventTime, GoogleEvent } from './google-json.ts'

/**
 * A place in a series: the start that the rule gives, before any move. Epoch milliseconds; for an all-day series the
 * UTC midnight of its date.
 */
export type Slot = { allDay: boolean; ms: number }

const DAY = 86_400_000

type Rule = RRuleTemporal<Temporal.ZonedDateTime>

/** Events are never changed in place, so a rule once read stays right for its object. */
const rules = new WeakMap<GoogleEvent, Rule>()

/** Reads a master's recurrence in its own zone. Throws Google's 400 for a rule that cannot be read. */
export function ruleOf(master: GoogleEvent, calendarZone: string): Rule {
  const ready = rules.get(master)
  if (ready) return ready
  const lines = [startLine(master, calendarZone), ...rulesOf(master)]
  try {
    const rule = new RRuleTemporal({ rruleString: lines.join('\n'), temporal: Temporal })
    rules.set(master, rule)
    return rule
  } catch (cause) {
    const error = refusal('invalid', { message: 'Invalid recurrence rule.' })
    error.cause = cause
    throw error
  }
}

/** A series of RDATEs only: its start is the first occurrence, and no rule gives any other. */
function rulesOf({ recurrence = [] }: GoogleEvent): string[] {
  return recurrence.some((line) => /^RRULE/i.test(line))
    ? recurrence
    : ['RRULE:FREQ=DAILY;COUNT=1', ...recurrence]
}

function startLine(master: GoogleEvent, calendarZone: string): string {
  if (master.start?.date !== undefined) return `DTSTART;VALUE=DATE:${master.start.date.replaceAll('-', '')}`
  const zone = zoneOf(master, calendarZone)
  const start = Temporal.Instant.fromEpochMilliseconds(momentOf(master.start, calendarZone).epochMs)
  return `DTSTART;TZID=${zone}:${compact(start.toZonedDateTimeISO(zone).toPlainDateTime())}`
}

const compact = (local: Temporal.PlainDateTime) =>
  local.toString({ smallestUnit: 'second' }).replaceAll(/[-:]/g, '')

/** The zone in which a series repeats; the calendar's where an import names one that does not exist. */
export function zoneOf(master: GoogleEvent, calendarZone: string): string {
  const zone = master.start?.timeZone ?? calendarZone
  return isZone(zone) ? zone : calendarZone
}

/** The slot of a start as written. */
export function slotOf(time: EventTime | undefined, calendarZone: string): Slot {
  if (time?.date !== undefined) return { allDay: true, ms: Date.parse(`${time.date}T00:00:00Z`) }
  return { allDay: false, ms: momentOf(time, calendarZone).epochMs }
}

/** The slots from `fromMs` to `toMs`, both inclusive, in order. */
export function slotsBetween(
  master: GoogleEvent,
  calendarZone: string,
  fromMs: number,
  toMs: number,
): Slot[] {
  if (toMs < fromMs) return []
  const allDay = master.start?.date !== undefined
  return ruleOf(master, calendarZone)
    .between(new Date(fromMs), new Date(toMs), true)
    .map((start) => ({ allDay, ms: start.epochMilliseconds }))
}

/** Whether the rule gives that slot. */
export function occursAt(master: GoogleEvent, calendarZone: string, slot: Slot): boolean {
  if (slot.allDay !== (master.start?.date !== undefined)) return false
  return slotsBetween(master, calendarZone, slot.ms, slot.ms).length > 0
}

/** Whether some occurrence starts at or after `fromMs` (epoch milliseconds). */
export function occursFrom(master: GoogleEvent, calendarZone: string, fromMs: number): boolean {
  return ruleOf(master, calendarZone).next(new Date(fromMs), true) !== null
}

/** How long each occurrence lasts, in milliseconds (whole days for an all-day series). */
export function durationOf(event: GoogleEvent, calendarZone: string): number {
  return slotOf(event.end, calendarZone).ms - slotOf(event.start, calendarZone).ms
}

/** A slot as a start or end in the API's writing. */
export function timeOfSlot(slot: Slot, calendarZone: string, eventZone: string): EventTime {
  if (slot.allDay) return { date: new Date(slot.ms).toISOString().slice(0, 10) }
  return { dateTime: dateTimeIn(slot.ms, calendarZone), timeZone: eventZone }
}

/** The end of an instance's id: the UTC start, or the date. */
export function suffixOf(slot: Slot): string {
  const text = new Date(slot.ms).toISOString()
  return slot.allDay ? text.slice(0, 10).replaceAll('-', '') : `${text.slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}

/** The series part of a master's id: an `_R…` that a split added is not part of its instances' ids. */
export const baseOf = (masterId: string) => masterId.replace(/_R\d{8}(T\d{6})?$/, '')

/** Takes an instance's id apart; undefined for an id that is no instance's. */
export function parseInstanceId(id: string): { base: string; slot: Slot } | undefined {
  const match = /^(.+)_(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})Z)?$/.exec(id)
  if (!match) return undefined
  const [, base = '', year, month, day, hour, minute, second] = match
  const allDay = hour === undefined
  const ms = Date.parse(`${year}-${month}-${day}T${hour ?? '00'}:${minute ?? '00'}:${second ?? '00'}Z`)
  return Number.isNaN(ms) ? undefined : { base, slot: { allDay, ms } }
}

/**
 * The recurrence ended before `slot`: UNTIL is the last second of the day before, in the series' zone, written in UTC
 * (a date for an all-day series). A COUNT gives way to it.
 */
export function endedBefore(master: GoogleEvent, calendarZone: string, slot: Slot): string[] {
  const until = slot.allDay
    ? suffixOf({ allDay: true, ms: slot.ms - DAY })
    : suffixOf({
        allDay: false,
        ms:
          Temporal.Instant.fromEpochMilliseconds(slot.ms)
            .toZonedDateTimeISO(zoneOf(master, calendarZone))
            .startOfDay().epochMilliseconds - 1000,
      })
  const ruled = changeRule(master.recurrence ?? [], (parts) => [
    ...parts.filter((part) => !/^(UNTIL|COUNT)=/i.test(part)),
    `UNTIL=${until}`,
  ])
  return datesKept(ruled, (date) => date < slot.ms, zoneOf(master, calendarZone))
}

/** The dates of a series without a rule that are meant; a line without any goes. */
function datesKept(recurrence: string[], keeps: (ms: number) => boolean, zone: string): string[] {
  return recurrence.flatMap((line) => {
    if (!/^RDATE/i.test(line)) return [line]
    const [head = '', dates = ''] = line.split(':')
    const kept = dates.split(',').filter((date) => keeps(msOfDate(date, zone)))
    return kept.length > 0 ? [`${head}:${kept.join(',')}`] : []
  })
}

/** A date of RFC 5545 in epoch milliseconds, as slots have them; without `Z` it is local in the series' zone. */
function msOfDate(text: string, zone: string): number {
  if (text.length === 8) return Temporal.PlainDate.from(text).toZonedDateTime('UTC').epochMilliseconds
  return text.endsWith('Z')
    ? Temporal.Instant.from(text).epochMilliseconds
    : Temporal.PlainDateTime.from(text).toZonedDateTime(zone).epochMilliseconds
}

/** The recurrence from `slot` on: a COUNT is lessened by what lies before. */
export function continuedFrom(master: GoogleEvent, calendarZone: string, slot: Slot): string[] {
  const first = slotOf(master.start, calendarZone).ms
  const before = slotsBetween(master, calendarZone, first, slot.ms - 1).length
  const ruled = changeRule(master.recurrence ?? [], (parts) =>
    parts.map((part) => (/^COUNT=/i.test(part) ? `COUNT=${Number(part.slice(6)) - before}` : part)),
  )
  return datesKept(ruled, (date) => date >= slot.ms, zoneOf(master, calendarZone))
}

const weekdays = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']

/** The recurrence of a weekly series that a person dragged by that many days: its weekdays move along. */
export function weekdaysMoved(recurrence: string[], days: number): string[] {
  if (days % 7 === 0 || !recurrence.some((line) => /FREQ=WEEKLY/i.test(line))) return recurrence
  const moved = (day: string) => weekdays[(weekdays.indexOf(day) + (days % 7) + 7) % 7] ?? day
  return changeRule(recurrence, (parts) =>
    parts.map((part) =>
      /^BYDAY=/i.test(part) ? `BYDAY=${part.slice(6).split(',').map(moved).join(',')}` : part,
    ),
  )
}

function changeRule(recurrence: string[], change: (parts: string[]) => string[]): string[] {
  return recurrence.map((line) =>
    line.startsWith('RRULE:') ? `RRULE:${change(line.slice(6).split(';')).join(';')}` : line,
  )
}
