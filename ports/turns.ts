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
