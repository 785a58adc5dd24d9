import type { z } from 'zod'
import type { DomainEvent } from '../domain/domain-event.ts'
import type { Cause, EventMetadata } from '../domain/event-metadata.ts'
import type { SyncMode } from '../domain/sync-mode.ts'
import type { CalendarProvider } from '../ports/calendar-provider.ts'
import type { EventStore, Position } from '../ports/event-store/event-store.ts'
import type { ReadStore } from '../ports/read-store/read-store.ts'
import type { SignalQueue } from '../ports/signal-queue/signal-queue.ts'
import type { CalendarDirectory, CredentialVault } from '../ports/vault/credential-vault.ts'

/** The ports that commands work with. */
export type CommandPorts = {
  events: EventStore
  readStore: ReadStore
  queue: SignalQueue
  calendars: CalendarDirectory
  vault: CredentialVault
  provider: CalendarProvider
  /** Calendars that are read by delegation: their owners need no stored credential. */
  isDelegated(externalCalendarId: string): boolean
  /** The present, and ids of events (UUIDs). */
  now(): Temporal.Instant
  newId(): string
  /** Waits until a read model has seen everything appended up to now (bounded; rejects with StoreUnavailable). */
  caughtUp(projection: string): Promise<void>
  /**
   * Has an event that could not be taken tried again, or given up, by the process that parked it: durable when it
   * resolves. Undefined: no such event is parked.
   */
  requestForParked(request: {
    projection: string
    position: Position
    want: 'RETRY' | 'SKIP'
  }): Promise<ParkedEvent | undefined>
  /** Opened channels: where Google pushes to, and how a channel's token is made. Undefined where nothing can be reached. */
  push: PushSettings | undefined
  /** Told of every decision on a look: it is counted. */
  onDecision?(code: string): void
  /** The mode that holds for those that set no policy. */
  defaultMode: SyncMode
}

export type ParkedEvent = { stream: string; revision: number }

export type PushSettings = {
  /** `PUBLIC_URL/webhooks/google`. */
  address: string
  /** The life asked for a channel. */
  ttlMs: number
  /** HMACs of the channel's id: the newest key's first, with which channels are opened; all are accepted. */
  tokensFor(channelId: string): [string, ...string[]]
}

/** Who asks, and why: goes into every event's metadata. */
export type CommandContext = {
  actor: string
  correlationId: string
  causationId: string
  traceparent?: string
  cause?: Cause
}

export type CommandResult =
  | {
      ok: true
      /** The id of the thing commanded: deterministic, the same however often the command is sent. */
      id: string
      stream: string
      /** The stream's last revision; -1 for one that does not exist. */
      revision: number
      /** The events that were appended; none: it is already so. */
      events: DomainEvent[]
      /** The position of the last event appended: queries may wait for it. */
      position?: Position
      /** Why, where the command is a question with many answers. */
      decision?: { code: string; sentence: string }
    }
  | { ok: false; status: 404 | 409; code: string; detail: string }

/** A command as the outside sees it: its name, its body, what it does. */
export type Command<Name extends string = string, Body = unknown> = {
  name: Name
  /** One sentence for the API's description. */
  summary: string
  schema: z.ZodType<Body>
  handle(body: Body, ports: CommandPorts, context: CommandContext): Promise<CommandResult>
}

/** Lets the compiler infer a command's body from its schema. */
export const defineCommand = <Name extends string, Body>(command: Command<Name, Body>): Command<Name, Body> =>
  command

export const metadataOf = (context: CommandContext): EventMetadata => ({
  correlationId: context.correlationId,
  causationId: context.causationId,
  actor: context.actor,
  ...(context.traceparent !== undefined && { traceparent: context.traceparent }),
  ...(context.cause !== undefined && { cause: context.cause }),
})

export const notFound = (code: string, detail: string): CommandResult => ({
  ok: false,
  status: 404,
  code,
  detail,
})

/** A rejection that says "there is no such thing" is a 404. */
export const orNotFound = (result: CommandResult, code: string): CommandResult =>
  !result.ok && result.code === code ? { ...result, status: 404 } : result
