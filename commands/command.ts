import type { z } from 'zod'
import type { DomainEvent } from '../domain/domain-event.ts'
import type { Cause, EventMetadata } from '../domain/event-metadata.ts'
import { defined } from '../domain/optional-fields.ts'
import type { Position } from '../ports/event-store/event-store.ts'
import type { Outside, Settings, Stores, Time } from '../ports/port-groups.ts'

/** The ports that commands work with. */
export type CommandPorts = Stores &
  Pick<Outside, 'provider' | 'isDelegated' | 'push' | 'onDecision'> &
  Pick<Time, 'now' | 'newId'> &
  Pick<Settings, 'defaultMode'>

/** The one who asks, and why: goes into every event's metadata. */
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
      /** The events that were appended. An empty list says that nothing had to change. */
      events: DomainEvent[]
      /** The position of the last event appended: queries may wait for it. */
      position?: Position
      /** Why, where the command is a question with many answers. */
      decision?: { code: string; sentence: string }
    }
  | { ok: false; status: 404 | 409; code: string; detail: string }

/** A command for the outside: its name, its body, its action, and the ports that it needs. */
export type Command<Name extends string = string, Body = unknown, Ports = CommandPorts> = {
  name: Name
  /** One sentence for the API's description. */
  summary: string
  schema: z.ZodType<Body>
  handle(body: Body, ports: Ports, context: CommandContext): Promise<CommandResult>
}

/** Lets the compiler infer a command's body from its schema. */
export const defineCommand = <Name extends string, Body, Ports = CommandPorts>(
  command: Command<Name, Body, Ports>,
): Command<Name, Body, Ports> => command

export const metadataOf = (context: CommandContext): EventMetadata => ({
  correlationId: context.correlationId,
  causationId: context.causationId,
  actor: context.actor,
  ...defined({ traceparent: context.traceparent, cause: context.cause }),
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
