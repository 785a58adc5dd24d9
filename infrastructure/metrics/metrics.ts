import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { Metrics } from '../../ports/metrics.ts'

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
  const dailyLooks = counter(
    'daily_looks_total',
    'Looks at bookings of which nothing told of a change: once a day, and before they start',
    ['why'],
  )
  const deliveries = counter('calcom_deliveries_total', "Cal.com's signed deliveries by outcome", [
    'outcome',
    'version',
  ])
  const commands = counter('commands_total', 'Commands by name and outcome', ['command', 'outcome'])
  const clientFailures = counter('client_failures_total', 'Failures of clients that nobody waited for', [
    'client',
  ])
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
    askedForLooks: (why, looks) => dailyLooks.inc({ why }, looks),
    calcomDelivered: (outcome, version) => deliveries.inc({ outcome, version }),
    commandHandled: (command, outcome) => commands.inc({ command, outcome }),
    clientFailed: (client) => clientFailures.inc({ client }),
    published: (seconds) => publishLag.observe(seconds),
    httpAnswered: ({ seconds, ...labels }) => http.observe(labels, seconds),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
