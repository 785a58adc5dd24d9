// Asking over HTTP, with patience and without following anybody.
import { type Finding, ok, wrong } from './finding.ts'

const REQUEST_MS = 5_000

/** Whether anything answers at the address, whatever it says. */
export async function reached(check: string, url: string, variable: string): Promise<Finding> {
  const asked = await ask(url)
  return typeof asked === 'string'
    ? unreachable(check, new URL(url).origin, asked, variable)
    : ok(check, `${new URL(url).origin} answers.`)
}

export const unreachable = (check: string, place: string, why: string, variable: string) =>
  wrong(check, `${place} cannot be reached: ${why}.`, `Let this machine reach it, or correct ${variable}.`)

/** The status of an answer; else why there was none. */
export async function ask(url: string, headers: Record<string, string> = {}): Promise<number | string> {
  try {
    const signal = AbortSignal.timeout(REQUEST_MS)
    const response = await fetch(url, { headers, redirect: 'manual', signal })
    await response.body?.cancel()
    return response.status
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return cause instanceof Error ? cause.message || cause.name : String(cause)
  }
}
