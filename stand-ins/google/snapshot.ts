import type { AccessSettings, AccessTokens } from './access-tokens.ts'
import type { CalendarState, Entry } from './calendar-state.ts'
import type { Fault, Faults } from './faults.ts'
import { type Channel, calmPushes, type PushSettings } from './push-channels.ts'
import type { SeededRandom } from './seeded-random.ts'
import { index } from './write-order.ts'

/** The whole state as JSON. `version` rises when its shape does. */
export type GoogleSnapshot = {
  version: 1
  random: number
  calendars: (Omit<CalendarState, 'entries' | 'log' | 'masters' | 'exceptions'> & { entries: Entry[] })[]
  channels: Channel[]
  faults: Fault[]
  access: { settings: AccessSettings; issued: ReturnType<AccessTokens['issued']> }
  settings: { push: PushSettings; syncTokenLifeMs?: number }
}

/** The parts of a core that are saved. */
export type CoreParts = {
  random: SeededRandom
  calendars: Map<string, CalendarState>
  channels: Map<string, Channel>
  faults: Faults
  access: AccessTokens
  settings: { push: PushSettings; syncTokenLifeMs?: number }
}

/** A copy of the state that shares nothing with it. */
export function takeSnapshot(parts: CoreParts): GoogleSnapshot {
  return structuredClone({
    version: 1,
    random: parts.random.state(),
    calendars: [...parts.calendars.values()].map((calendar) => {
      const { entries, log: _log, masters: _masters, exceptions: _exceptions, ...rest } = calendar
      return { ...rest, entries: [...entries.values()] }
    }),
    channels: [...parts.channels.values()],
    faults: parts.faults.list(),
    access: { settings: parts.access.settings, issued: parts.access.issued() },
    settings: parts.settings,
  })
}

/** Replaces the state by a saved one; the indexes are made anew. Throws for another version. */
export function readSnapshot(parts: CoreParts, given: GoogleSnapshot): void {
  if (given.version !== 1) throw new Error(`a saved state of version ${given.version} cannot be read`)
  const saved = structuredClone(given)
  parts.random.setState(saved.random)
  parts.calendars.clear()
  for (const { entries, ...rest } of saved.calendars) {
    const inOrder = entries.sort((one, other) => one.position - other.position)
    const calendar: CalendarState = {
      ...rest,
      entries: new Map(inOrder.map((entry) => [entry.event.id, entry])),
      log: inOrder.map(({ position, event }) => ({ position, id: event.id })),
      masters: new Map(),
      exceptions: new Map(),
    }
    for (const { event } of inOrder) index(calendar, event)
    parts.calendars.set(calendar.id, calendar)
  }
  parts.channels.clear()
  for (const channel of saved.channels) parts.channels.set(channel.id, channel)
  parts.faults.clear()
  for (const fault of saved.faults) parts.faults.set(fault)
  parts.access.restore(saved.access.settings, saved.access.issued)
  parts.settings.push = { ...calmPushes, ...saved.settings.push }
  if (saved.settings.syncTokenLifeMs === undefined) delete parts.settings.syncTokenLifeMs
  else parts.settings.syncTokenLifeMs = saved.settings.syncTokenLifeMs
}
