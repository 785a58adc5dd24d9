// Words for stories about a weekly series in Google Calendar, some instances of which are bookings.
import { jsonClient } from '../../cli/demo/json-client.ts'
import { settled } from '../../cli/demo/story-bookings.ts'
import { type PublishedEvent, type World, worldAt } from '../../cli/demo/world.ts'
import { readConfiguration } from '../../infrastructure/config/configuration.ts'
import { type Service, startService } from '../../main.ts'
import type { EventBody, GoogleEvent } from '../../stand-ins/google/google-json.ts'
import { STAND_IN_HOST } from '../../stand-ins/stand-ins.ts'
import { temporaryFolder } from './temporary-folder.ts'

const ZONE = 'Europe/London'
const CALENDAR = STAND_IN_HOST.calendarId
const SERIES = 'seriesofmeetings'

/** What came out for one booking: the new times, CANCELLED, or a list where it was not exactly one event. */
export type Outcome = { start: string; end: string } | 'CANCELLED' | string[]

export type SeriesStory = {
  world: World
  service: Service
  /** The series' instances as Google answers them, in order. The first is in the past. */
  instances(seriesId?: string): Promise<GoogleEvent[]>
  /** An instance of the series as it was at first. */
  original(index: number): GoogleEvent
  /** The uid of the booking of the instance with that number. */
  uidOf(index: number): string
  /** POSTs to the stand-in, below the calendar, waits until the service has seen it, and nothing is left to do. */
  edit(path: string, body?: object): Promise<GoogleEvent>
  patch(eventId: string, body: EventBody): Promise<void>
  remove(eventId: string): Promise<void>
  /** What was published, by the number of the instance. */
  outcomes(): Promise<{ [index: number]: Outcome }>
  /** The codes of the bookings' last decisions, by the number of the instance. */
  decisions(): Promise<{ [index: number]: string }>
  /** Waits until the calendar was fetched after its last change, and nothing is left to do. */
  seen(): Promise<void>
}

export type SeriesOptions = {
  /** The numbers of the instances that are bookings; 0 is in the past. */
  booked: readonly number[]
  recurrence?: string
  /** Done to the series before the bookings are made. */
  before?(
    calendar: { post<T>(path: string, body?: object): Promise<T>; delete(path: string): Promise<void> },
    instances: GoogleEvent[],
  ): Promise<unknown>
}

/** Ten in the morning, London, four days ago: a weekly series from then on has one past instance. */
export function firstStart(): Temporal.ZonedDateTime {
  const day = Temporal.Now.plainDateISO(ZONE).subtract({ days: 4 })
  return day.toZonedDateTime({ timeZone: ZONE, plainTime: { hour: 10 } })
}

/** Runs `play` on a service of its own, whose stand-in calendar holds the series, with its bookings tracked and looked at. */
export async function withSeries(
  options: SeriesOptions,
  play: (story: SeriesStory) => Promise<void>,
): Promise<void> {
  const folder = temporaryFolder()
  const read = readConfiguration({
    DATA_DIR: folder.path,
    PORT: '0',
    LOG_LEVEL: 'error',
    SETTLE_MS: '50',
    CALCOM_APPLY: 'none',
  })
  if (!read.ok) throw new Error(JSON.stringify(read.problems))
  const service = await startService(read.configuration)
  try {
    await play(await begin(service, options))
  } finally {
    await service.stop()
    folder.remove()
  }
}

