import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { firstStart, movedBy, timesOf, withSeries } from '../support/series-story.ts'

const test = suite('a series of which some instances are bookings')

const hour = { hours: 1 }
const later = { start: hour, end: hour }

/** The first instance's times, moved: what a change of the whole series is said by. */
function series(by: { start?: Temporal.DurationLike; end?: Temporal.DurationLike }) {
  const start = firstStart().add(by.start ?? { hours: 0 })
  const end = firstStart()
    .add({ minutes: 30 })
    .add(by.end ?? { hours: 0 })
  return { start: start.toInstant().toString(), end: end.toInstant().toString() }
}

test('all moved by an hour: each booking to come is rescheduled once, the past one is left alone', () =>
  withSeries({ booked: [0, 1, 2, 5] }, async (story) => {
    await story.edit('/events/seriesofmeetings/move', series(later))
    assert.equal(await story.outcomes(), {
      1: movedBy(story.original(1), later),
      2: movedBy(story.original(2), later),
      5: movedBy(story.original(5), later),
    })
  }))

test('all moved by two days', () =>
  withSeries({ booked: [1, 3] }, async (story) => {
    const by = { start: { days: 2 }, end: { days: 2 } }
    await story.edit('/events/seriesofmeetings/move', series(by))
    assert.equal(await story.outcomes(), {
      1: movedBy(story.original(1), by),
      3: movedBy(story.original(3), by),
    })
  }))

test('all made longer', () =>
  withSeries({ booked: [1, 2] }, async (story) => {
    await story.edit('/events/seriesofmeetings/resize', { end: series({ end: hour }).end })
    assert.equal(await story.outcomes(), {
      1: movedBy(story.original(1), { end: hour }),
      2: movedBy(story.original(2), { end: hour }),
    })
  }))

test('all renamed: nothing is published', () =>
  withSeries({ booked: [0, 1, 2] }, async (story) => {
    await story.patch('seriesofmeetings', { summary: 'Another name' })
    assert.equal(await story.outcomes(), {})
  }))

test('one instance moved, then another, then the first one back', () =>
  withSeries({ booked: [1, 2, 3] }, async (story) => {
    const first = story.original(1)
    await story.edit(`/events/${first.id}/move`, { start: movedBy(first, later).start })
    assert.equal(await story.outcomes(), { 1: movedBy(first, later) })
    const second = story.original(2)
    await story.edit(`/events/${second.id}/move`, { start: movedBy(second, { start: { days: 3 } }).start })
    assert.equal((await story.outcomes())[2], movedBy(second, { start: { days: 3 }, end: { days: 3 } }))
    // While nobody has answered, an event that is back where it was may be Cal.com's own writing.
    const [moved] = (await story.world.feed()).filter(({ subject }) => subject === story.uidOf(1))
    const told = { eventId: moved?.id, outcome: 'APPLIED' }
    await story.world.service.post('/commands/ReportBookingEventOutcome', told)
    await story.edit(`/events/${first.id}/move`, { start: timesOf(first).start })
    assert.equal((await story.outcomes())[1], ['BookingRescheduled', 'BookingRescheduled'])
    assert.is((await story.world.booking(story.uidOf(1)))?.start, timesOf(first).start)
    assert.is((await story.outcomes())[3], undefined)
  }))

test('moved by itself, and then with all the others', () =>
  withSeries({ booked: [1, 2] }, async (story) => {
    await story.edit(`/events/${story.original(1).id}/move`, {
      start: movedBy(story.original(1), { start: { days: 1 } }).start,
    })
    await story.edit('/events/seriesofmeetings/move', series(later))
    const now = await story.instances()
    const booking = async (index: number) => {
      const known = await story.world.booking(story.uidOf(index))
      return { start: known?.start, end: known?.end, status: known?.status }
    }
    for (const index of [1, 2]) {
      const instance = now[index]
      assert.ok(instance)
      assert.equal(await booking(index), { ...timesOf(instance), status: 'ACCEPTED' })
    }
  }))

