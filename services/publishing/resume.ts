// The way out of STORE_REWOUND, where publishing stands still because the event store is not the one that was published
// from. The store is compared with the events in the topic, and the position is written anew.

import type {
  BlockedStream,
  BookingEventPublisher,
  PublishedContents,
  PublishedMark,
} from '../../ports/booking-event-publisher.ts'
import type { EventStore, Position } from '../../ports/event-store/event-store.ts'
import { comparePublication, type PublicationComparison } from './comparison.ts'
import { blockedIn } from './items.ts'
import { rewound } from './mark.ts'
import type { PublicationParking } from './parking.ts'
import { FROM_START, type ResumeReport, reportOf } from './resume-report.ts'

/** Nothing was changed. `message` says why, and what to do. */
export class ResumeRefused extends Error {
  readonly code: 'BROKER_UNAVAILABLE' | 'POSITION_UNKNOWN' | 'TAKEN_OVER'
  constructor(code: ResumeRefused['code'], message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'ResumeRefused'
    this.code = code
  }
}

/** How to resume. */
export type ResumeOptions = {
  /** A position, or `start`: all events after it are published, none before it. Undefined: as the topic tells. */
  after: string | undefined
  /** False: nothing is changed. */
  write: boolean
}

type Ports = {
  events: EventStore
  publisher: BookingEventPublisher
  parking: PublicationParking
}

/**
 * Says where publishing would go on, and with `write` lets it: a running publisher notices within seconds. Throws
 * ResumeRefused; rejects with StoreUnavailable.
 */
export async function resumePublishing(ports: Ports, options: ResumeOptions): Promise<ResumeReport> {
  const { events, publisher, parking } = ports
  const contents = await publisher.contents()
  if (!contents.ok) throw new ResumeRefused('BROKER_UNAVAILABLE', contents.message, { cause: contents.cause })
  const reason = await rewound(events, contents)
  const after = reason === undefined ? contents.last?.position : await positionOf(events, options.after)
  const blocked = await parking.blocked()
  const waits = ({ stream, revision }: { stream: string; revision: number }) =>
    blocked.some((one) => one.stream === stream && revision >= one.revision)
  const comparison = await comparePublication(events, contents, { after, waits })
  if (reason === undefined) return reportOf('NOT_STOPPED', null, [], comparison)
  const doubts = after === undefined ? doubtsIn(comparison) : []
  if (doubts.length > 0) return reportOf('UNDECIDED', reason, doubts, comparison)
  if (!options.write) return reportOf('READY', reason, doubts, comparison)
  await moveTo(
    { ...comparison.mark, ...blockedIn(await stillBlocked(ports, blocked, comparison, contents)) },
    ports,
    contents,
  )
  return reportOf('RESUMED', reason, doubts, comparison)
}

async function positionOf(events: EventStore, after: string | undefined): Promise<Position | undefined> {
  if (after === undefined) return undefined
  if (after === FROM_START) return ''
  const head = await events.head()
  if (after.length === head.length && after <= head && /^\d+$/.test(after)) return after
  throw new ResumeRefused(
    'POSITION_UNKNOWN',
    `${after} is no position of this event store: name one up to ${head || FROM_START}, in full, or ${FROM_START}.`,
  )
}

function doubtsIn({ behind, ahead }: PublicationComparison): string[] {
  const doubts: string[] = []
  if (behind.inTopic === 0 && ahead.old > 0)
    doubts.push(
      'No event of the event store is in the topic: they may have been deleted there for their age, or be of another deployment.',
    )
  else if (ahead.maybeExpired > 0)
    doubts.push(
      `${ahead.maybeExpired} events that would be published may have been in the topic before, and have been deleted there for their age.`,
    )
  if (behind.absent > 0)
    doubts.push(
      `${behind.absent} events are not in the topic although later ones are, and nothing tells why.`,
    )
  return doubts
}

/**
 * The streams that still wait, as far as they are of this event store and before the mark: all after it is tried anew.
 */
async function stillBlocked(
  { events }: Ports,
  blocked: readonly BlockedStream[],
  { mark }: PublicationComparison,
  { ids }: PublishedContents,
): Promise<Map<string, BlockedStream>> {
  const still = new Map<string, BlockedStream>()
  for (const one of blocked) {
    if (one.position > mark.position) continue
    const [event] = await events.readStream(one.stream, { fromRevision: one.revision })
    if (event?.position === one.position && !ids.has(event.id)) still.set(one.stream, one)
  }
  return still
}

/** A publisher that stands still looks now and then whether it may go on, and takes over for that moment. */
const TRIES = 5

async function moveTo(mark: PublishedMark, { publisher }: Ports, contents: PublishedContents): Promise<void> {
  const { last, isStillAll } = contents
  for (let tries = 1; ; tries++) {
    const begun = await publisher.begin()
    if (!begun.ok) throw new ResumeRefused('BROKER_UNAVAILABLE', begun.message)
    const same = begun.last?.eventId === last?.eventId && begun.last?.position === last?.position
    if (!same || !(await isStillAll()))
      throw new ResumeRefused('TAKEN_OVER', 'Somebody else has published meanwhile: look again.')
    const moved = await publisher.publish([], mark)
    if (moved.ok) return
    if (moved.error === 'FENCED' && tries < TRIES) continue
    throw new ResumeRefused(
      moved.error === 'FENCED' ? 'TAKEN_OVER' : 'BROKER_UNAVAILABLE',
      `${moved.message}. Whether the position was written is not known: look again.`,
    )
  }
}
