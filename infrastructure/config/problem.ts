import type { Variable } from './variables.ts'

/** The problem with a variable, in words that never repeat its value. */
export type Problem = { readonly variable: Variable; readonly problem: string }

/** All problems in one message, a line each. */
export function formatProblems(problems: readonly Problem[]): string {
  const lines = problems.map(({ variable, problem }) => `  ${variable} ${problem}`)
  return ['The configuration is not usable:', ...lines].join('\n')
}
