import * as assert from 'uvu/assert'
import type { EventBody } from '../../stand-ins/google/google-json.ts'
import { suite } from '../support/ahead.ts'
import { BOTH_LISTS, everyWay, inStory } from '../support/story.ts'
import { MINUTE, moved } from '../support/story-words.ts'
import type { Linked } from '../support/sync-fixture.ts'

const test = suite('events that nobody expects')
const two = { hours: 2 }

/** Some times of an event as Google might give them. */
const json = (value: unknown): EventBody => JSON.parse(JSON.stringify(value))
const at = (dateTime: string) => ({ dateTime })
const later = ({ start, end }: Linked) => ({ start: at(`${start.add(two)}`), end: at(`${end.add(two)}`) })

/** Changes that make an event unreadable, or something that a booking cannot be. */
const unusable: [string, (meeting: Linked) => object][] = [
  ['without a start', () => ({ start: null })],
  ['without an end', () => ({ end: null })],
  ['with an empty start', () => ({ start: {} })],
  ['with a text for a start', () => ({ start: 'tomorrow at ten' })],
  ['with a start that is no time', () => ({ start: at('2026-13-45T99:99:99Z') })],
  ['in a zone that is none', () => ({ start: { ...at('2026-03-04T12:00:00'), timeZone: 'Mars/Olympus' } })],
  ['in the year 1', () => ({ start: at('0001-01-01T10:00:00Z'), end: at('0001-01-01T10:30:00Z') })],
  ['in the year 99999', () => ({ start: at('+99999-01-01T10:00:00Z'), end: at('+99999-01-01T10:30:00Z') })],
  ['beyond all time', () => ({ start: at('+999999-01-01T10:00:00Z'), end: at('+999999-01-01T11:00:00Z') })],
  [
    'with a status that nobody knows, at another time',
    (meeting) => ({ ...later(meeting), status: 'postponed' }),
  ],
  ['with a number for a status, at another time', (meeting) => ({ ...later(meeting), status: 7 })],
]
for (const [what, change] of unusable)
  everyWay(
    test,
    BOTH_LISTS,
    `an event ${what} cancels nothing and is not lost in silence, and the others go on`,
    {},
    async (story) => {
      const host = await story.host()
      const meeting = await story.meet(host)
      const other = await story.meet(host)
      await story.change(() => {
        story.google.habits.rewrite(host.calendarId, meeting.eventId, json(change(meeting)))
        story.drag(other, other.start.add(two))
      })
      await story.pass(MINUTE)
      assert.ok((await story.feed()).includes(moved(other, 120)), 'the other is not moved')
      await story.passHours(2)
      const feed = (await story.feed()).filter((one) => one !== moved(other, 120))
      if (feed.length > 0) assert.equal(feed, [moved(meeting, 120)])
      else assert.ok(await story.told(meeting), 'neither published nor told')
    },
  )

/** Changes that are odd, and readable all the same; each comes with a move. */
const odd: [string, object][] = [
  ['of a type that nobody knows', { eventType: 'hologram' }],
  ['of a type that is no text', { eventType: 42 }],
  ['with fields that nobody knows', { conferenceData: { a: [null, { b: '\u0000' }] }, newField: [[[]]] }],
  [
    'with any letters in all its texts',
    { summary: '👩🏽‍🚀 ﷽ e\u0301\u202e𝕏\ud83d', location: '\u0000', description: '会議 ✂︎' },
  ],
  ['without a version', { etag: null }],
  ['without an instant of change', { updated: null }],
  ['whose change lies ahead', { updated: '2036-01-01T00:00:00.000Z' }],
  ['with a sequence that is no number', { sequence: 'many' }],
  ['with guests of whom nothing is known', { attendees: [{}, { email: '', responseStatus: null }] }],
  [
    'with a thousand guests',
    {
      attendees: Array.from({ length: 1_000 }, (_, n) => ({
        email: `guest-${n}@example.com`,
        responseStatus: 'accepted',
      })),
    },
  ],
  ['whose guests are left out', { attendees: [], attendeesOmitted: true }],
]
for (const [what, change] of odd)
  everyWay(test, BOTH_LISTS, `an event ${what} moves, and so do the others`, {}, async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    const other = await story.meet(host)
    await story.change(() => {
      story.google.habits.rewrite(host.calendarId, meeting.eventId, json({ ...later(meeting), ...change }))
      story.drag(other, other.start.add(two))
    })
    await story.pass(MINUTE)
    assert.equal(await story.feedInAnyOrder(), [moved(meeting, 120), moved(other, 120)].sort())
  })

test(
  'an event in the year 9999 is moved there or told',
  inStory({}, async (story) => {
    const meeting = await story.meet(await story.host())
    const far = { start: at('9999-12-31T23:00:00Z'), end: at('9999-12-31T23:30:00Z') }
    await story.change(() => story.google.habits.rewrite(meeting.host.calendarId, meeting.eventId, json(far)))
    await story.passHours(2)
    const feed = await story.feed()
    if (feed.length === 0) assert.ok(await story.told(meeting))
    else assert.equal(feed, [`${meeting.uid} moved to 9999-12-31T23:00:00Z–9999-12-31T23:30:00Z`])
  }),
)

everyWay(
  test,
  BOTH_LISTS,
  'an event whose id is as long as ids may be is followed to its end',
  {},
  async (story) => {
    const host = await story.host()
    const start = story.clock.now().add({ hours: 30 })
    const { id } = story.google.insert(host.calendarId, {
      id: 'v'.repeat(1_024),
      start: at(`${start}`),
      end: at(`${start.add({ minutes: 30 })}`),
    })
    await story.pass(MINUTE)
    const meeting = await story.track(host, 'long-id', id)
    await story.change(() => story.drag(meeting, start.add(two)))
    assert.equal(await story.feed(), [moved(meeting, 120)])
    await story.change(() => story.google.delete(host.calendarId, id))
    assert.is((await story.feed()).length, 2)
  },
)

test(
  'a booking whose texts hold any letters is followed like every other',
  inStory({}, async (story) => {
    const host = await story.host()
    const text = '👩🏽‍🚀 ﷽ e\u0301 \u202e 会議 "\\{}'
    const start = story.clock.now().add({ hours: 30 })
    const attendees = [{ name: text, email: 'gäst@exämple.com', timeZone: 'Europe/London' }]
    const outcome = story.calcom.book({ userId: 1, start, title: text, location: text, attendees })
    if (!outcome.ok) throw new Error(outcome.message)
    await story.during(outcome.settled)
    await story.settle()
    const { uid, references } = outcome.booking
    const meeting = { uid, eventId: references[0]?.uid ?? '', start, end: start.add({ minutes: 30 }), host }
    await story.change(() => story.drag(meeting, start.add(two)))
    assert.equal(await story.feed(), [moved(meeting, 120)])
  }),
)

test.run()
