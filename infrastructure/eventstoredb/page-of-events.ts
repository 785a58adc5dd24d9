import type { EventPage, Position, RecordedEvent } from '../../ports/event-store/event-store.ts'
import { recorded, toPosition } from './eventstoredb-positions.ts'
import type { Item } from './eventstoredb-reading.ts'

/** A page ends early, before its limit, once it holds about this many characters of JSON. */
const PAGE_CHARACTERS = 8 * 1024 * 1024

/** Collects one page after another. `take` is true once the page in hand is full. */
export type PageInHand = {
  /** Everything that matches up to here is in pages. */
  readonly position: Position
  /** Whether it would say anything that the pages before did not. */
  readonly fresh: boolean
  take(item: Item): boolean
  /** Gives the page so far, and begins the next one. */
  close(caughtUp: boolean): EventPage
  /** Moves the position on, never back. */
  moveTo(position: Position): void
}

/** Begins after `after`; what is not beyond that is left out, so that nothing is ever given twice. */
export function pageInHand(after: Position, limit: number): PageInHand {
  let events: RecordedEvent[] = []
  let position = after
  let given = after
  let characters = 0
  const moveTo = (place: Position) => {
    if (place > position) position = place
  }
  return {
    get position() {
      return position
    },
    get fresh() {
      return position > given
    },
    take(item) {
      if (item.kind === 'checkpoint') moveTo(item.position)
      if (item.kind !== 'event') return false
      const event = recorded(item.resolved)
      if (!event) {
        const place = item.resolved.event?.position
        if (place) moveTo(toPosition(place))
        return false
      }
      if (event.position <= position) return false
      events.push(event)
      position = event.position
      characters += sizeOf(event)
      return events.length >= limit || characters >= PAGE_CHARACTERS
    },
    close(caughtUp) {
      const page = { events, position, caughtUp }
      given = position
      events = []
      characters = 0
      return page
    },
    moveTo,
  }
}

/** A guess that is good enough for texts, which are what makes an event big. */
function sizeOf({ data }: RecordedEvent): number {
  let characters = 200
  for (const value of Object.values(data)) characters += typeof value === 'string' ? value.length : 50
  return characters
}
