import type { CommandContext } from '../../commands/command.ts'
import type { Cause } from '../../domain/event-metadata.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { Outside, Settings, Stores, Time } from '../../ports/port-groups.ts'

/** The ports of the running parts. */
export type ServicePorts = Stores & Outside & Time & Settings

/** A context for one command of a service, which begins a trace of its own (W3C Trace Context). */
export const contextOf = (ports: Pick<Time, 'newId'>, actor: string, cause?: Cause): CommandContext => {
  const causationId = ports.newId()
  const correlationId = ports.newId()
  const traceId = correlationId.replaceAll('-', '')
  const traceparent = `00-${traceId}-${causationId.replaceAll('-', '').slice(0, 16)}-01`
  return { actor, causationId, correlationId, traceparent, ...defined({ cause }) }
}
