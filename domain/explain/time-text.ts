/** An instant as a person reads it, always in UTC: `2026-11-24 10:00 UTC`; seconds only where there are any. */
export const readableInstant = (instant: string): string => `${dayAndTime(instant).join(' ')} UTC`

/** A start and an end in UTC, with the date once if both have the same: `2026-11-24 10:00–10:30 UTC`. */
export function readableTimes({ start, end }: { start: string; end: string }): string {
  const [startDay, startTime] = dayAndTime(start)
  const [endDay, endTime] = dayAndTime(end)
  return startDay === endDay
    ? `${startDay} ${startTime}–${endTime} UTC`
    : `${startDay} ${startTime} – ${endDay} ${endTime} UTC`
}

/** A move in words: `from 2026-11-24 10:00 UTC to 11:00 UTC`, with the ends where the length changed. */
export function readableMove(
  previous: { start: string; end: string },
  next: { start: string; end: string },
): string {
  if (length(previous) !== length(next)) return `from ${readableTimes(previous)} to ${readableTimes(next)}`
  const [day, time] = dayAndTime(next.start)
  const sameDay = dayAndTime(previous.start)[0] === day
  return `from ${readableInstant(previous.start)} to ${sameDay ? `${time} UTC` : `${day} ${time} UTC`}`
}

const length = ({ start, end }: { start: string; end: string }): number =>
  Temporal.Instant.from(end).epochMilliseconds - Temporal.Instant.from(start).epochMilliseconds

function dayAndTime(instant: string): [day: string, time: string] {
  const text = Temporal.Instant.from(instant).toString({ smallestUnit: 'second' })
  const time = text.slice(11, 19)
  return [text.slice(0, 10), time.endsWith(':00') ? time.slice(0, 5) : time]
}
