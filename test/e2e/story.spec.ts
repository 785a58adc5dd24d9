import { randomInt } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookThree, settled } from '../../cli/demo/story-bookings.ts'
import { editCalendars, publishedExactly } from '../../cli/demo/story-edits.ts'
import { createTeller } from '../../cli/demo/teller.ts'
import { type PublishedEvent, type World, worldAt } from '../../cli/demo/world.ts'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { STAND_IN_HOST } from '../../stand-ins/stand-ins.ts'
import {
  type Booked,
  type CalendarOfHost,
  connectAndBook,
  withOutlivingWorld,
} from '../support/outliving-world.ts'
import { resumingReader } from '../support/resuming-reader.ts'
import { runProcess } from '../support/run-process.ts'
import { startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const test = suite('the service as a process')

const entry = join(import.meta.dirname, '../../bin/calendar-sync.cjs')
const silent = createTeller({ write: () => {} })

test('carries moves, lengthenings and deletions to the feed, and nothing that concerns no booking', async () => {
  const folder = temporaryFolder()
  const env = { DATA_DIR: join(folder.path, 'data'), PORT: '0', LOG_LEVEL: 'error' }
  let service = await startServiceProcess(env)
  try {
    let world = worldAt({ service: service.url, token: service.token, ...service.standIns }, 10_000)
    const { userId, calendarId, credentialId } = STAND_IN_HOST
    const command = { userId, provider: 'google', externalCalendarId: calendarId, credentialId }
    await world.service.post('/commands/RegisterCalendarSync', command)
    await world.until('A channel', async () =>
      (await world.subscriptions()).some(({ status }) => status === 'ACTIVE') ? true : undefined,
    )
    const meetings = await bookThree(world, silent)
    const events = `/calendars/${encodeURIComponent(calendarId)}/events`
    const lunch = await world.google.post<{ id: string }>(events, {
      start: meetings.first.start,
      end: meetings.first.end,
      attendees: [{ email: calendarId }, { email: 'colleague@example.com' }],
    })
    await world.google.post(`${events}/${lunch.id}/decline`)
    await editCalendars(world, silent, meetings)
    await publishedExactly(world, silent, meetings)

    const second = await runProcess(process.execPath, [entry, 'start'], { cwd: folder.path, env })
    assert.is(second.code, 1)
    assert.match(
      second.stderr,
      /^The data folder .+ is in use by another process: stop that one, or choose another DATA_DIR\.$/m,
    )
    assert.is((await world.feed()).length, 3, 'the first process is not disturbed')

    const published = await world.feed()
    assert.equal(await service.end('SIGTERM'), { code: 0, signal: null })

    service = await startServiceProcess(env)
    world = worldAt({ service: service.url, token: service.token, ...service.standIns }, 10_000)
    assert.equal(withoutSchemaAddress(await world.feed()), withoutSchemaAddress(published))
    const { items } = await world.google.get<{ items: { id: string }[] }>(events)
    assert.ok(
      items.some(({ id }) => id === meetings.first.eventId),
      'the stand-ins are as they were',
    )
  } finally {
    await service.end('SIGKILL')
    folder.remove()
  }
})

test('a configuration that is not usable is told in full, and nothing is opened', async () => {
  const folder = temporaryFolder()
  const DATA_DIR = join(folder.path, 'data')
  const env = { DATA_DIR, PORT: '70000', SETTLE_MS: 'soon', GOOGLE_CLIENT_ID: 'id', CALCOM_API_KEY: 'key' }
  const { code, stdout, stderr } = await runProcess(process.execPath, [entry, 'start'], {
    cwd: folder.path,
    env,
  })
  assert.is(code, 2)
  for (const variable of ['PORT', 'SETTLE_MS', 'GOOGLE_CLIENT_SECRET', 'CALCOM_API_KEY'])
    assert.match(stderr, new RegExp(`^ +${variable} `, 'm'))
  assert.is(stdout, '')
  assert.not.ok(existsSync(DATA_DIR))
  folder.remove()
})

test('a data file that is none is told in one line, and left as it is', async () => {
  const folder = temporaryFolder()
  const file = join(folder.path, 'calendar-sync.sqlite')
  writeFileSync(file, 'not a database, whatever its name')
  const env = { DATA_DIR: folder.path, PORT: '0' }
  const { code, stderr } = await runProcess(process.execPath, [entry, 'start'], { cwd: folder.path, env })
  assert.is(code, 1)
  assert.match(stderr, /^\S+calendar-sync\.sqlite cannot be opened \(.+\): restore it from a backup/)
  assert.is(stderr.trim().split('\n').length, 1)
  assert.is(readFileSync(file, 'utf8'), 'not a database, whatever its name')
  folder.remove()
})

test('SIGTERM in the middle of a fetch: the next process carries the change on, once', () =>
  withOutlivingWorld(async (outliving) => {
    const first = await outliving.start()
    const [booked] = await connectAndBook(outliving.worldOf(first), 1)
    assert.ok(booked)
    const { calendar, standIns } = outliving
    calendar.faults.set({ methods: ['list'], delayMs: 60_000, times: 1 })
    const { start, end } = calendar.times(booked.eventId)
    const next = {
      start: Temporal.Instant.from(start).add({ hours: 3 }),
      end: Temporal.Instant.from(end).add({ hours: 4 }),
    }
    calendar.change(booked.eventId, next)
    await outliving
      .worldOf(first)
      .until('A fetch that waits for its answer', async () =>
        calendar.faults.list().length === 0 ? true : undefined,
      )
    const asked = standIns.google.requests.length
    assert.equal(await first.end('SIGTERM'), { code: 0, signal: null })

    const second = await outliving.start()
    const world = outliving.worldOf(second)
    await world.until('The move in the feed', async () =>
      (await world.feed()).length > 0 ? true : undefined,
    )
    await settled(world, 'the move')
    await fetchedFromNowOn(world, standIns.google.requests.length)
    assert.ok(standIns.google.requests.length > asked)
    checkChains(await world.feed(), [booked], calendar.times)
    assert.is((await world.feed()).length, 1)
    await second.end('SIGTERM')
  }))

test('kill -9 while events are being moved: nothing is lost or doubled, and a live reader resumes without gap', () =>
  withOutlivingWorld(async (outliving) => {
    const ROUNDS = 5
    const { calendar } = outliving
    let service = await outliving.start()
    const bookings = await connectAndBook(outliving.worldOf(service), 4)
    const reader = resumingReader(service.url, service.token)
    const pushing = new AbortController()
    try {
      const moving = moveAtRandom(bookings, calendar, pushing.signal)

      for (let round = 0; round < ROUNDS; round++) {
        // A random moment is what this is about: no condition says when.
        await systemClock.delay(randomInt(100, 1200))
        assert.is((await service.end('SIGKILL')).signal, 'SIGKILL')
        service = await outliving.start()
      }
      pushing.abort()
      const moves = await moving
      const world = outliving.worldOf(service)
      await fetchedFromNowOn(world, outliving.standIns.google.requests.length)
      await settled(world, 'the last move')

      const events = await world.feed()
      assert.ok(moves > 20, `${moves} moves`)
      assert.ok(events.length >= bookings.length, `${events.length} events`)
      checkChains(events, bookings, calendar.times)
      await world.until('The last event at the reader', async (complain) => {
        complain(`${reader.positions.length} of ${events.length}`)
        return reader.positions.length >= events.length ? true : undefined
      })
      assert.equal(
        reader.positions,
        events.map(({ position }) => position),
      )
      assert.ok(reader.connections > 1)
    } finally {
      pushing.abort()
      await reader.close()
    }
    assert.equal(await service.end('SIGTERM'), { code: 0, signal: null })
  }))

test.run()

/** Moves and stretches the bookings' events until told to stop, at least each once; resolves with how often. */
async function moveAtRandom(
  bookings: readonly Booked[],
  calendar: CalendarOfHost,
  signal: AbortSignal,
): Promise<number> {
  const noon = Temporal.Now.instant().add({ hours: 72 }).round('hour')
  let moves = 0
  while (!signal.aborted || moves < bookings.length) {
    const booked = bookings[moves % bookings.length]
    if (booked === undefined) return moves
    const start = noon.add({ minutes: 15 * randomInt(1000) })
    calendar.change(booked.eventId, { start, end: start.add({ minutes: 15 * randomInt(1, 8) }) })
    moves += 1
    await systemClock.delay(randomInt(10, 60), signal)
  }
  return moves
}

/** Waits for a list that begins after this moment to be answered: whatever was changed before is in it. */
async function fetchedFromNowOn(world: World, requestsBefore: number): Promise<void> {
  await world.until('Another fetch', async (complain) => {
    const { items } = await world.google.get<{ items: { path: string; status: number }[] }>('/requests')
    complain(`${items.length} requests`)
    const since = items.slice(requestsBefore)
    return since.some(({ path, status }) => path.endsWith('/events') && status === 200) ? true : undefined
  })
  await settled(world, 'that fetch')
}

/** Each booking's events are one chain without gap or double, which ends where its calendar event is. */
function checkChains(
  events: readonly PublishedEvent[],
  bookings: readonly Booked[],
  timesOf: (eventId: string) => { start: string; end: string },
): void {
  assert.is(new Set(events.map(({ id }) => id)).size, events.length, 'no event is there twice')
  for (const { bookingUid, eventId } of bookings) {
    const chain = events.filter(({ subject }) => subject === bookingUid)
    assert.equal(
      chain.map(({ data }) => data.sequence),
      chain.map((_, index) => index + 1),
    )
    const moves = chain.flatMap(({ data }) => ('next' in data ? [data] : []))
    assert.is(moves.length, chain.length, 'nothing was cancelled')
    for (const [index, { previous }] of moves.entries())
      if (index > 0) assert.equal(previous, timesIn(moves[index - 1]?.next))
    assert.equal(timesIn(moves.at(-1)?.next), timesOf(eventId))
  }
}

/** It lies at the process's own address, which is another one here after each start. */
const withoutSchemaAddress = (events: readonly PublishedEvent[]) =>
  events.map(({ dataschema: _, ...event }) => event)

const timesIn = (times: { start: string; end: string } | undefined) => ({
  start: times?.start,
  end: times?.end,
})
