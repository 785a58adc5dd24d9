import { z } from 'zod'
import type { CredentialPorts } from '../../commands/calendar-credential.ts'
import type { CommandPorts } from '../../commands/command.ts'
import type { SyncMode } from '../../domain/sync-mode.ts'
import type { Stores } from '../../ports/port-groups.ts'
import { workKinds } from '../../ports/signal-queue/signal-queue.ts'
import { countBookingsNeedingAttention } from '../../projections/bookings.ts'
import { countCalendarFeeds } from '../../projections/calendar-feeds.ts'
import { listCalendarSyncs } from '../../projections/calendar-syncs.ts'
import {
  countPublicationsWithoutOutcome,
  publicationsWithoutOutcome,
} from '../../projections/publications.ts'
import { countPolled, countSubscriptions } from '../../projections/subscriptions.ts'
import { policyLayers } from '../../projections/sync-policies.ts'
import type { PublisherStatus } from '../publishing/status.ts'
import type { ProjectionsStatus } from '../read-models/projection-runner.ts'
import type { Outage } from '../running/outage-log.ts'
import { NeedsPerson } from './need.ts'
import { whatNeedsPerson } from './needs-person.ts'
import { unlessUnreadable } from './unreadable.ts'

const instant = z.iso.datetime({ offset: true })
const count = z.int().min(0)
const mode = z.enum(['apply', 'observe', 'off'])
const Stage = z.object({
  stage: z.enum(['push→ack', 'due→fetched', 'decided→published', 'published→applied']),
  backlog: count.nullable().describe('null where nobody can say: no process has reported it for 30 seconds'),
  oldestAgeMs: z.number().min(0).nullable().describe('null where nothing waits, or nobody can say'),
})

/** The whole service at a glance. */
export const StatusReport = z
  .object({
    status: z
      .enum(['OK', 'NEEDS_PERSON', 'DEGRADED'])
      .describe('DEGRADED: something does not answer now; it is tried again by itself'),
    standIns: z.boolean().describe('Google Calendar and Cal.com are the built-in stand-ins'),
    mode: mode.describe('SYNC_MODE: for those that set no policy, nor everything'),
    everything: mode.nullable().describe('what SetSyncPolicy set for everything; null where nothing is set'),
    effectiveMode: mode.describe('what holds now for those that set no policy of their own'),
    now: instant,
    position: z.string().describe('of the newest event'),
    stages: z
      .array(Stage)
      .describe(
        'push→ack counts the pushes in the hands of the process that answers; published→applied booking events whose outcome no consumer has reported',
      ),
    queue: z.array(
      z.object({
        kind: z.enum(workKinds),
        due: count,
        leased: count,
        waiting: count,
        oldestDueAt: instant.nullable(),
      }),
    ),
    projections: z.array(
      z.object({
        name: z.string(),
        version: z.int(),
        position: z.string(),
        state: z
          .enum(['STARTING', 'CATCHING_UP', 'LIVE', 'STORE_REWOUND'])
          .describe('STORE_REWOUND: it stands still until a person has looked into it'),
        lagMs: z.number(),
        parked: count,
      }),
    ),
    outages: z.array(
      z.object({ what: z.string(), reason: z.string().describe('of the latest failure'), since: instant }),
    ),
    subscriptions: z.object({
      PENDING: count,
      ACTIVE: count,
      SUSPENDED: count,
      RELEASED: count,
      polled: count.describe('of those PENDING: no channel can be opened, so they are read by time alone'),
    }),
    calendarFeeds: z.object({ failing: count, withHeld: count }),
    bookingsNeedingAttention: count,
    needsPerson: z.array(NeedsPerson).describe('at most 50 of each kind'),
    next: z.array(z.string()).describe('what to do next, most urgent first'),
  })
  .meta({ id: 'StatusReport' })
export type StatusReport = z.infer<typeof StatusReport>

export type Backlog = { backlog: number | null; oldestAgeMs: number | null }

/** The parts of the status that the stores do not tell. */
export type Surroundings = { outages: readonly Outage[]; needsPerson: readonly NeedsPerson[] }

