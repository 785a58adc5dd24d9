import type { CommandContext, CommandPorts } from '../../commands/command.ts'
import type { Cause } from '../../domain/event-metadata.ts'
import type { BookingDirectory } from '../../ports/booking-directory.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'

/** The ports of the running parts: the commands' ports, and how they are set. */
export type ServicePorts = CommandPorts & {
  clock: Clock
  log: Logger
  /** Between 0 and 1: spreads retries. */
  random(): number
  /** Cal.com's own view of bookings, where one is configured. */
  calcom: BookingDirectory | undefined
  settings: SyncSettings
}

/** All in milliseconds but the limit. */
export type SyncSettings = {
  settleMs: number
  reconcileMs: number
  cronMs: number
  cancelGraceMs: number
  echoGraceMs: number
  /** Cancellations in one calendar within an hour; more are held for a person. */
  massChangeLimit: number
}

/** A context for one command of a service, which begins a trace of its own (W3C Trace Context). */
export const contextOf = (
  ports: Pick<ServicePorts, 'newId'>,
  actor: string,
  cause?: Cause,
): CommandContext => {
  const causationId = ports.newId()
  const correlationId = ports.newId()
  const traceId = correlationId.replaceAll('-', '')
  const traceparent = `00-${traceId}-${causationId.replaceAll('-', '').slice(0, 16)}-01`
  return { actor, causationId, correlationId, traceparent, ...(cause && { cause }) }
}