for (const freshId of [false, true])
  test(`this and following moved${freshId ? ', which goes on under an id of its own' : ''}: those before stay`, () =>
    withSeries({ booked: [0, 1, 2, 4, 5, 7] }, async (story) => {
      await story.edit(`/events/${story.original(4).id}/split`, {
        change: movedBy(story.original(4), later),
        freshId,
      })
      assert.equal(await story.outcomes(), {
        4: movedBy(story.original(4), later),
        5: movedBy(story.original(5), later),
        7: movedBy(story.original(7), later),
      })
    }))

test('split without a change of times: nothing is published, and the bookings follow into the new part', () =>
  withSeries({ booked: [1, 4, 5] }, async (story) => {
    const master = await story.edit(`/events/${story.original(4).id}/split`, { change: { summary: 'New' } })
    assert.equal(await story.outcomes(), {})
    const known = await story.world.booking(story.uidOf(5))
    assert.is(known?.references[0]?.recurringEventId, master.id)
    const moved = (await story.instances(master.id))[1]
    assert.ok(moved)
    await story.edit(`/events/${moved.id}/move`, { start: movedBy(moved, later).start })
    assert.equal(await story.outcomes(), { 5: movedBy(story.original(5), later) })
  }))

for (const freshId of [false, true])
  test(`split, and the second part split again${freshId ? ' under ids of their own' : ''}`, () =>
    withSeries({ booked: [1, 3, 4, 6, 7] }, async (story) => {
      const second = await story.edit(`/events/${story.original(3).id}/split`, {
        change: movedBy(story.original(3), later),
        freshId,
      })
      const third = (await story.instances(second.id))[3]
      assert.ok(third)
      await story.edit(`/events/${third.id}/split`, { change: movedBy(third, later), freshId })
      const twoHours = { start: { hours: 2 }, end: { hours: 2 } }
      const times = async (index: number) => {
        const known = await story.world.booking(story.uidOf(index))
        return { start: known?.start, end: known?.end }
      }
      assert.equal(await story.outcomes(), {
        3: movedBy(story.original(3), later),
        4: movedBy(story.original(4), later),
        6: ['BookingRescheduled', 'BookingRescheduled'],
        7: ['BookingRescheduled', 'BookingRescheduled'],
      })
      for (const index of [6, 7]) assert.equal(await times(index), movedBy(story.original(index), twoHours))
    }))

test('split under a new id and edited again before it could be fetched: a look in between decides nothing', () =>
  withSeries({ booked: [1, 4, 6] }, async (story) => {
    const { google } = story.world
    const fault = await google.post<{ id: string }>('/faults', { methods: ['list'], status: 503 })
    const calendar = '/calendars/host%40example.com'
    const split = { change: movedBy(story.original(4), later), freshId: true }
    const second = await google.post<{ id: string }>(
      `${calendar}/events/${story.original(4).id}/split`,
      split,
    )
    await google.patch(`${calendar}/events/${second.id}`, { summary: 'Changed since' })
    const { queue } = story.service.ports
    await queue.signal({ kind: 'booking', key: story.uidOf(6) }, { cause: { poll: true }, dueInMs: 0 })
    await story.world.until('A look that learned nothing', async () =>
      (await queue.status()).some(({ kind, waiting }) => kind === 'booking' && waiting === 1)
        ? true
        : undefined,
    )
    assert.equal(await story.outcomes(), {})
    await google.delete(`/faults/${fault.id}`)
    await queue.signal(
      { kind: 'calendar', key: (await story.world.subscriptions())[0]?.calendarKey ?? '' },
      { cause: { poll: true }, atOnce: true },
    )
    await story.seen()
    assert.equal(await story.outcomes(), {
      4: movedBy(story.original(4), later),
      6: movedBy(story.original(6), later),
    })
  }))

test('this and following deleted: exactly the bookings from there on are cancelled', () =>
  withSeries({ booked: [0, 1, 2, 4, 6] }, async (story) => {
    await story.edit(`/events/${story.original(4).id}/end`)
    assert.equal(await story.outcomes(), { 4: 'CANCELLED', 6: 'CANCELLED' })
  }))

