// Ports in four groups. A function declares a group, or a `Pick` of one.
import type { SyncMode } from '../domain/sync-mode.ts'
import type { BookingDirectory } from './booking-directory.ts'
import type { BookingWriter } from './booking-writer.ts'
import type { CalendarProvider } from './calendar-provider.ts'
import type { Clock } from './clock.ts'
import type { EventStore, Position } from './event-store/event-store.ts'
import type { Logger } from './logger.ts'
import type { ReadStore } from './read-store/read-store.ts'
import type { SignalQueue } from './signal-queue/signal-queue.ts'
import type { CalendarDirectory, CredentialVault } from './vault/credential-vault.ts'

/** Stores: events, read models, signal queue and vault. */
export type Stores = {
  events: EventStore
  readStore: ReadStore
  queue: SignalQueue
  vault: CredentialVault
  calendars: CalendarDirectory
  /** Waits until a read model has read everything appended up to now (bounded; rejects with StoreUnavailable). */
  caughtUp(projection: string): Promise<void>
  /**
   * Has an event that could not be taken tried again, or given up, by the process that parked it: durable when it
   * resolves. Undefined: no such event is parked.
   */
  requestForParked(request: {
    projection: string
    position: Position
    want: 'RETRY' | 'SKIP'
  }): Promise<{ stream: string; revision: number } | undefined>
}

/** Everything outside: provider, Cal.com, log and counters. */
export type Outside = {
  provider: CalendarProvider
  /** Calendars that are read by delegation: their owners need no stored credential. */
  isDelegated(externalCalendarId: string): boolean
  /** Opened channels: where Google pushes to, and how a channel's token is made. Undefined where nothing can be reached. */
  push: PushSettings | undefined
  /** Cal.com's own view of bookings, where one is configured. */
  calcom: BookingDirectory | undefined
  /** Writes to Cal.com, where this service itself carries out what it publishes. */
  writer: BookingWriter | undefined
  log: Logger
  /** Called for every decision on a look, to count it. */
  onDecision?(code: string): void
}

export type PushSettings = {
  /** `PUBLIC_URL/webhooks/google`. */
  address: string
  /** The life asked for a channel. */
  ttlMs: number
  /** HMACs of the channel's id, the newest key's first. Channels are opened with that; all are accepted. */
  tokensFor(channelId: string): [string, ...string[]]
}

/** Time, chance and ids. */
export type Time = {
  clock: Clock
  /** The clock's present instant. */
  now(): Temporal.Instant
  /** Ids of events (UUIDs). */
  newId(): string
  /** Between 0 and 1: spreads retries. */
  random(): number
}

export type Settings = {
  /** The mode where no policy is set. */
  defaultMode: SyncMode
  /** All in milliseconds but the limit. */
  settings: {
    settleMs: number
    reconcileMs: number
    cronMs: number
    cancelGraceMs: number
    echoGraceMs: number
    /** Cancellations in one calendar within an hour; more are held for a person. */
    massChangeLimit: number
  }
}
