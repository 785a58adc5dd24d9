import * as assert from 'uvu/assert'
import type { Hangup } from '../../stand-ins/google/faults.ts'
import { suite } from '../support/ahead.ts'
import { everyWay, inStory, type WayName } from '../support/story.ts'
import { cancelled, moved } from '../support/story-words.ts'

const test = suite('answers that cannot be read')
const two = { hours: 2 }

const hangups: [string, Hangup][] = [
  ['a web page', 'html'],
  ['JSON that breaks off', 'truncated'],
  ['ten megabytes', 'huge'],
]
const READS: readonly WayName[] = [
  'in the incremental list',
  'after a full sync',
  'with a restart in between',
]
for (const [what, hangup] of hangups) {
  for (const method of ['list', 'get'] as const)
    everyWay(
      test,
      READS,
      `${what} in place of a ${method === 'list' ? 'list' : 'single event'} delays what it was about, and loses and cancels nothing`,
      {},
      async (story) => {
        const host = await story.host()
        const [meeting, other] = [await story.meet(host), await story.meet(host)]
        story.google.faults.set({ calendarId: host.calendarId, methods: [method], hangup, times: 3 })
        await story.change(() => {
          story.drag(meeting, meeting.start.add(two))
          story.google.delete(host.calendarId, other.eventId)
        })
        await story.passHours(1)
        assert.equal(await story.feedInAnyOrder(), [cancelled(other), moved(meeting, 120)].sort())
        assert.equal(await story.needs(), [])
      },
    )
}

for (const [what, hangup] of hangups.slice(0, 2))
  test(
    `a calendar that answers nothing but ${what} is told, and another one goes on`,
    inStory({}, async (story) => {
      const host = await story.host()
      await story.meet(host)
      const meeting = await story.meet(await story.host(2))
      story.google.faults.set({ calendarId: host.calendarId, hangup })
      await story.change(() => story.google.notify(host.calendarId))
      await story.change(() => story.drag(meeting, meeting.start.add(two)))
      await story.passHours(2)
      assert.equal(await story.feed(), [moved(meeting, 120)])
      const { calendarFeeds } = await story.answer('/status')
      assert.is(calendarFeeds.failing, 1)
    }),
  )

/** What a list could hold in place of events. */
const entries: [string, unknown[]][] = [
  ['null', [null]],
  ['a number and a text', [7, 'event']],
  ['an event without an id', [{ status: 'cancelled' }]],
  ['an event whose id is a number', [{ id: 12, status: 'confirmed' }]],
  ['an event of nothing but null', [{ id: null, status: null, start: null, end: null }]],
]
for (const [what, items] of entries)
  test(
    `a list that holds ${what} among its events still tells of the others`,
    inStory({}, async (story) => {
      const host = await story.host()
      const meeting = await story.meet(host)
      const event = story.drag(meeting, meeting.start.add(two))
      const { nextSyncToken } = story.google.list(host.calendarId, { singleEvents: 'false' })
      const body = { kind: 'calendar#events', items: [...items, event], nextSyncToken }
      story.google.script(host.calendarId, [{ status: 200, body }])
      await story.settle()
      await story.passHours(0.5)
      assert.equal(await story.feed(), [moved(meeting, 120)])
    }),
  )

const pages: [string, unknown][] = [
  ['no items', { kind: 'calendar#events', items: null }],
  ['items that are no list', { kind: 'calendar#events', items: { length: 1 } }],
  ['an empty object', {}],
  ['null', null],
  ['a list', []],
  ['a text', 'OK'],
]
for (const [what, body] of pages)
  test(
    `a page that is ${what} loses nothing`,
    inStory({}, async (story) => {
      const host = await story.host()
      const meeting = await story.meet(host)
      story.google.script(host.calendarId, [{ status: 200, body }])
      await story.change(() => story.drag(meeting, meeting.start.add(two)))
      await story.passHours(0.5)
      assert.equal(await story.feed(), [moved(meeting, 120)])
    }),
  )

for (const apiFailure of ['HTML', 'TRUNCATED'] as const)
  test(
    `Cal.com's API answering ${apiFailure === 'HTML' ? 'a web page' : 'JSON that breaks off'} delays a cancellation, and no more`,
    inStory({}, async (story) => {
      const meeting = await story.meet(await story.host())
      Object.assign(story.calcom.faults, { apiFailure, apiFailures: 4, apiFailuresOf: 'ALL' })
      await story.change(() => story.google.delete(meeting.host.calendarId, meeting.eventId))
      await story.passHours(1)
      assert.equal(await story.feed(), [cancelled(meeting)])
    }),
  )

test.run()