async function begin(service: Service, options: SeriesOptions): Promise<SeriesStory> {
  const { standIns } = service
  if (standIns === undefined) throw new Error('no stand-ins')
  const addresses = {
    service: service.url,
    token: service.token,
    google: standIns.google.url,
    calcom: standIns.calcom.url,
  }
  const world = worldAt(addresses, 3_000)
  const calendar = jsonClient(`${standIns.google.url}/stand-in/calendars/${encodeURIComponent(CALENDAR)}`)
  const start = firstStart()
  await calendar.post('/events', {
    id: SERIES,
    summary: 'A series',
    start: { dateTime: start.toInstant().toString(), timeZone: ZONE },
    end: { dateTime: start.add({ minutes: 30 }).toInstant().toString(), timeZone: ZONE },
    recurrence: [options.recurrence ?? 'RRULE:FREQ=WEEKLY;COUNT=8'],
  })
  const instances = async (seriesId = SERIES) =>
    (await calendar.get<{ items: GoogleEvent[] }>(`/events/${seriesId}/instances`)).items
  const first = await instances()
  await options.before?.(calendar, first)
  await register(world)
  const uidOf = (index: number) => `booking-of-instance-${index}`
  for (const index of options.booked) await track(world, uidOf(index), at(first, index))
  await world.until('A look at every booking to come', async (complain) => {
    const bookings = await Promise.all(options.booked.map((index) => world.booking(uidOf(index))))
    complain(JSON.stringify(bookings.map((booking) => booking?.lastDecision?.code)))
    const now = Temporal.Now.instant().toString()
    return bookings.every((one) => one && (one.lastDecision || (one.start ?? '') < now)) ? true : undefined
  })
  await settled(world, 'the first looks')

  // Pushes leave as the change is made: whatever is asked later sees it.
  const { core, requests } = standIns.google
  let changedAfter = 0
  core.onPush(() => {
    changedAfter = requests.length
  })
  const seen = async () => {
    await world.until('A fetch after the edit', async () => {
      const lists = requests.slice(changedAfter).filter(({ path }) => path.endsWith('/events'))
      return lists.some(({ status }) => status === 200) ? true : undefined
    })
    await settled(world, 'the edit')
  }
  return {
    world,
    service,
    instances,
    original: (index) => at(first, index),
    uidOf,
    seen,
    async edit(path, body) {
      const answer = await calendar.post<GoogleEvent>(path, body)
      await seen()
      return answer
    },
    async patch(eventId, body) {
      await calendar.patch(`/events/${eventId}`, body)
      await seen()
    },
    async remove(eventId) {
      await calendar.delete(`/events/${eventId}`)
      await seen()
    },
    async outcomes() {
      const events = await world.feed()
      const told = options.booked.map(
        (index) => [index, events.filter(({ subject }) => subject === uidOf(index))] as const,
      )
      return Object.fromEntries(
        told.flatMap(([index, all]) => (all.length > 0 ? [[index, outcomeOf(all)]] : [])),
      )
    },
    async decisions() {
      const codes = options.booked.map(async (index) => {
        const booking = await world.booking(uidOf(index))
        return [index, booking?.lastDecision?.code ?? 'NONE'] as const
      })
      return Object.fromEntries(await Promise.all(codes))
    },
  }
}

function at(instances: readonly GoogleEvent[], index: number): GoogleEvent {
  const one = instances[index]
  if (one === undefined) throw new Error(`the series has no instance ${index}`)
  return one
}

async function register(world: World): Promise<void> {
  const { userId, calendarId, credentialId } = STAND_IN_HOST
  const command = { userId, provider: 'google', externalCalendarId: calendarId, credentialId }
  await world.service.post('/commands/RegisterCalendarSync', command)
  await world.until('A channel', async () =>
    (await world.subscriptions()).some(({ status }) => status === 'ACTIVE') ? true : undefined,
  )
}

async function track(world: World, bookingUid: string, instance: GoogleEvent): Promise<void> {
  await world.service.post('/commands/TrackBooking', {
    bookingUid,
    userId: STAND_IN_HOST.userId,
    status: 'ACCEPTED',
    ...timesOf(instance),
    references: [
      {
        provider: 'google',
        externalCalendarId: CALENDAR,
        externalEventId: instance.id,
        recurringEventId: instance.recurringEventId,
        originalStart: instance.originalStartTime?.dateTime,
      },
    ],
  })
}

/** RFC 3339, UTC. */
export function timesOf({ start, end }: Pick<GoogleEvent, 'start' | 'end'>): { start: string; end: string } {
  const [from, to] = [start, end].map((time) => Temporal.Instant.from(time?.dateTime ?? '').toString())
  return { start: from ?? '', end: to ?? '' }
}

/** The same moved on, by the clock of the series' zone: a change of daylight saving time in between does not show. */
export function movedBy(
  instance: GoogleEvent,
  by: { start?: Temporal.DurationLike; end?: Temporal.DurationLike },
) {
  const { start, end } = timesOf(instance)
  const move = (time: string, duration: Temporal.DurationLike = { hours: 0 }) =>
    Temporal.Instant.from(time).toZonedDateTimeISO(ZONE).add(duration).toInstant().toString()
  return { start: move(start, by.start), end: move(end, by.end) }
}

function outcomeOf(events: readonly PublishedEvent[]): Outcome {
  const [one, ...more] = events
  if (one === undefined || more.length > 0) return events.map(({ type }) => type)
  if (one.type === 'BookingCancelled') return 'CANCELLED'
  const { start, end } = one.data.next
  return { start, end }
}