test('this and following deleted, with an instance behind it that was deleted by itself before', () =>
  withSeries({ booked: [1, 4, 6] }, async (story) => {
    await story.remove(story.original(6).id)
    assert.equal(await story.outcomes(), { 6: 'CANCELLED' })
    await story.edit(`/events/${story.original(3).id}/end`)
    assert.equal(await story.outcomes(), { 4: 'CANCELLED', 6: 'CANCELLED' })
  }))

test('this and following deleted, with an instance behind it that was moved by itself before', () =>
  withSeries({ booked: [1, 4, 6] }, async (story) => {
    await story.edit(`/events/${story.original(6).id}/move`, {
      start: movedBy(story.original(6), later).start,
    })
    await story.edit(`/events/${story.original(3).id}/end`)
    assert.equal(await story.outcomes(), { 4: 'CANCELLED', 6: ['BookingRescheduled', 'BookingCancelled'] })
  }))

test('one instance deleted', () =>
  withSeries({ booked: [1, 2, 3] }, async (story) => {
    await story.remove(story.original(2).id)
    assert.equal(await story.outcomes(), { 2: 'CANCELLED' })
  }))

test('all deleted: one tombstone of the series cancels every booking to come, and no past one', () =>
  withSeries({ booked: [0, 1, 2, 7] }, async (story) => {
    await story.remove('seriesofmeetings')
    assert.equal(await story.outcomes(), { 1: 'CANCELLED', 2: 'CANCELLED', 7: 'CANCELLED' })
  }))

const otherRules: { [what: string]: string } = {
  'every two weeks, at another hour': 'RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=8',
  'fewer of them, at another hour': 'RRULE:FREQ=WEEKLY;COUNT=3',
  'once a month': 'RRULE:FREQ=MONTHLY;COUNT=8',
}

for (const [what, rule] of Object.entries(otherRules))
  test(`the rule changed (${what}): those that cannot be told are flagged, and nothing is published`, () =>
    withSeries({ booked: [2, 3, 5] }, async (story) => {
      const moved = series({ start: { minutes: 90 }, end: { minutes: 90 } })
      await story.patch('seriesofmeetings', {
        start: { dateTime: moved.start, timeZone: 'Europe/London' },
        end: { dateTime: moved.end, timeZone: 'Europe/London' },
        recurrence: [rule],
      })
      assert.equal(await story.outcomes(), {})
      assert.equal(Object.values(await story.decisions()), Array(3).fill('SERIES_CHANGED'))
      const { needsPerson } = await story.world.status()
      assert.is(needsPerson.length, 3, JSON.stringify(needsPerson))
    }))

test('another frequency that begins where the series began cancels nothing', () =>
  withSeries({ booked: [2, 3, 5] }, async (story) => {
    await story.patch('seriesofmeetings', { recurrence: ['RRULE:FREQ=DAILY;COUNT=2'] })
    assert.equal(await story.outcomes(), {})
    assert.equal(Object.values(await story.decisions()), Array(3).fill('SERIES_CHANGED'))
  }))

test('another frequency that ends at a date cancels nothing', () =>
  withSeries({ booked: [1, 2, 3] }, async (story) => {
    const until = firstStart().add({ days: 2 }).toInstant().toString().replaceAll(/[-:]/g, '')
    await story.patch('seriesofmeetings', { recurrence: [`RRULE:FREQ=DAILY;UNTIL=${until}`] })
    assert.equal(await story.outcomes(), {})
    assert.equal(Object.values(await story.decisions()), Array(3).fill('SERIES_CHANGED'))
  }))

test('the rule changed so that the bookings stay where they are: nothing is published, nobody is asked', () =>
  withSeries({ booked: [2, 4] }, async (story) => {
    await story.patch('seriesofmeetings', { recurrence: ['RRULE:FREQ=DAILY;COUNT=60'] })
    assert.equal(await story.outcomes(), {})
    assert.equal(await story.decisions(), { 2: 'NO_TIME_CHANGE', 4: 'NO_TIME_CHANGE' })
  }))

test.run()
