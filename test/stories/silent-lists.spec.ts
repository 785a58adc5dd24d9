import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { everyWay, inStory, LONG } from '../support/story.ts'
import { cancelled, HOUR, MINUTE, moved, type Story } from '../support/story-words.ts'
import type { Linked } from '../support/sync-fixture.ts'

const test = suite('lists that leave a change out')

const unlisted = (story: Story, { host }: Linked) =>
  story.google.changeCalendar(host.calendarId, { settings: { unlistedWrites: 1 } })

everyWay(
  test,
  ['in the incremental list', "without Cal.com's API", 'with a restart in between'],
  'a move that no list ever mentions is found within a day',
  LONG,
  async (story) => {
    const meeting = await story.meet(await story.host(), { inHours: 240 })
    unlisted(story, meeting)
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    await story.passHours(25)
    assert.equal(await story.feed(), [moved(meeting, 120)])
  },
)

test(
  'a deletion that no list ever mentions is found within a day',
  inStory(LONG, async (story) => {
    const meeting = await story.meet(await story.host(), { inHours: 240 })
    unlisted(story, meeting)
    await story.change(() => story.google.delete(meeting.host.calendarId, meeting.eventId))
    await story.passHours(25)
    assert.equal(await story.feed(), [cancelled(meeting)])
  }),
)

test(
  'a meeting made all-day, and back, without any list mentioning it, is told within a day, and then no longer',
  inStory(LONG, async (story) => {
    const meeting = await story.meet(await story.host(), { inHours: 240 })
    const day = meeting.start.toString().slice(0, 10)
    unlisted(story, meeting)
    await story.change(() => story.google.drag(meeting.host.calendarId, meeting.eventId, { start: day }))
    await story.passHours(25)
    assert.is(await story.told(meeting), 'ALL_DAY')
    unlisted(story, meeting)
    await story.change(() => story.drag(meeting, meeting.start, meeting.end))
    await story.passHours(25)
    assert.is(await story.told(meeting), undefined)
    assert.equal(await story.feed(), [])
  }),
)

everyWay(
  test,
  ['in the incremental list', "without Cal.com's API", 'with a restart in between'],
  'a move that no list ever mentions is found before the meeting would begin',
  LONG,
  async (story) => {
    const meeting = await story.meet(await story.host(), { inHours: 6 })
    await story.passHours(2)
    unlisted(story, meeting)
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 5 })))
    await story.passHours(meeting.start.since(story.clock.now()).total('hours') - 0.05)
    assert.equal(await story.feed(), [moved(meeting, 300)])
  },
)

test(
  'meetings are looked at about once a day, and not all at once',
  inStory(LONG, async (story) => {
    const host = await story.host()
    const count = 24
    for (let n = 0; n < count; n++) await story.meet(host, { inHours: 120 + n })
    await story.passHours(2)
    const from = story.clock.now()
    await story.passHours(24)
    const looks = story.asked('get').filter(({ at }) => Temporal.Instant.compare(at, from) > 0)
    assert.ok(
      looks.length >= count && looks.length <= 2 * count,
      `${looks.length} looks at ${count} meetings`,
    )
    const inAnHour = new Map<number, number>()
    for (const { at } of looks) {
      const hour = Math.floor(at.epochMilliseconds / HOUR)
      inAnHour.set(hour, (inAnHour.get(hour) ?? 0) + 1)
    }
    const most = Math.max(...inAnHour.values())
    assert.ok(most <= count / 2, `${most} of ${looks.length} looks in one hour`)
  }),
)

everyWay(
  test,
  [
    'in the incremental list',
    "without Cal.com's API",
    'with a restart in between',
    'after it was moved once',
  ],
  'a list that comes back empty after a push is asked for once more a little later',
  {},
  async (story) => {
    const meeting = await story.meet(await story.host())
    story.google.changeCalendar(meeting.host.calendarId, { settings: { lateLists: 1 } })
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    await story.pass(2 * MINUTE)
    assert.equal(await story.feed(), [moved(meeting, 120)])
  },
)

test(
  'a push without a change is asked about twice at most',
  inStory({}, async (story) => {
    const meeting = await story.meet(await story.host())
    const before = story.asked('list').length
    await story.change(() => story.google.notify(meeting.host.calendarId))
    await story.pass(10 * MINUTE)
    const lists = story.asked('list').length - before
    assert.ok(lists <= 2, `${lists} lists`)
  }),
)

test.run()
