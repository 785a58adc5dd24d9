import { setImmediate } from 'node:timers/promises'

/** Lets all else that waits in this process go on first. */
export const nextTurn = (): Promise<void> => setImmediate()

/** Items worked on before others have their turn. */
const AT_ONCE = 500

/** Works on the items in their order, and gives others their turn meanwhile: a list may be as long as others like. */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Result,
): Promise<Result[]> {
  const results: Result[] = []
  for (const item of items) {
    if (results.length > 0 && results.length % AT_ONCE === 0) await nextTurn()
    results.push(work(item))
  }
  return results
}

/** Runs each piece of work when all before it under the same key have ended, however they ended. */
export function turnsByKey(): <Result>(key: string, work: () => Promise<Result>) => Promise<Result> {
  const last = new Map<string, Promise<unknown>>()
  return (key, work) => {
    const result = (last.get(key) ?? Promise.resolve()).then(work)
    const end = () => {
      if (last.get(key) === ended) last.delete(key)
    }
    const ended = result.then(end, end)
    last.set(key, ended)
    return result
  }
}
