import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { GoogleEvent } from '../../stand-ins/google/google-json.ts'
import {
  later,
  localOf,
  playRecorded,
  type RecordedAnswer,
  type RecordedPage,
} from '../support/recorded-story.ts'

// The recordings are other people's data: they are read in place. What the calendar held before is made from what was
// recorded after, and what is expected is said in days and times.
const project = resolve(import.meta.dirname, '../..')
const folder = resolve(project, process.env.RECORDINGS_DIR ?? '../shared/recordings')
const compass = 'SwitchbackTech-compass'

const test = suite('recorded traffic, end to end')
if (existsSync(folder)) addTests()
else {
  console.log(
    `SKIP recorded traffic, end to end: nothing is at ${folder}; RECORDINGS_DIR names another folder`,
  )
  test.skip('recorded changes of series move and cancel exactly the bookings they should (RECORDINGS_DIR)', () => {})
}
test.run()

function json(path: string): unknown {
  return JSON.parse(readFileSync(join(folder, path), 'utf8'))
}

// What a recording holds is said by its index.
const page = (name: string) => json(`${compass}/incremental/${name}.json`) as RecordedPage

/** A recorded answer of that status, wherever in the file it lies. */
function answer(path: string, status: number): RecordedAnswer {
  const recorded = json(path) as { exchanges: { response: { status: number; body: unknown } }[] }
  const found = recorded.exchanges.find(({ response }) => response.status === status)
  if (found === undefined) throw new Error(`${path} has no answer ${status}`)
  return { status, body: found.response.body }
}

/** A series as it was before it was touched: daily without an end, in its first version, `by` off its recorded time. */
function untouched(master: GoogleEvent | undefined, by: Temporal.DurationLike = { hours: 0 }): GoogleEvent {
  if (master === undefined) throw new Error('the recording has no such event')
  return {
    ...version(master),
    start: later(master.start, by),
    end: later(master.end, by),
    recurrence: ['RRULE:FREQ=DAILY'],
  }
}

/** In an older version than the recorded one. */
const version = (event: GoogleEvent): GoogleEvent => {
  const updated = '2025-03-01T00:00:00.000Z'
  return { ...event, updated, etag: `"${Date.parse(updated) * 2000}"` }
}

const shifted = (event: GoogleEvent, by: Temporal.DurationLike): GoogleEvent => ({
  ...version(event),
  start: later(event.start, by),
  end: later(event.end, by),
})

