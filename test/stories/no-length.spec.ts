import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { ALL_WAYS, BOTH_LISTS, everyWay, inStory } from '../support/story.ts'
import { moved, type Story, threeOf } from '../support/story-words.ts'
import type { Linked } from '../support/sync-fixture.ts'

const test = suite('events of no length')

const rewrite = (story: Story, { host, eventId }: Linked, start: Temporal.Instant, end: Temporal.Instant) =>
  story.google.habits.rewrite(host.calendarId, eventId, {
    start: { dateTime: `${start}` },
    end: { dateTime: `${end}` },
  })

const empty: [string, number][] = [
  ['ends when it begins', 0],
  ['ends before it begins', -30],
]
for (const [what, minutes] of empty) {
  everyWay(
    test,
    ALL_WAYS,
    `a meeting whose event ${what} is not moved, and the operator is told`,
    {},
    async (story) => {
      const meeting = await story.meet(await story.host())
      const start = meeting.start.add({ hours: 2 })
      await story.change(() => rewrite(story, meeting, start, start.add({ minutes })))
      assert.equal(await story.feed(), [])
      assert.is(await story.told(meeting), 'NO_LENGTH')
    },
  )
  everyWay(
    test,
    BOTH_LISTS,
    `a meeting whose event ${what} at its own start is told too`,
    {},
    async (story) => {
      const meeting = await story.meet(await story.host())
      await story.change(() => rewrite(story, meeting, meeting.start, meeting.start.add({ minutes })))
      assert.equal(await story.feed(), [])
      assert.is(await story.told(meeting), 'NO_LENGTH')
    },
  )
}

everyWay(
  test,
  ALL_WAYS,
  'a meeting whose event has got a length again goes where the event is, and nobody is told any longer',
  {},
  async (story) => {
    const meeting = await story.meet(await story.host())
    const start = meeting.start.add({ hours: 2 })
    await story.change(() => rewrite(story, meeting, start, start))
    await story.change(() => rewrite(story, meeting, start, start.add({ minutes: 45 })))
    assert.equal(await story.feed(), [moved(meeting, 120, 135)])
    assert.is(await story.told(meeting), undefined)
  },
)

everyWay(
  test,
  BOTH_LISTS,
  'of a series only the instance without a length is told, and the others go on',
  {},
  async (story) => {
    const host = await story.host()
    const { first, second, third } = threeOf((await story.meetWeekly(host, 3)).meetings)
    await story.change(() => {
      story.google.patch(host.calendarId, second.eventId, { summary: 'An exception' })
      rewrite(story, second, second.start, second.start)
    })
    await story.change(() => story.drag(third, third.start.add({ hours: 2 })))
    assert.equal(await story.feed(), [moved(third, 120)])
    assert.equal(
      [await story.told(first), await story.told(second), await story.told(third)],
      [undefined, 'NO_LENGTH', undefined],
    )
  },
)

/** What Cal.com says of a booking, with other times put in on the way. */
async function delivered(story: Story, uid: string, trigger: string, end: Temporal.Instant): Promise<void> {
  const sent = story.calcom.webhooks.log.findLast((one) => one.trigger === trigger && one.bookingUid === uid)
  const body = JSON.parse(sent?.body ?? '{}')
  body.payload.endTime = end.toString()
  await story.calcomDelivers(JSON.stringify(body))
}

for (const [what, minutes] of empty)
  test(
    `a booking announced with times of which one ${what} is told, and others go on`,
    inStory({ view: false }, async (story) => {
      const host = await story.host()
      story.calcom.faults.holdWebhooks = true
      const meeting = await story.book(host)
      story.calcom.faults.holdWebhooks = false
      await delivered(story, meeting.uid, 'BOOKING_CREATED', meeting.start.add({ minutes }))
      await story.settle()
      assert.ok((await story.needs()).some(({ code }) => code === 'NO_LENGTH'))
      assert.equal(await story.feed(), [])
      const other = await story.meet(host)
      await story.change(() => story.drag(other, other.start.add({ hours: 2 })))
      assert.equal(await story.feed(), [moved(other, 120)])
    }),
  )

test(
  'a booking rescheduled to times of no length is told, and nothing is published for it',
  inStory({ view: false }, async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    story.calcom.faults.holdWebhooks = true
    const outcome = story.calcom.reschedule(meeting.uid, { start: meeting.start.add({ hours: 24 }) })
    if (!outcome.ok) throw new Error(outcome.message)
    await story.during(outcome.settled)
    story.calcom.faults.holdWebhooks = false
    const { uid } = outcome.booking
    const end = meeting.start.add({ hours: 24 })
    await delivered(story, uid, 'BOOKING_RESCHEDULED', end)
    await story.settle()
    assert.ok((await story.needs()).some(({ code }) => code === 'NO_LENGTH'))
    assert.equal(await story.feed(), [])
  }),
)

test.run()
