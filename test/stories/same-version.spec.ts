import * as assert from 'uvu/assert'
import type { EventBody } from '../../stand-ins/google/google-json.ts'
import { suite } from '../support/ahead.ts'
import { ALL_WAYS, BOTH_LISTS, everyWay, inStory, LONG } from '../support/story.ts'
import { cancelled, moved, type Story } from '../support/story-words.ts'
import type { Linked } from '../support/sync-fixture.ts'

const test = suite('times change and the version does not')
const sameEtag = { sameEtag: true }
const rewrite = (story: Story, { host, eventId }: Linked, change: EventBody) =>
  story.google.habits.rewrite(host.calendarId, eventId, change, sameEtag)
const later = ({ start, end }: Linked, hours: number): EventBody => ({
  start: { dateTime: `${start.add({ hours })}` },
  end: { dateTime: `${end.add({ hours })}` },
})
const NEW_YORK = 'America/New_York' // five hours behind London until its summer time begins on 8 March

everyWay(
  test,
  ALL_WAYS,
  'a meeting that shows other times in the same version is moved, and once',
  {},
  async (story) => {
    const meeting = await story.meet(await story.host())
    await story.change(() => rewrite(story, meeting, later(meeting, 2)))
    assert.equal(await story.feed(), [moved(meeting, 120)])
    const { calendarId } = meeting.host
    const summary = 'Another title'
    await story.change(() => story.google.patch(calendarId, meeting.eventId, { summary }))
    assert.equal(await story.feed(), [moved(meeting, 120)])
  },
)

everyWay(
  test,
  ALL_WAYS,
  'a meeting that is cancelled in the same version is cancelled',
  {},
  async (story) => {
    const meeting = await story.meet(await story.host())
    await story.change(() => rewrite(story, meeting, { status: 'cancelled' }))
    assert.equal(await story.feed(), [cancelled(meeting)])
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'a meeting that was all-day and has its times back in the same version is told no longer',
  {},
  async (story) => {
    const meeting = await story.meet(await story.host())
    const { start, end } = story.google.get(meeting.host.calendarId, meeting.eventId)
    if (!start || !end) throw new Error('no times')
    const date = meeting.start.toString().slice(0, 10)
    await story.change(() => rewrite(story, meeting, { start: { date }, end: { date } }))
    assert.is(await story.told(meeting), 'ALL_DAY')
    await story.change(() => rewrite(story, meeting, { start, end }))
    assert.is(await story.told(meeting), undefined)
    assert.equal(await story.feed(), [])
  },
)

for (const manner of [{}, sameEtag]) {
  const version = 'sameEtag' in manner ? 'the same version' : 'a new version'
  everyWay(
    test,
    BOTH_LISTS,
    `meetings whose calendar has got another zone, with the clock kept, move at once (${version})`,
    {},
    async (story) => {
      const host = await story.host()
      const meetings = [await story.meet(host), await story.meet(host)]
      await story.change(() =>
        story.google.habits.changeZone(host.calendarId, NEW_YORK, { keep: 'clock', ...manner }),
      )
      assert.equal(await story.feedInAnyOrder(), meetings.map((meeting) => moved(meeting, 300)).sort())
    },
  )
  everyWay(
    test,
    BOTH_LISTS,
    `more meetings than the limit whose calendar has got another zone wait for the operator (${version})`,
    { settings: { massChangeLimit: 1 } },
    async (story) => {
      const host = await story.host()
      const meetings = [await story.meet(host), await story.meet(host)]
      await story.change(() =>
        story.google.habits.changeZone(host.calendarId, NEW_YORK, { keep: 'clock', ...manner }),
      )
      assert.equal(await story.feed(), [])
      assert.ok((await story.needsOf(host)).length > 0)
      await story.release(host)
      assert.equal(await story.feedInAnyOrder(), meetings.map((meeting) => moved(meeting, 300)).sort())
    },
  )
}

everyWay(
  test,
  BOTH_LISTS,
  'meetings whose calendar shows its times in another zone stay where they are',
  {},
  async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    await story.change(() => story.google.habits.changeZone(host.calendarId, NEW_YORK, { keep: 'instant' }))
    await story.change(() => story.google.patch(host.calendarId, meeting.eventId, { summary: 'Another' }))
    assert.equal(await story.feed(), [])
    assert.is(await story.told(meeting), undefined)
  },
)

test(
  'meetings whose calendar has got another zone that no list mentions move within a day, not with an edit of the title',
  inStory(LONG, async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host, { inHours: 120 })
    await story.change(() =>
      story.google.habits.changeZone(host.calendarId, NEW_YORK, {
        keep: 'clock',
        sameEtag: true,
        listed: false,
      }),
    )
    await story.passHours(25)
    assert.equal(await story.feed(), [moved(meeting, 300)])
    await story.change(() => story.google.patch(host.calendarId, meeting.eventId, { summary: 'Another' }))
    assert.equal(await story.feed(), [moved(meeting, 300)])
  }),
)

everyWay(
  test,
  BOTH_LISTS,
  'a series in the calendar’s own zone moves with the zone, each meeting to its own new time',
  {},
  async (story) => {
    const host = await story.host()
    const { meetings } = await story.meetWeekly(host, 2) // both before the clocks of London change
    await story.change(() => story.google.habits.changeZone(host.calendarId, NEW_YORK, { keep: 'clock' }))
    const hours = meetings.map(({ start }) => {
      const clock = start.toZonedDateTimeISO('Europe/London').toPlainDateTime()
      return clock.toZonedDateTime(NEW_YORK).toInstant().since(start).total('minutes')
    })
    assert.equal(
      await story.feedInAnyOrder(),
      meetings.map((meeting, at) => moved(meeting, hours[at] ?? 0)).sort(),
    )
  },
)

test.run()
