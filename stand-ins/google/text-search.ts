import type { GoogleEvent } from './google-json.ts'

/**
 * Whether `q` finds an event: each of its words is in a field that Google's reference of events.list names. Order and
 * letter case do not matter. Words are found whole only, as users reported: `event` does not find `event2`. Whatever
 * is no letter or digit separates words, so an id within a link is one.
 */
export function isFoundBy(q: string, event: GoogleEvent): boolean {
  const words = wordsOf(q)
  if (words.length === 0) return true
  const known = new Set(searched(event).flatMap(wordsOf))
  return words.every((word) => known.has(word))
}

function searched({ summary, description, location, attendees, organizer }: GoogleEvent): string[] {
  const people = [...(attendees ?? []), organizer].flatMap((person) => [person?.displayName, person?.email])
  return [summary, description, location, ...people].filter((field) => typeof field === 'string')
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []
