import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { BOTH_LISTS, everyWay } from '../support/story.ts'
import { cancelled, moved, occurrenceOf, type Story } from '../support/story-words.ts'
import type { Host, Linked } from '../support/sync-fixture.ts'

const test = suite('series that look alike')

/** Two series that have nothing to do with each other but what `given` says, the first with two meetings. */
async function strangers(story: Story, given: { created?: string; oneEtag?: boolean }) {
  const host = await story.host()
  const first = Temporal.Instant.from('2026-03-04T10:00:00Z')
  const series = (id: string, start: Temporal.Instant) => ({
    id,
    summary: id,
    start: { dateTime: `${start}`, timeZone: 'Europe/London' },
    end: { dateTime: `${start.add({ minutes: 30 })}`, timeZone: 'Europe/London' },
    recurrence: ['RRULE:FREQ=WEEKLY;COUNT=4'],
    ...(given.created !== undefined && { created: given.created }),
  })
  story.google.habits.importEvents(
    host.calendarId,
    [series('ours', first), series('theirs', first.add({ hours: 5 }))],
    given.oneEtag ?? false,
  )
  await story.settle()
  const meetings: Linked[] = []
  for (const week of [0, 1]) meetings.push(await trackWeek(story, host, first, week))
  const [here, there] = meetings
  if (!here || !there) throw new Error('two meetings are needed')
  return { host, here, there }
}

const trackWeek = (story: Story, host: Host, first: Temporal.Instant, week: number) => {
  const start = first.add({ hours: 168 * week })
  const further = { recurringEventId: 'ours', originalStart: `${start}` }
  return story.track(host, `week-${week}`, occurrenceOf('ours', start), further)
}

const alike: [string, { created?: string; oneEtag?: boolean }][] = [
  ['the year 0 as their creation', { created: '0000-12-31T00:00:00.000Z' }],
  ['the year 1 as their creation', { created: '0001-01-01T00:00:00.000Z' }],
  ['the year 1900 as their creation', { created: '1900-01-01T00:00:00.000Z' }],
  ['a true instant of creation', { created: '2020-05-05T10:00:00.000Z' }],
  ['one etag', { oneEtag: true }],
]
for (const [what, given] of alike) {
  everyWay(
    test,
    BOTH_LISTS,
    `of two series that share ${what} the deleted one's meetings are cancelled`,
    {},
    async (story) => {
      const { host, here, there } = await strangers(story, given)
      await story.change(() => story.google.delete(host.calendarId, 'ours'))
      assert.equal(await story.feedInAnyOrder(), [cancelled(here), cancelled(there)].sort())
    },
  )
  everyWay(
    test,
    BOTH_LISTS,
    `of two series that share ${what} the ended one's meetings do not move onto the other`,
    {},
    async (story) => {
      const { host, here, there } = await strangers(story, given)
      await story.change(() => story.google.end(host.calendarId, there.eventId))
      assert.equal(await story.feed(), [cancelled(there)])
      assert.is(await story.told(here), undefined)
    },
  )
}

everyWay(
  test,
  BOTH_LISTS,
  'two series moved in one step, with one etag, each keep their own meetings',
  {},
  async (story) => {
    const { host, here, there } = await strangers(story, {})
    await story.change(() =>
      story.google.habits.massEdit(host.calendarId, { kind: 'shift', minutes: 60, oneEtag: true }),
    )
    assert.equal(await story.feedInAnyOrder(), [moved(here, 60), moved(there, 60)].sort())
  },
)

test.run()
