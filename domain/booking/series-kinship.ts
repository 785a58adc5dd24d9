// Finds the series that another series goes on as. "This and following" ends one series and begins another. The other
// id may be unrelated.
import type { ExternalEvent } from '../external-event.ts'
import { isBefore } from '../times.ts'

/**
 * All parts that a series was split into, in any number of splits. Google gives both parts of a split the `created` of
 * the whole. The first part ends on the day before the second part begins. `unclear`: another series may be a part too,
 * but does not begin where one ends. A placeholder date of an import says nothing. Nor does an etag: all events written
 * in one step share it.
 */
export function partsOf(
  changed: readonly ExternalEvent[],
  others: readonly ExternalEvent[],
): { parts: ExternalEvent[]; unclear: boolean } {
  const parts = new Set(changed)
  const goingOnAs = successors(others)
  // The set grows while it is read: the part of a part is a part.
  for (const part of parts) for (const other of goingOnAs(part)) parts.add(other)
  const strangers = Map.groupBy(
    others.filter((other) => !parts.has(other)),
    ({ created }) => created?.epochNanoseconds,
  )
  const latest = new Map(Array.from(strangers, ([created, alike]) => [created, latestOf(alike)]))
  const unclear = [...parts].some((part) => {
    const written = isCut(part) ? latest.get(part.created.epochNanoseconds) : undefined
    // A split writes both parts at once: a series that was last written earlier is no part of it.
    return written && !(written.updated && part.updated && isBefore(written.updated, part.updated))
  })
  return { parts: [...parts], unclear }
}

type Cut = ExternalEvent & { created: Temporal.Instant; until: Temporal.Instant }

/** Whether a series ends, and has a date of creation that says something. */
const isCut = (series: ExternalEvent): series is Cut =>
  series.created !== undefined && series.until !== undefined && !isBefore(series.created, NO_TRUE_DATE_BEFORE)

/** The series of a list that begin on the day after another one ends, found by that day in the zone of the other. */
function successors(others: readonly ExternalEvent[]): (series: ExternalEvent) => readonly ExternalEvent[] {
  const byZone = new Map<string, Map<string, ExternalEvent[]>>()
  const keyed = (zone: string) => {
    const known = byZone.get(zone)
    if (known) return known
    const made = Map.groupBy(
      others,
      ({ created, times }) => `${created?.epochNanoseconds} ${begins(times, zone)}`,
    )
    byZone.set(zone, made)
    return made
  }
  return (series) => {
    if (!isCut(series)) return []
    const { times, until, created } = series
    const zone = times && !times.allDay && times.timeZone !== undefined ? times.timeZone : 'UTC'
    const next = until.toZonedDateTimeISO(zone).toPlainDate().add({ days: 1 })
    return keyed(zone).get(`${created.epochNanoseconds} ${next}`) ?? []
  }
}

/** The local day on which a series begins. */
const begins = (times: ExternalEvent['times'], zone: string): string | undefined => {
  if (times === undefined) return undefined
  return times.allDay ? times.startDate : times.start.toZonedDateTimeISO(zone).toPlainDate().toString()
}

/** The one that was written last; one that does not say when may have been. */
const latestOf = (alike: readonly ExternalEvent[]): ExternalEvent | undefined =>
  alike.reduce((one, other) =>
    one.updated && (!other.updated || isBefore(one.updated, other.updated)) ? other : one,
  )

/** Placeholders are of the year 0, 1, 1601, 1900, 1970, 1980 or 2000. */
const NO_TRUE_DATE_BEFORE = Temporal.Instant.from('2001-01-01T00:00:00Z')
