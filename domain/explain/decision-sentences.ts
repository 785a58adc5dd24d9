import { decisionOf, type Entry } from '../booking/decisions.ts'

export type Explanation = Pick<Entry, 'because' | 'remedy'>

const unheardOf: Explanation = { because: 'this was decided by a rule that this version does not know' }

/** The explanation of a decision's code. Codes come out of the store too, where another version may have written them. */
export const explanationOf = (code: string): Explanation => decisionOf(code) ?? unheardOf
