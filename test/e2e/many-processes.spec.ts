import { randomInt } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { settled } from '../../cli/demo/story-bookings.ts'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import type { RecordedEvent } from '../../ports/event-store/event-store.ts'
import { withDeadline } from '../support/deadline.ts'
import { openEventStoreDb } from '../support/eventstoredb.ts'
import { kafkaForTests } from '../support/kafka.ts'
import { type Deployment, deployment, WORKER } from '../support/many-processes.ts'
import { mongodbForTests } from '../support/mongodb.ts'
import { bookingEvents, differences } from '../support/published-events.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { readTopic, type SeenMessage } from '../support/topic-reader.ts'

const CALENDARS = 10
const BOOKINGS_EACH = 4
const LOAD_MS = 9_000
/** How long each list of a calendar takes: two at a time would begin within it. */
const LIST_MS = 150

// kafkajs sets one negative timer at its start.
process.removeAllListeners('warning')

const kafka = await kafkaForTests()
const mongodb = await mongodbForTests()

const processes = suite('many processes')
if (!kafka || !mongodb)
  console.log('SKIP set KAFKA_BROKERS and MONGODB_URL, or start Docker, to run the test of many processes')
const test = kafka && mongodb ? processes : processes.skip

type Booked = { bookingUid: string; calendarId: string; eventId: string }

test('three workers and two http processes, killed and halted at random: each change is decided once and published once', async () => {
  const world = await deployment({ mongodbUrl: mongodb?.url ?? '', brokers: kafka?.brokers.join() ?? '' })
  try {
    await withDeadline(110_000, () => play(world))
  } catch (error) {
    console.error(world.troubles())
    throw error
  } finally {
    await world.close()
  }
})

processes.after(async () => {
  await kafka?.stop()
})
processes.run()

async function play(world: Deployment): Promise<void> {
  const { standIns } = world
  const [workers, edges] = await Promise.all([startAll(world, WORKER, 3), startAll(world, 'http', 2)])
  world.leadTo(edges)
  const bookings = await connectAndBook(world)
  standIns.google.core.faults.set({ methods: ['list'], delayMs: LIST_MS })
  const asked = standIns.google.requests.length

  const over = new AbortController()
  const editing = edit(world, bookings, over.signal)
  await Promise.all([
    killAndReplace(world, workers, () => randomInt(workers.length), WORKER),
    killAndReplace(
      world,
      edges,
      () => randomInt(edges.length),
      'http',
      () => world.leadTo(edges),
    ),
  ])
  await killAndReplace(world, workers, () => publishing(workers), WORKER)
  await standStill(world, workers)
  await systemClock.delay(1_000)
  over.abort()
  const moves = await editing
  await fetchedFromNowOn(world)
  await settled(world.world, 'the last edit')

  const stored = await storedIn(world)
  assert.ok(moves > 100, `${moves} moves`)
  assert.ok(stored.length >= bookings.length, `${stored.length} events`)
  checkDecisions(stored, bookings, world)
  const seen = await untilPublished(world, stored.length)
  assert.equal(differences(stored, seen).slice(0, 10), [])
  assert.equal(fetchedByTwo(world, asked), [])
  for (const role of ['projections', 'publisher'])
    assert.is(workers.filter((worker) => has(worker, role)).length, 1, `one process has the role ${role}`)
}

const startAll = (world: Deployment, roles: string, count: number): Promise<ServiceProcess[]> =>
  Promise.all(Array.from({ length: count }, () => world.start(roles)))

/** Whether the process said last that it has the role. */
function has(process: ServiceProcess, role: string): boolean {
  const said = process
    .output()
    .split('\n')
    .filter((line) => line.includes('by this process') && line.includes(`"${role}"`))
  return said.at(-1)?.includes('taken by this process') ?? false
}

/** At a moment that nobody chose. */
async function killAndReplace(
  world: Deployment,
  all: ServiceProcess[],
  which: () => number,
  roles: string,
  replaced: () => void = () => {},
): Promise<void> {
  await systemClock.delay(randomInt(LOAD_MS / 6, LOAD_MS / 2))
  const index = which()
  assert.is((await all[index]?.end('SIGKILL'))?.signal, 'SIGKILL')
  all[index] = await world.start(roles)
  replaced()
}

/** Which of them publishes, as far as they have said; where none does just now, any. */
function publishing(workers: readonly ServiceProcess[]): number {
  return Math.max(
    0,
    workers.findIndex((worker) => has(worker, 'publisher')),
  )
}

/** The process that publishes is halted until another does, and then goes on where it was. */
async function standStill({ world, leaseMs }: Deployment, workers: readonly ServiceProcess[]): Promise<void> {
  const one = await world.until('A publisher', async () => workers.find((worker) => has(worker, 'publisher')))
  process.kill(one.pid, 'SIGSTOP')
  try {
    await world.until('Another publisher', async () =>
      workers.find((worker) => worker !== one && has(worker, 'publisher')),
    )
    await systemClock.delay(randomInt(leaseMs))
  } finally {
    process.kill(one.pid, 'SIGCONT')
  }
  await world.until('An end of its publishing', async () => (has(one, 'publisher') ? undefined : true))
}

