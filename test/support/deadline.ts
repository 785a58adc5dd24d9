/**
 * Runs `body` and rejects if it has not ended within `ms` milliseconds: what waits for ever, and would otherwise let
 * the process end early and in silence, fails its test.
 */
export async function withDeadline<T>(ms: number, body: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([body(), late])
  } finally {
    clearTimeout(timer)
  }
}
