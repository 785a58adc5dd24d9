import { defined, ifDefined } from '../../domain/optional-fields.ts'
import { type ApiAnswer, refuseWith } from './api-answer.ts'
import { type ApiMethod, errorOf, type Fault } from './faults.ts'
import type { GoogleCore } from './google-core.ts'
import { hungUp } from './hung-up-answer.ts'

/** Does the work, or what a fault set for such a request makes of it. */
export function withFault(
  core: GoogleCore,
  method: ApiMethod,
  calendarId: string | undefined,
  run: (emptyPage: boolean) => ApiAnswer,
): ApiAnswer {
  const fault = core.faults.take(method, calendarId)
  if (!fault) return run(false)
  const error = errorOf(fault)
  const spoils = error !== undefined || fault.drop === true
  const emptyPage = fault.emptyPage === true && (method === 'list' || method === 'instances')
  const honest = !spoils || fault.afterEffect ? attempt(() => run(emptyPage)) : undefined
  const answer = error ? refuseWith(error, retryAfter(fault)) : (honest ?? { status: 500, headers: {} })
  return {
    ...(fault.hangup && answer.status === 200 ? hungUp(answer, fault.hangup) : answer),
    ...defined({ delayMs: fault.delayMs }),
    ...(fault.drop && { drop: true }),
  }
}

function attempt(run: () => ApiAnswer): ApiAnswer {
  try {
    return run()
  } catch (error) {
    return refuseWith(error)
  }
}

const retryAfter = (fault: Fault): { [name: string]: string } =>
  defined({ 'retry-after': ifDefined(fault.retryAfterSeconds, String) })