export type StatusReportDeps = {
  ports: CredentialPorts & Pick<CommandPorts, 'events' | 'queue' | 'push' | 'now' | 'defaultMode'>
  standIns: boolean
  /** As the process tells that writes the read models, this one or another; undefined where none has for long. */
  projections(): Promise<ProjectionsStatus | undefined>
  /** Pushes that this process has taken and not answered yet. */
  pushes(): Backlog
  /**
   * As the process tells that publishes to a broker; undefined where none has for long. Without a broker the feed reads
   * the store, and nothing waits.
   */
  publication?: () => Promise<PublisherStatus | undefined>
  /** The findings of this process itself around it. */
  surroundings?: () => Promise<Surroundings>
}

const nothing: Backlog = { backlog: 0, oldestAgeMs: null }
const unknown: Backlog = { backlog: null, oldestAgeMs: null }

/** Looks at everything once. Rejects with StoreUnavailable. */
export async function statusReport(deps: StatusReportDeps): Promise<StatusReport> {
  const { events, readStore, queue, now } = deps.ports
  const at = now()
  const unreadable: NeedsPerson[] = []
  const [position, queued, models, publisher, around, application, feeds, attention, waiting] =
    await Promise.all([
      events.head(),
      queue.status(),
      deps.projections(),
      deps.publication?.(),
      deps.surroundings?.(),
      unlessUnreadable(
        { what: 'the booking events without an outcome', otherwise: unknown, untold: unreadable },
        () => unapplied(deps.ports, at),
      ),
      countCalendarFeeds(readStore),
      countBookingsNeedingAttention(readStore),
      whatNeedsPerson(deps.ports),
    ])
  const [PENDING, ACTIVE, SUSPENDED, RELEASED, polled] = await Promise.all([
    countSubscriptions(readStore, 'PENDING'),
    countSubscriptions(readStore, 'ACTIVE'),
    countSubscriptions(readStore, 'SUSPENDED'),
    countSubscriptions(readStore, 'RELEASED'),
    countPolled(readStore),
  ])
  const { everything } = await policyLayers(readStore, {})
  const effective = everything ?? deps.ports.defaultMode
  const projections = models?.projections ?? []
  const outages = [
    ...(around?.outages ?? []),
    ...(models?.outages ?? [untold('read models', at)]),
    ...(deps.publication ? outagesOf(publisher, at) : []),
  ]
  const needsPerson = [
    ...rewoundModels(models),
    ...waiting,
    ...unreadable,
    ...rewoundStore(publisher),
    ...(around?.needsPerson ?? []),
  ]
  const due = queued.map(({ oldestDueAt }) => oldestDueAt).filter((one) => one !== undefined)
  return {
    status: outages.length > 0 ? 'DEGRADED' : needsPerson.length > 0 ? 'NEEDS_PERSON' : 'OK',
    standIns: deps.standIns,
    mode: deps.ports.defaultMode,
    everything: everything ?? null,
    effectiveMode: effective,
    now: at.toString(),
    position,
    stages: [
      { stage: 'push→ack', ...deps.pushes() },
      {
        stage: 'due→fetched',
        backlog: queued.reduce((sum, one) => sum + one.due + one.leased, 0),
        oldestAgeMs: oldestAge(due, at),
      },
      { stage: 'decided→published', ...(deps.publication ? waitsFor(publisher) : nothing) },
      { stage: 'published→applied', ...application },
    ],
    queue: queued.map(({ oldestDueAt, ...one }) => ({
      ...one,
      oldestDueAt: oldestDueAt?.toString() ?? null,
    })),
    projections,
    outages: outages.map(({ what, message, since }) => ({ what, reason: message, since: since.toString() })),
    subscriptions: { PENDING, ACTIVE, SUSPENDED, RELEASED, polled },
    calendarFeeds: feeds,
    bookingsNeedingAttention: attention,
    needsPerson,
    next: [
      ...outages.map(
        ({ what }) => `Mend what keeps the ${what} from answering; it is tried again by itself.`,
      ),
      ...heldBack(everything, deps.ports.defaultMode),
      ...new Set(needsPerson.map(({ next }) => next)),
      ...(await firstSteps(deps)),
    ],
  }
}

