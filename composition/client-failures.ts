// The last line behind the clients of servers: what fails inside one with nobody there to be told. Every call has its
// own error already, so that nothing is lost by it; that it happened at all is a fault of the client.
import { sep } from 'node:path'
import { errorText } from '../infrastructure/logging/error-facts.ts'
import type { Logger } from '../ports/logger.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { NeedsPerson } from '../services/status/need.ts'

/** The packages of each client, its transport included. */
const CLIENTS: readonly [client: string, packages: readonly string[]][] = [
  ['EventStoreDB', ['@eventstore/db-client', '@grpc/grpc-js']],
  ['MongoDB', ['mongodb', 'bson']],
  ['Kafka', ['kafkajs']],
]

/** For so long after the last one a person is told. */
const TOLD_FOR_MS = 24 * 3_600_000
/** So many different texts are logged; further ones are counted only. */
const TEXTS = 20

export type ClientFailures = {
  /** Whether an unhandled rejection came from inside a client. It is logged, counted and told then. */
  take(reason: unknown): boolean
  needsPerson(): NeedsPerson[]
}

/** Tells and counts what comes from a client; anything else is left to the caller. */
export function clientFailures({
  now,
  log,
  metrics,
}: {
  now(): Temporal.Instant
  log: Logger
  metrics: Pick<Metrics, 'clientFailed'>
}): ClientFailures {
  const told = new Map<
    string,
    { count: number; first: Temporal.Instant; last: Temporal.Instant; text: string }
  >()
  const logged = new Set<string>()
  return {
    take(reason) {
      const client = clientOf(reason)
      if (client === undefined) return false
      const text = errorText(reason)
      const at = now()
      const known = told.get(client)
      told.set(client, { count: (known?.count ?? 0) + 1, first: known?.first ?? at, last: at, text })
      metrics.clientFailed(client)
      const line = `${client} ${text}`
      if (logged.size < TEXTS && !logged.has(line)) {
        logged.add(line)
        log.error({ client, err: reason }, 'client failed with nobody waiting for it, the service goes on')
      }
      return true
    },
    needsPerson() {
      for (const [client, { last }] of told)
        if (now().since(last).total('milliseconds') > TOLD_FOR_MS) told.delete(client)
      return Array.from(told, ([client, { count, first, text }]) => ({
        code: 'CLIENT_FAILED',
        sentence: `The client of ${client} failed ${count === 1 ? 'once' : `${count} times`} with nobody waiting for it (${text}); the service went on.`,
        next: `Report it with the log line "client failed …". Restart this process if something of ${client} has stood still since.`,
        since: first.toString(),
      }))
    },
  }
}

/** The client in whose code the error was made, by the first line of its stack that is of a file. */
function clientOf(reason: unknown): string | undefined {
  if (!(reason instanceof Error)) return undefined
  const made = (reason.stack ?? '')
    .split('\n')
    .find((line) => /^\s+at /.test(line) && !/node:|<anonymous>/.test(line))
  if (made === undefined) return undefined
  const path = made.replaceAll(sep, '/')
  return CLIENTS.find(([, packages]) => packages.some((name) => path.includes(`/node_modules/${name}/`)))?.[0]
}