function addTests(): void {
  const hourBefore = { hours: -1 }

  test('all of a split series moved: every booking to come, in both parts', async () => {
    const recorded = page('edit-all-2')
    const [first, , second] = recorded.items
    assert.ok(first && second)
    const { published } = await playRecorded({
      now: '2025-03-23T11:00:00Z',
      before: [shifted(first, hourBefore), shifted(second, hourBefore)],
      booked: ['2025-03-24', '2025-03-25', '2025-03-26', '2025-03-30'],
      after: recorded.items,
      answers: [recorded],
    })
    const moved = '07:30–08:15'
    assert.equal(published, {
      '2025-03-24': moved,
      '2025-03-25': moved,
      '2025-03-26': moved,
      '2025-03-30': moved,
    })
  })

  test('all of a split series renamed: nothing is published', async () => {
    const recorded = page('edit-all-2')
    const { published, decisions } = await playRecorded({
      now: '2025-03-23T11:00:00Z',
      before: recorded.items.map(version),
      booked: ['2025-03-24', '2025-03-25', '2025-03-26', '2025-03-30'],
      after: recorded.items,
      answers: [recorded],
    })
    assert.equal(published, {})
    assert.equal(new Set(Object.values(decisions)), new Set(['NO_TIME_CHANGE']))
  })

  test('one instance moved: its booking alone', async () => {
    const recorded = page('edit-single-2')
    const { published } = await playRecorded({
      now: '2025-03-23T12:00:00Z',
      before: [untouched(recorded.items[0])],
      booked: ['2025-03-24', '2025-03-26', '2025-03-27'],
      after: recorded.items,
      answers: [recorded],
    })
    assert.equal(published, { '2025-03-26': '20:45–21:30' })
  })

  test('several instances edited one by one: the booking whose time it changed', async () => {
    const recorded = page('edit-single-3')
    const [master, first, second] = recorded.items
    assert.ok(first && second)
    const { published } = await playRecorded({
      now: '2025-03-23T12:00:00Z',
      before: [untouched(master), shifted(first, { hours: 3 }), version(second)],
      booked: ['2025-03-25', '2025-03-26', '2025-03-27', '2025-03-28'],
      after: recorded.items,
      answers: [recorded],
    })
    assert.equal(published, { '2025-03-26': '07:30–08:15' })
  })

  for (const { name, now, booked, following } of [
    {
      name: 'edit-this-and-following-1',
      now: '2025-03-23T12:00:00Z',
      booked: ['2025-03-25', '2025-03-27', '2025-03-29'],
      following: ['2025-03-27', '2025-03-29'],
    },
    {
      name: 'edit-this-and-following-2',
      now: '2025-03-24T11:00:00Z',
      booked: ['2025-03-20', '2025-03-25', '2025-03-26', '2025-03-28'],
      following: ['2025-03-26', '2025-03-28'],
    },
    {
      name: 'edit-this-and-following-v2-1',
      now: '2025-03-24T13:02:00Z',
      booked: ['2025-04-08', '2025-04-09', '2025-04-12'],
      following: ['2025-04-09', '2025-04-12'],
    },
  ])
    test(`a split without another time (${name}): nothing is published, those behind it follow`, async () => {
      const recorded = page(name)
      const [first, last] = [recorded.items[0], recorded.items.at(-1)]
      const { published, series } = await playRecorded({
        now,
        before: [untouched(first)],
        booked,
        after: recorded.items,
        answers: [recorded],
      })
      assert.equal(published, {})
      const expected = booked.map((day) => [day, following.includes(day) ? last?.id : first?.id])
      assert.equal(series, Object.fromEntries(expected))
    })

  test('a split after which both parts are at another time: every booking to come', async () => {
    const recorded = page('edit-this-and-following-4')
    const booked = ['2025-03-24', '2025-03-25', '2025-03-26', '2025-03-29']
    const { published } = await playRecorded({
      now: '2025-03-23T10:45:00Z',
      before: [untouched(recorded.items[0], hourBefore)],
      booked,
      after: recorded.items,
      answers: [recorded],
    })
    assert.equal(published, Object.fromEntries(booked.map((day) => [day, '07:30–08:15'])))
  })

  test('a split that moves what follows, under an id of its own: those before stay', async () => {
    const recorded = page('edit-this-and-following-v2-0')
    const { published, series } = await playRecorded({
      now: '2025-03-24T13:00:00Z',
      before: [untouched(recorded.items[0])],
      booked: ['2025-03-20', '2025-03-30', '2025-03-31', '2025-04-01', '2025-04-03'],
      after: recorded.items,
      answers: [recorded],
    })
    assert.equal(published, { '2025-04-01': '07:00–08:00', '2025-04-03': '07:00–08:00' })
    assert.is(series['2025-04-03'], recorded.items[1]?.id)
  })

  test('one instance deleted, shortly before it begins', async () => {
    const recorded = page('delete-single-1')
    const { published } = await playRecorded({
      now: '2025-03-25T12:30:00Z',
      before: [untouched(recorded.items[0])],
      booked: ['2025-03-25', '2025-03-26'],
      after: recorded.items,
      answers: [recorded],
    })
    assert.equal(published, { '2025-03-25': 'CANCELLED' })
  })

  test('one instance deleted that has begun: past events are never touched', async () => {
    const recorded = page('delete-single-1')
    const { published } = await playRecorded({
      now: '2025-03-25T13:06:00Z',
      before: [untouched(recorded.items[0])],
      booked: ['2025-03-25', '2025-03-26'],
      after: recorded.items,
      answers: [recorded],
    })
    assert.equal(published, {})
  })

  test('this and following deleted: the bookings behind the new end', async () => {
    const recorded = page('delete-this-and-following-1')
    const [master, exception] = recorded.items
    assert.ok(exception)
    const { published } = await playRecorded({
      now: '2025-03-25T13:06:30Z',
      before: [untouched(master), version(exception)],
      booked: ['2025-03-26', '2025-03-27', '2025-03-30'],
      after: recorded.items,
      answers: [recorded],
    })
    assert.equal(published, { '2025-03-27': 'CANCELLED', '2025-03-30': 'CANCELLED' })
  })

  test('this and following deleted, with an exception behind the new end that is told by its id alone', async () => {
    const recorded = page('delete-this-and-following-2')
    const [master, tombstone] = recorded.items
    assert.ok(master && tombstone)
    const whole = untouched(master)
    const { recurrence: _, ...instance } = whole
    const exception = {
      ...instance,
      id: tombstone.id,
      recurringEventId: master.id,
      start: later(whole.start, { days: 4, hours: 2 }),
      end: later(whole.end, { days: 4, hours: 2 }),
      originalStartTime: later(whole.start, { days: 4 }),
    }
    const { published } = await playRecorded({
      now: '2025-03-25T14:03:00Z',
      before: [whole, exception],
      booked: ['2025-03-25', '2025-03-26', '2025-03-27', '2025-03-28'],
      after: recorded.items,
      answers: [recorded],
    })
    const cancelled = ['2025-03-26', '2025-03-27', '2025-03-28']
    assert.equal(published, Object.fromEntries(cancelled.map((day) => [day, 'CANCELLED'])))
  })

  const refused = answer('handley-lab-mcp-handley-lab/event-lifecycle-with-401-refresh.json', 401)
  const outdated = answer(`${compass}/errors/410-fullSyncRequired-on-watch.json`, 410)

  for (const { how, asCancelled, answers } of [
    { how: 'its instances are not known any more', asCancelled: false, answers: [] },
    { how: 'its instances are answered as cancelled', asCancelled: true, answers: [] },
    { how: 'after a 401, which a new token mends', asCancelled: true, answers: [refused] },
    { how: 'while the sync token was outdated (410)', asCancelled: true, answers: [outdated] },
  ])
    test(`a whole series deleted, one tombstone by its id alone: ${how}`, async () => {
      const recorded = page('delete-all-1')
      const [tombstone] = recorded.items
      assert.ok(tombstone)
      const start = { dateTime: '2025-03-24T09:00:00-05:00', timeZone: 'America/Chicago' }
      const series = untouched({
        ...tombstone,
        status: 'confirmed',
        created: '2025-03-20T08:00:00.000Z',
        start,
        end: later(start, { minutes: 30 }),
        organizer: { email: 'recorded@example.com', self: true },
      })
      const days = [0, 2, 3].map((n) => later(start, { days: n }))
      const cancelled = days.map((time) => {
        const slot = localOf(time).toInstant().toString().replaceAll(/[-:]/g, '')
        const id = `${tombstone.id}_${slot}`
        return { ...tombstone, id, recurringEventId: tombstone.id, originalStartTime: time }
      })
      // Asked for by its id, what its organiser deleted keeps its details.
      const deleted = { ...series, ...tombstone, status: 'cancelled' as const }
      const { published } = await playRecorded({
        now: '2025-03-25T13:07:00Z',
        before: [series],
        booked: ['2025-03-24', '2025-03-26', '2025-03-27'],
        after: [deleted, ...(asCancelled ? cancelled : [])],
        // With the token outdated Google gives no increment, but the calendar as it is: without what was deleted.
        answers: answers.includes(outdated) ? answers : [...answers, recorded],
      })
      assert.equal(published, { '2025-03-26': 'CANCELLED', '2025-03-27': 'CANCELLED' })
    })

  test('an outdated sync token (410): the full list says what was missed, and moves no more than that', async () => {
    const recorded = page('edit-this-and-following-v2-0')
    const { published } = await playRecorded({
      now: '2025-03-24T13:00:00Z',
      before: [untouched(recorded.items[0])],
      booked: ['2025-03-30', '2025-04-01', '2025-04-03'],
      after: recorded.items,
      answers: [outdated],
    })
    assert.equal(published, { '2025-04-01': '07:00–08:00', '2025-04-03': '07:00–08:00' })
  })
}
