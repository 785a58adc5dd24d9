import { decisionOf, type Entry } from '../booking/decisions.ts'
import { isRefusal, refusals } from '../booking/refusals.ts'

export type Explanation = Pick<Entry, 'because' | 'remedy'>

const unheardOf: Explanation = { because: 'this was decided by a rule that this version does not know' }

/** The explanation of a decision's code, or of a refusal's. Codes come out of the store too, where another version may have written them. */
export const explanationOf = (code: string): Explanation =>
  decisionOf(code) ?? (isRefusal(code) ? refusals[code] : unheardOf)
