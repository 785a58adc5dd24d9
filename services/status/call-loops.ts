// Calls of Google and Cal.com that repeat without an end in sight. Nothing here needs the same answer every second.
import type { BookingDirectory } from '../../ports/booking-directory.ts'
import type { CalendarProvider } from '../../ports/calendar-provider.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { NeedsPerson } from './need.ts'

/** So often the same thing may be asked within a minute. */
const MOST_A_MINUTE = 60
const MINUTE_MS = 60_000
/** So long after its last minute a loop is told. */
const TOLD_MS = 3_600_000

/** One question, as often as it is asked: what is called, of which calendar or booking, and for which event. */
type Question = {
  call: string
  externalCalendarId?: string | undefined
  bookingUid?: string | undefined
  target?: string | undefined
}
type Loop = Question & { since: string; lastAtMs: number; count: number }

/** Counts the calls of each calendar and booking, and tells of those that repeat. Calls are never kept back. */
export type CallLoops = {
  count(question: Question): void
  /** The loops of the last hour. */
  needsPerson(): NeedsPerson[]
}

/** The counts are those of the present minute, so that as many are kept as calls are made in one. */
export function callLoops({
  clock,
  log,
}: {
  clock: Pick<Clock, 'now'>
  log: Pick<Logger, 'error'>
}): CallLoops {
  let minute = 0
  let counts = new Map<string, number>()
  const loops = new Map<string, Loop>()

  function note(key: string, question: Question, count: number, nowMs: number): void {
    const known = loops.get(key)
    const since = known?.since ?? clock.now().toString()
    if (known === undefined) log.error({ call: question.call, count }, 'call repeats without end')
    loops.set(key, { ...question, since, lastAtMs: nowMs, count })
  }

  return {
    count(question) {
      const nowMs = clock.now().epochMilliseconds
      const present = Math.floor(nowMs / MINUTE_MS)
      if (present !== minute) {
        minute = present
        counts = new Map()
        for (const [key, { lastAtMs }] of loops) if (nowMs - lastAtMs > TOLD_MS) loops.delete(key)
      }
      const key = JSON.stringify(question)
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      if (count > MOST_A_MINUTE) note(key, question, count, nowMs)
    },
    needsPerson: () =>
      [...loops.values()]
        .filter(({ lastAtMs }) => clock.now().epochMilliseconds - lastAtMs <= TOLD_MS)
        .slice(0, 50)
        .map(({ call, externalCalendarId, bookingUid, count, since }) => ({
          code: 'CALLS_IN_A_LOOP',
          sentence: `The same call (${call}) was made ${count} times within a minute.`,
          next: 'This should not happen: look at the logs, and report it.',
          ...(externalCalendarId !== undefined && { externalCalendarId }),
          ...(bookingUid !== undefined && { bookingUid }),
          since,
        })),
  }
}

/** The provider, with its calls counted; pages that follow others belong to the call of the first. */
export const countedProvider = (provider: CalendarProvider, { count }: CallLoops): CalendarProvider => ({
  name: provider.name,
  watch(request, signal) {
    count({ call: 'Google watch', externalCalendarId: request.externalCalendarId })
    return provider.watch(request, signal)
  },
  stop(request, signal) {
    count({ call: 'Google stop', externalCalendarId: request.externalCalendarId, target: request.channelId })
    return provider.stop(request, signal)
  },
  changes(request, signal) {
    if (request.pageToken === undefined)
      count({ call: 'Google list', externalCalendarId: request.externalCalendarId })
    return provider.changes(request, signal)
  },
  event(request, signal) {
    count({ call: 'Google get', externalCalendarId: request.externalCalendarId, target: request.eventId })
    return provider.event(request, signal)
  },
  instances(request, signal) {
    count({
      call: 'Google instances',
      externalCalendarId: request.externalCalendarId,
      target: request.eventId,
    })
    return provider.instances(request, signal)
  },
  search(request, signal) {
    count({ call: 'Google search', externalCalendarId: request.externalCalendarId, target: request.text })
    return provider.search(request, signal)
  },
})

/** The same of Cal.com. */
export const countedDirectory = <Directory extends BookingDirectory>(
  directory: Directory,
  { count }: CallLoops,
): Directory => ({
  ...directory,
  booking(bookingUid, userId, signal) {
    count({ call: 'Cal.com booking', bookingUid })
    return directory.booking(bookingUid, userId, signal)
  },
  references(bookingUid, userId, signal) {
    count({ call: 'Cal.com references', bookingUid })
    return directory.references(bookingUid, userId, signal)
  },
  futureBookings(request, signal) {
    if (request.after === undefined) count({ call: 'Cal.com list', target: request.userId })
    return directory.futureBookings(request, signal)
  },
})
