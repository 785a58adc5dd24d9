// "This and following" makes a series of its own of the rest, which may then be moved to another calendar of the host.
import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { ALL_WAYS, BOTH_LISTS, everyWay } from '../support/story.ts'
import { cancelled, moved, occurrenceOf } from '../support/story-words.ts'
import type { Linked } from '../support/sync-fixture.ts'

const test = suite('the rest of a series in another calendar of the host')

const WAYS = ALL_WAYS.filter((way) => way !== 'after it was moved once')
const named = (meetings: readonly Linked[]) => {
  const [first, second, third, fourth] = meetings
  if (!first || !second || !third || !fourth) throw new Error('four meetings are needed')
  return { first, second, third, fourth }
}
const times = ({ start, end }: Linked, hours: number) => ({
  start: { dateTime: `${start.add({ hours })}` },
  end: { dateTime: `${end.add({ hours })}` },
})

for (const freshId of [false, true])
  everyWay(
    test,
    WAYS,
    `split off at another time and moved, it takes its meetings along${freshId ? ', under an id of its own' : ''}`,
    {},
    async (story) => {
      const { google } = story
      const host = await story.host()
      const other = await story.secondCalendar(host)
      const { first, second, third, fourth } = named((await story.meetWeekly(host, 4)).meetings)
      let restId = ''
      await story.change(() => {
        const change = freshId ? times(second, 2) : { summary: 'The rest' }
        restId = google.split(host.calendarId, second.eventId, { freshId, change }).id
        google.transfer(host.calendarId, restId, other)
        if (!freshId) google.drag(other, restId, { start: `${second.start.add({ hours: 2 })}` })
      })
      const rest = [second, third, fourth]
      assert.equal(await story.feedInAnyOrder(), rest.map((one) => moved(one, 120)).sort())
      await story.change(() =>
        google.delete(other, occurrenceOf(restId.replace(/_R.*/, ''), third.start.add({ hours: 2 }))),
      )
      assert.equal((await story.feed()).slice(3), [cancelled(third)])
      for (const one of [first, ...rest]) assert.is(await story.told(one), undefined)
    },
  )

everyWay(test, WAYS, 'moved as it is, it is followed without a word', {}, async (story) => {
  const host = await story.host()
  const other = await story.secondCalendar(host)
  const { second, third } = named((await story.meetWeekly(host, 4)).meetings)
  await story.change(() => {
    const rest = story.google.split(host.calendarId, second.eventId, { change: { summary: 'The rest' } })
    story.google.transfer(host.calendarId, rest.id, other)
  })
  assert.equal(await story.feed(), [])
  await story.change(() => story.google.delete(other, third.eventId))
  assert.equal(await story.feed(), [cancelled(third)])
})

everyWay(test, WAYS, 'split once more in the other calendar, both parts are followed', {}, async (story) => {
  const { google } = story
  const host = await story.host()
  const other = await story.secondCalendar(host)
  const { second, third, fourth } = named((await story.meetWeekly(host, 4)).meetings)
  await story.change(() => {
    const rest = google.split(host.calendarId, second.eventId, { change: { summary: 'The rest' } })
    google.transfer(host.calendarId, rest.id, other)
    google.split(other, third.eventId, { freshId: true, change: times(third, 3) })
  })
  assert.equal(await story.feedInAnyOrder(), [third, fourth].map((one) => moved(one, 180)).sort())
  assert.is(await story.told(second), undefined)
})

everyWay(test, WAYS, 'a series that is moved whole, and split there, is followed', {}, async (story) => {
  const { google } = story
  const host = await story.host()
  const other = await story.secondCalendar(host)
  const { masterId, meetings } = await story.meetWeekly(host, 4)
  const { third, fourth } = named(meetings)
  await story.change(() => {
    google.transfer(host.calendarId, masterId, other)
    const rest = google.split(other, third.eventId, { change: { summary: 'The rest' } })
    google.drag(other, rest.id, { start: `${third.start.add({ hours: 1 })}` })
  })
  assert.equal(await story.feedInAnyOrder(), [third, fourth].map((one) => moved(one, 60)).sort())
})