/** Hosts with a calendar each, and bookings with them; resolves when each event was looked at. */
async function connectAndBook({ standIns, world }: Deployment): Promise<Booked[]> {
  const day = Temporal.Now.instant().add({ hours: 48 }).round('hour')
  const hosts = Array.from({ length: CALENDARS }, (_, n) => ({
    id: 100 + n,
    calendarId: `host-${n}@example.com`,
    credentialId: `credential-${n}`,
  }))
  for (const { id, calendarId, credentialId } of hosts) {
    standIns.google.core.createCalendar({ id: calendarId, timeZone: 'Europe/London' })
    standIns.calcom.core.createUser({
      id,
      name: `Host ${id}`,
      email: calendarId,
      timeZone: 'Europe/London',
      destination: { externalCalendarId: calendarId, credentialId },
    })
    await world.service.put(`/credentials/${credentialId}`, { kind: 'oauth', refreshToken: `of-${id}` })
  }
  const bookings = await Promise.all(
    hosts.flatMap(({ id, calendarId }) =>
      Array.from({ length: BOOKINGS_EACH }, async (_, n) => {
        const start = day.add({ hours: 24 * n }).toString()
        const { uid: bookingUid } = await world.calcom.post<{ uid: string }>('/bookings', {
          userId: id,
          start,
        })
        const eventId = await world.until(`A look at booking ${n} of host ${id}`, async () => {
          const booking = await world.booking(bookingUid)
          return booking?.lastDecision ? booking.references[0]?.externalEventId : undefined
        })
        return { bookingUid, calendarId, eventId }
      }),
    ),
  )
  await world.until('A channel for each', async (complain) => {
    const subscriptions = await world.subscriptions()
    complain(JSON.stringify(subscriptions.map(({ status }) => status)))
    return subscriptions.filter(({ status }) => status === 'ACTIVE').length === CALENDARS ? true : undefined
  })
  await settled(world, 'the bookings')
  return bookings
}

/** Moves events, and deletes some, until told to stop; resolves with how often. */
async function edit(
  { standIns }: Deployment,
  bookings: readonly Booked[],
  signal: AbortSignal,
): Promise<number> {
  const { core } = standIns.google
  const noon = Temporal.Now.instant().add({ hours: 72 }).round('hour')
  const left = [...bookings]
  let moves = 0
  while (!signal.aborted || moves < bookings.length) {
    const index = moves < left.length ? moves : randomInt(left.length)
    const booked = left[index]
    if (booked === undefined) break
    const start = noon.add({ minutes: 15 * randomInt(1000) })
    const end = start.add({ minutes: 15 * randomInt(1, 8) })
    core.drag(booked.calendarId, booked.eventId, { start: start.toString(), end: end.toString() })
    moves += 1
    // Some of the calendars lose one each.
    if (moves % 40 === 0 && left.length > bookings.length - CALENDARS / 2) {
      core.delete(booked.calendarId, booked.eventId)
      left.splice(index, 1)
    }
    await systemClock.delay(randomInt(10, 60), signal)
  }
  return moves
}

const listsIn = ({ standIns }: Deployment, from: number) =>
  standIns.google.requests.slice(from).flatMap(({ method, path, at, status }) => {
    const calendar = /\/calendars\/([^/]+)\/events$/.exec(path)?.[1]
    return method === 'GET' && calendar !== undefined
      ? [{ calendar, at: Temporal.Instant.from(at).epochMilliseconds, status }]
      : []
  })

/** Waits until a list of each calendar that begins after this moment was answered: all that was changed is in them. */
async function fetchedFromNowOn(world: Deployment): Promise<void> {
  const from = world.standIns.google.requests.length
  await world.world.until('Another fetch of each calendar', async (complain) => {
    const fetched = new Set(
      listsIn(world, from)
        .filter(({ status }) => status === 200)
        .map(({ calendar }) => calendar),
    )
    complain(`${fetched.size} calendars`)
    return fetched.size >= CALENDARS ? true : undefined
  })
}

/** Lists of one calendar of which the second began before the first was answered. */
function fetchedByTwo(world: Deployment, from: number): string[] {
  const last = new Map<string, number>()
  const wrong: string[] = []
  for (const { calendar, at } of listsIn(world, from)) {
    const before = last.get(calendar)
    if (before !== undefined && at - before < LIST_MS) wrong.push(`${calendar}: ${at - before} ms apart`)
    last.set(calendar, at)
  }
  return wrong
}

async function storedIn({ eventStoreUrl }: Deployment): Promise<RecordedEvent[]> {
  const events = openEventStoreDb(eventStoreUrl)
  try {
    return await bookingEvents(events)
  } finally {
    await events.close()
  }
}

async function untilPublished({ topic, world }: Deployment, count: number): Promise<SeenMessage[]> {
  return world.until('All events in the topic', async (complain) => {
    const seen = await readTopic(kafka?.brokers ?? [], topic)
    complain(`${seen.length} of ${count}`)
    return seen.length >= count ? seen : undefined
  })
}

/** Each booking's events are one chain without gap or double, which ends where its calendar event is. */
function checkDecisions(
  stored: readonly RecordedEvent[],
  bookings: readonly Booked[],
  { standIns }: Deployment,
) {
  const { core } = standIns.google
  assert.is(new Set(stored.map(({ id }) => id)).size, stored.length)
  for (const { bookingUid, calendarId, eventId } of bookings) {
    const chain = stored.filter(({ data }) => data.bookingUid === bookingUid)
    assert.equal(
      chain.map(({ data }) => data.sequence),
      chain.map((_, index) => index + 1),
    )
    const event = core.get(calendarId, eventId)
    const last = chain.at(-1)
    assert.ok(last, `a decision on ${bookingUid}`)
    if (event.status === 'cancelled') assert.is(last?.type, 'BookingCancelled')
    else assert.equal(timesOf(last?.data.next), [instant(event.start), instant(event.end)])
  }
}

const instant = (time: { dateTime?: string } | undefined) =>
  Temporal.Instant.from(time?.dateTime ?? '').toString()

const timesOf = (next: unknown) =>
  typeof next === 'object' && next !== null && 'start' in next && 'end' in next ? [next.start, next.end] : []