/** An outage for a role that no process reports. */
const untold = (what: string, at: Temporal.Instant): Outage => ({
  what: `process of the ${what}`,
  message: 'no process has reported this role for 30 seconds',
  since: at.toString(),
})

const outagesOf = (publisher: PublisherStatus | undefined, at: Temporal.Instant): Outage[] =>
  publisher === undefined ? [untold('publisher', at)] : publisher.outage ? [publisher.outage] : []

const waitsFor = (publisher: PublisherStatus | undefined): Backlog =>
  publisher === undefined ? unknown : { backlog: publisher.backlog, oldestAgeMs: publisher.oldestAgeMs }

const rewoundModels = (models: ProjectionsStatus | undefined): NeedsPerson[] =>
  models?.rewound === undefined
    ? []
    : [
        {
          code: 'STORE_REWOUND',
          sentence: `The read models stand still, and what they lead to with them: ${models.rewound}.`,
          next: 'Give the event store its data back and restart. Where it is to go on as it is, stop the service and run npm run calendar-sync -- resume-read-models: it says what it would do with --yes.',
        },
      ]

const rewoundStore = (publisher: PublisherStatus | undefined): NeedsPerson[] =>
  publisher?.state !== 'STORE_REWOUND'
    ? []
    : [
        {
          code: 'STORE_REWOUND',
          sentence: `Nothing is published to Kafka: ${publisher.reason ?? 'the event store is another one'}.`,
          next: 'Run npm run calendar-sync -- resume-publishing: it compares the event store with the topic, and says what it would do with --yes.',
        },
      ]

async function unapplied({ readStore }: Pick<Stores, 'readStore'>, now: Temporal.Instant): Promise<Backlog> {
  const [backlog, { items }] = await Promise.all([
    countPublicationsWithoutOutcome(readStore),
    publicationsWithoutOutcome(readStore, { limit: 1 }),
  ])
  const since = items.map(({ at }) => Temporal.Instant.from(at))
  return { backlog, oldestAgeMs: oldestAge(since, now) }
}

function oldestAge(instants: readonly Temporal.Instant[], now: Temporal.Instant): number | null {
  const ages = instants.map((since) => now.epochMilliseconds - since.epochMilliseconds)
  return ages.length === 0 ? null : Math.max(0, ...ages)
}

/** Why less happens than one might expect, and how to have it otherwise. */
function heldBack(everything: SyncMode | undefined, fallback: SyncMode): string[] {
  const lift = `Send SetSyncPolicy {"mode": "default"} to go back to SYNC_MODE, which is ${fallback}.`
  if (everything === 'off')
    return [
      `Everything is switched off by SetSyncPolicy: nothing is decided, published or given out. ${lift}`,
    ]
  if (everything === 'observe')
    return [`By SetSyncPolicy everything is only observed: decisions are recorded, not published. ${lift}`]
  if (everything === 'apply') return []
  if (fallback === 'observe') return ['SYNC_MODE is observe: decisions are recorded, nothing is published.']
  return fallback === 'off' ? ['SYNC_MODE is off: nothing is decided.'] : []
}

/** Setting up that is left to do. */
async function firstSteps({ ports, standIns }: StatusReportDeps): Promise<string[]> {
  const { items } = await listCalendarSyncs(ports.readStore, { limit: 1 })
  const steps: string[] = []
  if (items.length === 0)
    steps.push(
      "No calendar is kept in step yet: set Cal.com's webhook to /webhooks/calcom, or send RegisterCalendarSync.",
    )
  if (ports.push === undefined)
    steps.push('PUBLIC_URL is not set: no channel is opened, every calendar is polled.')
  if (standIns)
    steps.push('Google Calendar and Cal.com are stand-ins: set GOOGLE_CLIENT_ID and so on for the real ones.')
  return steps
}
