// Holds the bookings of a lost calendar for a person, and takes no event for deleted. A calendar is lost if it is gone.
// It is lost too if its credential now belongs to another account, with a calendar of the same name.
import { bookingAggregate, calendarFeedAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { load } from '../../commands/execute.ts'
import type { HeldCode } from '../../domain/booking/decisions.ts'
import type { Sight } from '../../domain/booking/look.ts'
import { instant } from '../../domain/times.ts'
import type { Lease } from '../../ports/signal-queue/signal-queue.ts'
import { openBookingsFrom } from '../../projections/booking-references.ts'
import { calendarFeedByKey } from '../../projections/calendar-feeds.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { hold } from './brake.ts'
import { isOutOfSight, lookElsewhere } from './elsewhere.ts'
import type { Findings } from './findings.ts'
import { see } from './sights.ts'

/** A calendar may be gone for this long before its bookings are held: it may be shared again. */
const GONE_MS = 3_600_000
/** A single unknown event may be a wrong reference. This many mean another calendar. */
const STRANGERS = 2

type Looking = { ports: ServicePorts; context: CommandContext; calendarKey: string; signal: AbortSignal }

/** Call this for each fetch that failed because the calendar is gone. */
export async function holdIfGone(
  ports: ServicePorts,
  context: CommandContext,
  calendarKey: string,
  signal: AbortSignal,
): Promise<void> {
  await ports.caughtUp('calendar-feeds')
  const failing = (await calendarFeedByKey(ports.readStore, calendarKey))?.failing
  if (failing?.code !== 'CALENDAR_GONE') return
  const goneMs = ports.now().since(instant(failing.since)).total('milliseconds')
  if (goneMs < GONE_MS) return
  const looking = { ports, context, calendarKey, signal }
  await holdLost(looking, 'CALENDAR_GONE', failing.since, await bookingsIn(looking))
}

/** Call this after a full list. Holds if the list lacks every booking's event, and the calendar never knew them. */
export async function holdIfAnother(
  ports: ServicePorts,
  lease: Lease,
  findings: Findings,
  signal: AbortSignal,
): Promise<void> {
  if (findings.listed.size > 0) return
  const missing = [...findings.looks].filter(([, { events }]) => events.size === 0).map(([uid]) => uid)
  if (missing.length < STRANGERS) return
  const context = contextOf(ports, 'sync-worker', lease.cause)
  const looking = { ports, context, calendarKey: lease.key, signal }
  const held = await holdLost(looking, 'ACCOUNT_CHANGED', undefined, missing, isUnknown)
  for (const uid of held) findings.looks.delete(uid)
}

async function bookingsIn({ ports, calendarKey }: Looking): Promise<string[]> {
  const bookingUids: string[] = []
  for await (const { bookingUid } of openBookingsFrom(ports.readStore, calendarKey, ports.now()))
    bookingUids.push(bookingUid)
  return bookingUids
}

/**
 * Holds the bookings that are lost with their calendar. Holds none if any event can be seen, or is unseen for another
 * reason. A booking that a person has spoken of since is not held again.
 */
async function holdLost(
  looking: Looking,
  reason: HeldCode,
  since: string | undefined,
  bookingUids: readonly string[],
  isLost: (sight: Sight) => boolean = isOutOfSight,
): Promise<string[]> {
  const { ports, context, calendarKey } = looking
  const { state: feed } = await load(ports.events, calendarFeedAggregate, calendarKey)
  const spoken = (uid: string) =>
    since !== undefined && feed.spokenOf[uid] !== undefined && feed.spokenOf[uid] >= since
  const lost: string[] = []
  for (const bookingUid of bookingUids) {
    if (feed.held.includes(bookingUid) || spoken(bookingUid)) continue
    const found = await lookFor(looking, bookingUid, isLost)
    if (found === 'THERE') return []
    if (found === 'LOST') lost.push(bookingUid)
  }
  if (lost.length > 0) await hold(ports, context, calendarKey, reason, lost, since)
  return lost
}

/** `THERE`: the calendar shows the event, or fails otherwise. `ELSEWHERE`: the booking also has other calendars. */
async function lookFor(
  { ports, context, calendarKey, signal }: Looking,
  bookingUid: string,
  isLost: (sight: Sight) => boolean,
): Promise<'THERE' | 'LOST' | 'ELSEWHERE'> {
  const { state } = await load(ports.events, bookingAggregate, bookingUid)
  if (state.kind !== 'OPEN') return 'ELSEWHERE'
  const sights = await see(ports, context, state, { seriesEnded: false }, signal)
  if (sights === undefined || signal.aborted) return 'THERE'
  const here = sights.look.sights.filter((sight) => sight.calendarKey === calendarKey)
  if (!here.every(isLost)) return 'THERE'
  const elsewhere = await lookElsewhere(ports, context, state, sights, signal)
  if (elsewhere.kind === 'moved') return 'ELSEWHERE'
  return sights.look.sights.every(isLost) ? 'LOST' : 'ELSEWHERE'
}

/** True if Google never knew the event: it goes on knowing deleted events for weeks. */
const isUnknown = ({ result }: Sight): boolean => 'unknown' in result && result.unknown === 'NOT_FOUND'
