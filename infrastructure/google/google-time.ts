import { hasFourDigitYear } from '../../ports/outside-fields.ts'

/** Google's start, end and originalStartTime: a date, or a time with or without its own offset. */
export type TimeProblem = 'MALFORMED_TIME' | 'ZONE_UNKNOWN'

/**
 * The instant that a `dateTime` means. With an offset that alone decides. Without one the zone does: the event's own,
 * else the calendar's. A time skipped or repeated by a change of clocks is resolved as RFC 5545, section 3.3.5 says
 * (Temporal's 'compatible'). ZONE_UNKNOWN: it has no offset and neither zone is given. MALFORMED_TIME: also beyond the
 * years 0000 to 9999 in UTC. Never throws.
 */
export function instantOf(
  dateTime: string,
  eventZone: string | undefined,
  calendarZone: string | undefined,
): Temporal.Instant | TimeProblem {
  try {
    if (hasOffset.test(dateTime)) return tellable(Temporal.Instant.from(dateTime))
    if (!zoneless.test(dateTime)) return 'MALFORMED_TIME'
    const zone = eventZone ?? calendarZone
    if (zone === undefined) return 'ZONE_UNKNOWN'
    const zoned = Temporal.PlainDateTime.from(dateTime).toZonedDateTime(zone, {
      disambiguation: 'compatible',
    })
    return tellable(zoned.toInstant())
  } catch (error) {
    return malformed(error)
  }
}

/** The instant at which a date (`YYYY-MM-DD`) begins in the zone, which is not midnight everywhere. Never throws. */
export function startOfDate(
  date: string,
  eventZone: string | undefined,
  calendarZone: string | undefined,
): Temporal.Instant | TimeProblem {
  if (!isDate(date)) return 'MALFORMED_TIME'
  const zone = eventZone ?? calendarZone
  if (zone === undefined) return 'ZONE_UNKNOWN'
  try {
    return tellable(Temporal.PlainDate.from(date).toZonedDateTime(zone).toInstant())
  } catch (error) {
    return malformed(error)
  }
}

/** True for a date that exists, written `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  if (!dateOnly.test(text)) return false
  try {
    Temporal.PlainDate.from(text)
    return true
  } catch (error) {
    malformed(error)
    return false
  }
}

/** True for the name of a time zone that this runtime knows. */
export function isZone(name: string): boolean {
  const known = knownZones.get(name)
  if (known !== undefined) return known
  let valid = true
  try {
    epoch.toZonedDateTimeISO(name)
  } catch (error) {
    malformed(error)
    valid = false
  }
  if (knownZones.size >= ZONES_REMEMBERED) knownZones.clear()
  knownZones.set(name, valid)
  return valid
}

const hasOffset = /^.{11,}(?:[Zz]|[+-]\d{2}:?\d{2})$/
const zoneless = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?$/
const dateOnly = /^\d{4}-\d{2}-\d{2}$/
const epoch = Temporal.Instant.fromEpochMilliseconds(0)

// The zones of the world are about 600; the bound keeps made-up names from filling the memory.
const ZONES_REMEMBERED = 2000
const knownZones = new Map<string, boolean>()

/** The instant, unless RFC 3339 cannot tell it in UTC: as text it would sort before all others. */
const tellable = (instant: Temporal.Instant): Temporal.Instant | 'MALFORMED_TIME' =>
  hasFourDigitYear(instant) ? instant : 'MALFORMED_TIME'

function malformed(error: unknown): 'MALFORMED_TIME' {
  if (error instanceof RangeError) return 'MALFORMED_TIME'
  throw error
}
