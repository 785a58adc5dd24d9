// A service that believes to live when a recording was made: bookings linked to what the calendar held before, and then
// the recorded pages.
import { jsonClient } from '../../cli/demo/json-client.ts'
import { settled } from '../../cli/demo/story-bookings.ts'
import { type World, worldAt } from '../../cli/demo/world.ts'
import { readConfiguration } from '../../infrastructure/config/configuration.ts'
import { startService } from '../../main.ts'
import type { GoogleEvent } from '../../stand-ins/google/google-json.ts'
import { STAND_IN_HOST } from '../../stand-ins/stand-ins.ts'
import { shiftedClock } from './shifted-clock.ts'
import { temporaryFolder } from './temporary-folder.ts'

const CALENDAR = 'recorded@example.com'
const ZONE = 'America/Chicago'

/** One list of Google as it was recorded. */
export type RecordedPage = { kind: string; items: GoogleEvent[]; timeZone: string }
/** An answer of another kind, as it was recorded. */
export type RecordedAnswer = { status: number; body: unknown }

export type Recorded = {
  /** When the service believes to live as the story begins, RFC 3339. */
  now: string
  /** What the calendar holds then. */
  before: readonly GoogleEvent[]
  /** The days (in the calendar's zone) whose instances are bookings. */
  booked: readonly string[]
  /** What the calendar holds from then on beside what it held. */
  after: readonly GoogleEvent[]
  /** What is answered to the fetches that the push brings about, before the calendar answers for itself. */
  answers: readonly (RecordedPage | RecordedAnswer)[]
}

export type RecordedOutcome = {
  /** By day: `HH:MM–HH:MM` where it was moved to (with the day where it is another), or CANCELLED; once each. */
  published: { [day: string]: string }
  /** By day: the series that the booking's event belongs to now. */
  series: { [day: string]: string | null | undefined }
  /** The code of the last decision, by day. */
  decisions: { [day: string]: string | undefined }
}

/** Plays it on a service and stand-ins of its own. */
export async function playRecorded(recorded: Recorded): Promise<RecordedOutcome> {
  const folder = temporaryFolder()
  const read = readConfiguration({
    DATA_DIR: folder.path,
    PORT: '0',
    LOG_LEVEL: 'error',
    SETTLE_MS: '20',
    CALCOM_APPLY: 'none',
  })
  if (!read.ok) throw new Error(JSON.stringify(read.problems))
  const service = await startService(read.configuration, { clock: shiftedClock(recorded.now) })
  try {
    const { standIns } = service
    if (standIns === undefined) throw new Error('no stand-ins')
    const { google, calcom } = standIns
    const addresses = { service: service.url, token: service.token, google: google.url, calcom: calcom.url }
    const world = worldAt(addresses, 5_000)
    await world.google.post('/calendars', { id: CALENDAR, timeZone: ZONE })
    const calendar = jsonClient(`${google.url}/stand-in/calendars/${encodeURIComponent(CALENDAR)}`)
    await calendar.put('/raw', { events: recorded.before })
    const instances: GoogleEvent[] = []
    for (const { id, recurrence } of recorded.before)
      if (recurrence) {
        const to = Temporal.Instant.from(recorded.now).add({ hours: 24 * 40 })
        const path = `/events/${id}/instances?timeMax=${to}`
        instances.push(...(await calendar.get<{ items: GoogleEvent[] }>(path)).items)
      }
    await register(world)
    for (const day of recorded.booked) await track(world, day, instances)
    await looked(world, recorded)

    await calendar.put('/raw', { events: recorded.after })
    await calendar.put('/pages', { pages: recorded.answers })
    const before = google.requests.length
    await calendar.post('/notify')
    await world.until('The fetch of what was recorded', async (complain) => {
      const lists = google.requests.slice(before).filter(({ path }) => path.endsWith('/events'))
      complain(lists.map(({ status }) => status).join())
      return lists.length >= recorded.answers.length && lists.at(-1)?.status === 200 ? true : undefined
    })
    await settled(world, 'what was recorded')
    return await outcomeOf(world, recorded)
  } finally {
    await service.stop()
    folder.remove()
  }
}

async function register(world: World): Promise<void> {
  const { userId, credentialId } = STAND_IN_HOST
  const command = { userId, provider: 'google', externalCalendarId: CALENDAR, credentialId }
  await world.service.post('/commands/RegisterCalendarSync', command)
  await world.until('A channel', async () =>
    (await world.subscriptions()).some(({ status }) => status === 'ACTIVE') ? true : undefined,
  )
}

async function track(world: World, day: string, instances: readonly GoogleEvent[]): Promise<void> {
  const instance = instances.find(
    ({ originalStartTime }) => localOf(originalStartTime).toPlainDate().toString() === day,
  )
  if (instance === undefined) throw new Error(`there is no instance on ${day}`)
  await world.service.post('/commands/TrackBooking', {
    bookingUid: day,
    userId: STAND_IN_HOST.userId,
    status: 'ACCEPTED',
    start: localOf(instance.start).toInstant().toString(),
    end: localOf(instance.end).toInstant().toString(),
    references: [
      {
        provider: 'google',
        externalCalendarId: CALENDAR,
        externalEventId: instance.id,
        recurringEventId: instance.recurringEventId,
        originalStart: localOf(instance.originalStartTime).toInstant().toString(),
      },
    ],
  })
}

/** A booking in the past is never looked at. */
async function looked(world: World, { booked, now }: Recorded): Promise<void> {
  await world.until('A look at every booking to come', async (complain) => {
    const bookings = await Promise.all(booked.map((day) => world.booking(day)))
    complain(bookings.map((one) => `${one?.bookingUid}: ${one?.lastDecision?.code}`).join())
    return bookings.every((one) => one?.lastDecision || (one?.start && one.start < now)) ? true : undefined
  })
  await settled(world, 'the first looks')
}

async function outcomeOf(world: World, { booked }: Recorded): Promise<RecordedOutcome> {
  const outcome: RecordedOutcome = { published: {}, series: {}, decisions: {} }
  for (const { subject: day, data } of await world.feed()) {
    if (outcome.published[day] !== undefined) throw new Error(`more than one event for ${day}`)
    outcome.published[day] = 'next' in data ? spanOn(day, data.next) : 'CANCELLED'
  }
  for (const day of booked) {
    const booking = await world.booking(day)
    outcome.series[day] = booking?.references[0]?.recurringEventId
    outcome.decisions[day] = booking?.lastDecision?.code
  }
  return outcome
}

function spanOn(day: string, { start, end }: { start: string; end: string }): string {
  const [from, to] = [start, end].map((at) => Temporal.Instant.from(at).toZonedDateTimeISO(ZONE))
  const onDay = from?.toPlainDate().toString()
  const time = (at: Temporal.ZonedDateTime | undefined) =>
    at?.toPlainTime().toString({ smallestUnit: 'minute' })
  return `${onDay === day ? '' : `${onDay} `}${time(from)}–${time(to)}`
}

/** In the calendar's zone. */
export const localOf = (time: GoogleEvent['start']): Temporal.ZonedDateTime =>
  Temporal.Instant.from(time?.dateTime ?? '').toZonedDateTimeISO(ZONE)

/** The same time of an event, so much later. */
export const later = (
  time: GoogleEvent['start'],
  by: Temporal.DurationLike,
): NonNullable<GoogleEvent['start']> => ({
  ...time,
  dateTime: localOf(time).add(by).toString({ timeZoneName: 'never' }),
})
