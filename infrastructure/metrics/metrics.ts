import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** What is counted. Every label has few values: no id is ever one. */
export type Metrics = {
  /** A push of Google's was answered with this HTTP status, `seconds` after it came in. */
  pushAnswered(status: number, seconds: number): void
  /** A look at an event was decided. */
  decided(code: string): void
  /**
   * A calendar was fetched: `changed` (a booking was concerned), `unchanged`, `unneeded`, `released` (by a process that
   * stops), or the code of what went wrong.
   */
  fetched(outcome: string): void
  /** A booking was looked at, or its references asked for: `done`, `again`, `released`, or what went wrong. */
  looked(kind: string, outcome: string): void
  /** A command was handled: `accepted`, `unchanged`, or the code it was refused with. */
  commandHandled(command: string, outcome: string): void
  /** A booking event was published, `seconds` after it was decided. */
  published(seconds: number): void
  /** A request was answered; `route` is the pattern, not the path. */
  httpAnswered(request: { method: string; route: string; status: number; seconds: number }): void
  /** All of it in Prometheus' text format, and that format's content type. */
  text(): Promise<string>
  readonly contentType: string
}

const SHORT = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const LONG = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600]

/** Metrics with a registry of their own, those of the process included. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const name = (suffix: string) => `calendar_sync_${suffix}`
  const counter = <Label extends string>(suffix: string, help: string, labelNames: Label[]) =>
    new Counter({ name: name(suffix), help, labelNames, registers })

  const pushes = new Histogram({
    name: name('push_seconds'),
    help: "Time from a push's arrival to its answer, by the answer's status",
    labelNames: ['status'],
    buckets: SHORT,
    registers,
  })
  const decisions = counter('decisions_total', 'Looks at events by the code of their decision', ['code'])
  const fetches = counter('fetches_total', 'Fetches of calendars by outcome', ['outcome'])
  const looks = counter('looks_total', 'Looks at bookings, and askings for references, by outcome', [
    'kind',
    'outcome',
  ])
  const commands = counter('commands_total', 'Commands by name and outcome', ['command', 'outcome'])
  const publishLag = new Histogram({
    name: name('publish_lag_seconds'),
    help: 'Time from a decision to its publication',
    buckets: LONG,
    registers,
  })
  const http = new Histogram({
    name: name('http_request_seconds'),
    help: 'Time from a request to its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: SHORT,
    registers,
  })

  return {
    pushAnswered: (status, seconds) => pushes.observe({ status }, seconds),
    decided: (code) => decisions.inc({ code }),
    fetched: (outcome) => fetches.inc({ outcome }),
    looked: (kind, outcome) => looks.inc({ kind, outcome }),
    commandHandled: (command, outcome) => commands.inc({ command, outcome }),
    published: (seconds) => publishLag.observe(seconds),
    httpAnswered: ({ seconds, ...labels }) => http.observe(labels, seconds),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
