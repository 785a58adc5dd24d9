// Finds the series that another series goes on as. "This and following" ends one series and begins another. The other
// id may be unrelated.
import type { ExternalEvent } from '../external-event.ts'
import { isBefore } from '../times.ts'

/**
 * `SAME`: the other series was split off from this series. `UNCLEAR`: that may be, but it does not begin where this series
 * ends. `NONE`: nothing but chance connects the two.
 */
type Kinship = 'SAME' | 'UNCLEAR' | 'NONE'

/**
 * Compares two series. Google gives both parts of a split the `created` of the whole. The first part ends on the day
 * before the second part begins. A placeholder date of an import says nothing. Nor does an etag: all events written in
 * one step share it.
 */
function kinshipOf(series: ExternalEvent, other: ExternalEvent): Kinship {
  const { created, until } = series
  if (created === undefined || until === undefined || isBefore(created, NO_TRUE_DATE_BEFORE)) return 'NONE'
  if (other.created === undefined || !other.created.equals(created)) return 'NONE'
  if (endsTheDayBefore(series, until, other)) return 'SAME'
  // A split writes both parts at once: a series that was last written earlier is no part of it.
  const older = other.updated && series.updated && isBefore(other.updated, series.updated)
  return older ? 'NONE' : 'UNCLEAR'
}

/** All parts that a series was split into, in any number of splits. `unclear`: another series may be a part too. */
export function partsOf(
  changed: readonly ExternalEvent[],
  others: readonly ExternalEvent[],
): { parts: ExternalEvent[]; unclear: boolean } {
  const parts = [...changed]
  // The list grows while it is read: the part of a part is a part.
  for (const part of parts)
    for (const other of others)
      if (!parts.includes(other) && kinshipOf(part, other) === 'SAME') parts.push(other)
  const strangers = others.filter((other) => !parts.includes(other))
  const unclear = parts.some((part) => strangers.some((other) => kinshipOf(part, other) === 'UNCLEAR'))
  return { parts, unclear }
}

/** Placeholders are of the year 0, 1, 1601, 1900, 1970, 1980 or 2000. */
const NO_TRUE_DATE_BEFORE = Temporal.Instant.from('2001-01-01T00:00:00Z')

function endsTheDayBefore(
  { times }: ExternalEvent,
  until: Temporal.Instant,
  { times: next }: ExternalEvent,
): boolean {
  if (next === undefined) return false
  const zone = times && !times.allDay && times.timeZone !== undefined ? times.timeZone : 'UTC'
  const begins = next.allDay
    ? Temporal.PlainDate.from(next.startDate)
    : next.start.toZonedDateTimeISO(zone).toPlainDate()
  return until
    .toZonedDateTimeISO(zone)
    .toPlainDate()
    .equals(begins.subtract({ days: 1 }))
}
