// Lists can stay silent about a change. So each booking's event is looked at once a day, and once before it starts.
import { NO_SYNC_TOKEN } from '../../domain/calendar/feed.ts'
import type { PollReason } from '../../domain/event-metadata.ts'
import type { Lease, Signal } from '../../ports/signal-queue/signal-queue.ts'
import {
  type BookingReferencesDocument,
  bookingsOfMinute,
  openBookingsStarting,
} from '../../projections/booking-references.ts'
import { calendarFeedByKey } from '../../projections/calendar-feeds.ts'
import type { Cron } from '../running/crons.ts'
import type { ServicePorts } from '../running/service-ports.ts'

export type DailyLook = Extract<PollReason, 'DAILY' | 'BEFORE_START'>

const MINUTE = 60_000
/** How long before its start a booking is looked at once more, at first; those of one hour are spread over ten minutes. */
const BEFORE_START_MS = 30 * MINUTE
const SPREAD_MS = 10 * MINUTE
/** One run covers at most this many minutes, or cron intervals: after a long stop the missed calls are spread. */
const MINUTES_AT_ONCE = 10
const INTERVALS_AT_ONCE = 2
/** The lease of one run. */
const LEASE_MS = 60_000

/** The queue keeps, for all processes, up to where looks were signalled. One process at a time makes a run. */
const SUBJECT = { kind: 'role-daily-looks', key: 'daily-looks' } as const

/**
 * Signals a look at each accepted booking to come: once a day, at a minute of its own, and once shortly before it starts.
 * Calls `count` with how many of which kind. A calendar that cannot be read anyway is left out.
 */
export function dailyLooks(ports: ServicePorts, count?: (why: DailyLook, looks: number) => void): Cron {
  let latest = Number.NEGATIVE_INFINITY
  return {
    name: 'daily-looks',
    async run(signal) {
      const now = minutesOf(ports.now())
      if (now <= latest) return
      await ports.queue.signal(SUBJECT, { cause: { poll: true } })
      const lease = await ports.queue.lease({ leaseMs: LEASE_MS, kinds: [SUBJECT.kind] })
      if (lease === undefined) return
      const reached = await runOnce(ports, gotTo(lease, now), now, signal, count)
      await ports.queue.complete(lease, { memo: reached })
      latest = reached.daily
    },
  }
}

/** Minutes since 1970: up to which the day's looks, and those before a start, have been signalled. */
type GotTo = { daily: number; soon: number }

const minutesOf = ({ epochMilliseconds }: Temporal.Instant) => Math.floor(epochMilliseconds / MINUTE)

function gotTo({ memo }: Lease, now: number): GotTo {
  const read = (value: unknown) => (typeof value === 'number' ? Math.min(value, now) : now - 1)
  return { daily: Math.max(read(memo?.daily), now - 24 * 60), soon: read(memo?.soon) }
}

async function runOnce(
  ports: ServicePorts,
  from: GotTo,
  now: number,
  signal: AbortSignal,
  count: ((why: DailyLook, looks: number) => void) | undefined,
): Promise<GotTo> {
  const readable = readableCalendars(ports)
  const look = async (
    bookings: AsyncIterable<BookingReferencesDocument>,
    why: DailyLook,
    spreadMs: number,
  ) => {
    const signals: Signal[] = []
    for await (const { bookingUid, open, status, references } of bookings)
      if ((!open || status === 'ACCEPTED') && (await readable(references)))
        signals.push({
          subject: { kind: 'booking', key: bookingUid },
          cause: { poll: true, reason: why },
          dueInMs: Math.round(ports.random() * spreadMs),
        })
    if (signals.length > 0) await ports.queue.signalMany(signals)
    count?.(why, signals.length)
  }
  const soon = { from: Math.max(from.soon, now - BEFORE_START_MS / MINUTE), to: now }
  await look(startingIn(ports, soon.from, soon.to), 'BEFORE_START', SPREAD_MS)
  const most = Math.max(MINUTES_AT_ONCE, Math.ceil((INTERVALS_AT_ONCE * ports.settings.cronMs) / MINUTE))
  const daily = Math.min(now, from.daily + most)
  for (let minute = from.daily + 1; minute <= daily && !signal.aborted; minute++)
    await look(bookingsOfMinute(ports.readStore, minute, ports.now()), 'DAILY', ports.settings.cronMs)
  return { daily, soon: now }
}

/** Those that became due to be looked at before their start between these two minutes. */
const startingIn = (ports: ServicePorts, from: number, to: number) => {
  const [first, last] = [from, to].map((minute) =>
    Temporal.Instant.fromEpochMilliseconds(minute * MINUTE + BEFORE_START_MS),
  )
  return openBookingsStarting(ports.readStore, first ?? ports.now(), last ?? ports.now())
}

/** Whether one of these calendars can be read, as far as its last fetch tells. Each is asked about once. */
function readableCalendars(ports: ServicePorts) {
  const known = new Map<string, Promise<boolean>>()
  const isReadable = (calendarKey: string): Promise<boolean> => {
    const asked = known.get(calendarKey) ?? feedIsReadable(ports, calendarKey)
    known.set(calendarKey, asked)
    return asked
  }
  return async (references: readonly { calendarKey: string }[]): Promise<boolean> => {
    for (const { calendarKey } of references) if (await isReadable(calendarKey)) return true
    return false
  }
}

async function feedIsReadable({ readStore }: ServicePorts, calendarKey: string): Promise<boolean> {
  const failing = (await calendarFeedByKey(readStore, calendarKey))?.failing
  return failing === undefined || failing.code === NO_SYNC_TOKEN
}
