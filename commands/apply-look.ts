import type { Look, LookContext, LookDecision } from '../domain/booking/look.ts'
import { decideLook } from '../domain/booking/rules.ts'
import type { Booking } from '../domain/booking/state.ts'
import { accept } from '../domain/decision.ts'
import { sentenceOfDecision } from '../domain/explain/explanation.ts'
import { bookingAggregate } from './aggregates.ts'
import type { CommandContext, CommandPorts, CommandResult } from './command.ts'
import { execute } from './execute.ts'

export type AppliedLook = { result: CommandResult; decision: LookDecision }

/**
 * Decides one look at one booking and appends the decision's events: `always`, or `unless it acts`. In the latter case a
 * decision that publishes is only returned, because it needs a second look first.
 */
export async function applyLook(
  ports: Pick<CommandPorts, 'events' | 'newId' | 'onDecision'>,
  context: CommandContext,
  bookingUid: string,
  look: Look,
  lookContext: LookContext,
  append: 'always' | 'unless it acts' = 'always',
): Promise<AppliedLook> {
  let decision: LookDecision = { code: 'NOT_LINKED', events: [], acts: false }
  const result = await execute(ports, context, bookingAggregate, bookingUid, (state: Booking) => {
    decision = decideLook(state, look, lookContext)
    return decision.acts && append !== 'always' ? accept() : accept(...decision.events)
  })
  if (!decision.acts || append === 'always') ports.onDecision?.(decision.code)
  const explained = { code: decision.code, sentence: sentenceOfDecision(decision.code) }
  return { result: result.ok ? { ...result, decision: explained } : result, decision }
}
