import type { GoogleEvent } from './google-json.ts'

/**
 * Whether `q` finds an event: every word of it occurs somewhere in the fields that Google's reference of events.list
 * names, in any order and letter case. Words are found whole only (reported: `event` does not find `event2`); what is
 * no letter or digit separates them, so that an id within a link is a word of its own.
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