everyWay(
  test,
  WAYS,
  '"delete this and following" cancels, also where the host has another calendar',
  {},
  async (story) => {
    const host = await story.host()
    await story.secondCalendar(host)
    const { first, second, third, fourth } = named((await story.meetWeekly(host, 4)).meetings)
    await story.change(() => story.google.end(host.calendarId, third.eventId))
    assert.equal(await story.feedInAnyOrder(), [third, fourth].map((one) => cancelled(one)).sort())
    for (const one of [first, second]) assert.is(await story.told(one), undefined)
  },
)

everyWay(test, WAYS, 'moved and then deleted there, its meetings are cancelled', {}, async (story) => {
  const { google } = story
  const host = await story.host()
  const other = await story.secondCalendar(host)
  const { third, fourth } = named((await story.meetWeekly(host, 4)).meetings)
  await story.change(() => {
    const rest = google.split(host.calendarId, third.eventId, { change: { summary: 'The rest' } })
    google.transfer(host.calendarId, rest.id, other)
    google.delete(other, rest.id)
  })
  assert.equal(await story.feedInAnyOrder(), [third, fourth].map((one) => cancelled(one)).sort())
})

everyWay(test, WAYS, 'moved as noticed and then cut there, the end of it is cancelled', {}, async (story) => {
  const { google } = story
  const host = await story.host()
  const other = await story.secondCalendar(host)
  const { second, third, fourth } = named((await story.meetWeekly(host, 4)).meetings)
  await story.change(() => {
    const rest = google.split(host.calendarId, second.eventId, { change: { summary: 'The rest' } })
    google.transfer(host.calendarId, rest.id, other)
  })
  await story.change(() => google.end(other, fourth.eventId))
  assert.equal(await story.feed(), [cancelled(fourth)])
  for (const one of [second, third]) assert.is(await story.told(one), undefined)
})

everyWay(
  test,
  WAYS,
  'dragged to another day under an id of its own, and moved, it cancels nothing, and is told',
  {},
  async (story) => {
    const host = await story.host()
    const other = await story.secondCalendar(host)
    const { third, fourth } = named((await story.meetWeekly(host, 4)).meetings)
    await story.change(() => {
      const change = times(third, 3 * 24 + 1)
      const rest = story.google.split(host.calendarId, third.eventId, { freshId: true, change })
      story.google.transfer(host.calendarId, rest.id, other)
    })
    assert.equal(await story.feed(), [])
    for (const one of [third, fourth]) assert.is(await story.told(one), 'SERIES_CHANGED')
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'nothing is cancelled while the other calendar gives no list, and all is well once it does',
  {},
  async (story) => {
    const { google } = story
    const host = await story.host()
    const other = await story.secondCalendar(host)
    const { third, fourth } = named((await story.meetWeekly(host, 4)).meetings)
    google.faults.set({ calendarId: other, methods: ['list'], status: 503 })
    await story.change(() => {
      const rest = google.split(host.calendarId, third.eventId, { change: { summary: 'The rest' } })
      google.transfer(host.calendarId, rest.id, other)
      google.drag(other, rest.id, { start: `${third.start.add({ hours: 2 })}` })
    })
    await story.passHours(1.5)
    assert.equal(await story.feed(), [])
    assert.is(await story.told(third), 'UNKNOWN')
    google.faults.clear()
    await story.passHours(1)
    assert.equal(await story.feedInAnyOrder(), [third, fourth].map((one) => moved(one, 120)).sort())
    assert.is(await story.told(third), undefined)
  },
)

everyWay(test, BOTH_LISTS, 'it does not matter that the other calendar is read first', {}, async (story) => {
  const { google } = story
  const host = await story.host()
  const other = await story.secondCalendar(host)
  const { third, fourth } = named((await story.meetWeekly(host, 4)).meetings)
  google.faults.set({ calendarId: host.calendarId, methods: ['list'], status: 503, times: 2 })
  await story.change(() => {
    const rest = google.split(host.calendarId, third.eventId, { change: { summary: 'The rest' } })
    google.transfer(host.calendarId, rest.id, other)
    google.drag(other, rest.id, { start: `${third.start.add({ hours: 2 })}` })
  }, 120_000)
  assert.equal(await story.feedInAnyOrder(), [third, fourth].map((one) => moved(one, 120)).sort())
})

test.run()
