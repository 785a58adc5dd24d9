import { turnsByKey } from '../../ports/turns.ts'

/** Runs each piece of work when all before it have ended, however they ended. */
export function oneAfterAnother(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const inTurn = turnsByKey()
  return (work) => inTurn('', work)
}
