import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { BOTH_LISTS, everyWay, inStory, LONG, type WayName } from '../support/story.ts'
import { cancelled, moved, type Story } from '../support/story-words.ts'

const test = suite('series cut and split')
const WAYS: readonly WayName[] = [
  'in the incremental list',
  'after a full sync',
  "without Cal.com's API",
  'with a restart in between',
]
const compact = (at: Temporal.Instant) => at.toString().replaceAll(/[-:]/g, '')

/** Four weekly meetings, and a rule that ends after the first. */
async function fourWeeks(story: Story) {
  const host = await story.host()
  const { masterId, meetings } = await story.meetWeekly(host, 4)
  const [first, second, third, fourth] = meetings
  if (!first || !second || !third || !fourth) throw new Error('four meetings are needed')
  const endsAfterFirst = [`RRULE:FREQ=WEEKLY;UNTIL=${compact(first.start.add({ hours: 24 }))}`]
  return { host, masterId, endsAfterFirst, first, second, third, fourth }
}

everyWay(
  test,
  WAYS,
  'of a series cut by another program what lives on behind the cut stays, and the rest is cancelled',
  {},
  async (story) => {
    const { host, masterId, endsAfterFirst, second, third, fourth, first } = await fourWeeks(story)
    story.google.changeCalendar(host.calendarId, { settings: { exceptionsOutlive: true } })
    await story.change(() => story.google.patch(host.calendarId, third.eventId, { summary: 'On its own' }))
    await story.change(() => story.google.patch(host.calendarId, masterId, { recurrence: endsAfterFirst }))
    assert.equal(await story.feedInAnyOrder(), [cancelled(second), cancelled(fourth)].sort())
    assert.is(await story.told(first), undefined)
    assert.is(await story.told(third), undefined)
    await story.change(() => story.drag(third, third.start.add({ hours: 2 })))
    assert.equal((await story.feed()).slice(2), [moved(third, 120)])
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'what lives on behind the cut of a series is cancelled when it is deleted itself',
  {},
  async (story) => {
    const { host, masterId, endsAfterFirst, third } = await fourWeeks(story)
    story.google.changeCalendar(host.calendarId, { settings: { exceptionsOutlive: true } })
    await story.change(() => story.google.patch(host.calendarId, third.eventId, { summary: 'On its own' }))
    await story.change(() => story.google.patch(host.calendarId, masterId, { recurrence: endsAfterFirst }))
    await story.change(() => story.google.delete(host.calendarId, third.eventId))
    assert.equal((await story.feed()).slice(2), [cancelled(third)])
  },
)

everyWay(
  test,
  WAYS,
  'a series whose rule ends before it begins cancels nothing, and the operator is told',
  {},
  async (story) => {
    const { host, masterId, first, fourth } = await fourWeeks(story)
    const recurrence = ['RRULE:FREQ=WEEKLY;UNTIL=20260101T000000Z']
    await story.change(() => story.google.habits.rewrite(host.calendarId, masterId, { recurrence }))
    assert.equal(await story.feed(), [])
    assert.ok(await story.told(first))
    assert.ok(await story.told(fourth))
  },
)

everyWay(
  test,
  WAYS,
  'a date that another program leaves out of a series cancels its meeting, and the others stay',
  {},
  async (story) => {
    const { host, masterId, first, second, third } = await fourWeeks(story)
    const recurrence = ['RRULE:FREQ=WEEKLY;COUNT=4', `EXDATE:${compact(second.start)}`]
    await story.change(() => story.google.patch(host.calendarId, masterId, { recurrence }))
    assert.equal(await story.feed(), [cancelled(second)])
    assert.is(await story.told(first), undefined)
    await story.change(() => story.drag(third, third.start.add({ hours: 2 })))
    assert.equal((await story.feed()).slice(1), [moved(third, 120)])
  },
)

everyWay(
  test,
  WAYS,
  'a series split at another time goes on under a name of its own, and its meetings move with it',
  {},
  async (story) => {
    const { host, third, fourth } = await fourWeeks(story)
    const [start, end] = [third.start, third.end].map((at) => ({
      dateTime: `${at.add({ hours: 2 })}`,
      timeZone: 'Europe/London',
    }))
    if (!start || !end) throw new Error('no times')
    await story.change(() =>
      story.google.split(host.calendarId, third.eventId, { freshId: true, change: { start, end } }),
    )
    assert.equal(await story.feedInAnyOrder(), [moved(third, 120), moved(fourth, 120)].sort())
  },
)

const FEW = { settings: { massChangeLimit: 2 } }

everyWay(
  test,
  BOTH_LISTS,
  'more meetings behind a cut than may go at once wait, and are cancelled once the operator has let them',
  FEW,
  async (story) => {
    const { host, masterId, endsAfterFirst, second, third, fourth } = await fourWeeks(story)
    await story.change(() => story.google.patch(host.calendarId, masterId, { recurrence: endsAfterFirst }))
    assert.equal(await story.feed(), [])
    assert.equal(await story.needsOf(host), ['MASS_CHANGE'])
    await story.release(host)
    const cut = [second, third, fourth]
    assert.equal(await story.feedInAnyOrder(), cut.map((one) => cancelled(one)).sort())
  },
)

test(
  'meetings behind a cut that the operator has dropped stay as they are, whatever is read again',
  inStory({ ...LONG, settings: { ...LONG.settings, ...FEW.settings } }, async (story) => {
    const { host, masterId, endsAfterFirst, fourth } = await fourWeeks(story)
    await story.change(() => story.google.patch(host.calendarId, masterId, { recurrence: endsAfterFirst }))
    await story.discard(host)
    story.google.expireSyncTokens(host.calendarId)
    await story.change(() => story.google.notify(host.calendarId))
    await story.passHours(26)
    assert.equal(await story.feed(), [])
    assert.is(await story.told(fourth), undefined)
  }),
)

test.run()
