import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { BOTH_LISTS, everyWay, inStory } from '../support/story.ts'
import { cancelled, moved } from '../support/story-words.ts'

const test = suite('old and doubled entries of lists')

test(
  'old cancelled entries in a full list are nothing to hold, to publish or to look at',
  inStory({ settings: { massChangeLimit: 1 } }, async (story) => {
    const host = await story.host()
    const ended = [await story.meet(host), await story.meet(host), await story.meet(host)]
    const meeting = await story.meet(host)
    await story.change(async () => {
      for (const { uid } of ended) story.calcom.cancel(uid)
      await story.during(story.calcom.idle())
    })
    story.google.changeCalendar(host.calendarId, { settings: { cancelledInFullLists: true } })
    story.google.expireSyncTokens(host.calendarId)
    await story.change(() => story.drag(meeting, meeting.start.add({ hours: 2 })))
    assert.equal(await story.feed(), [moved(meeting, 120)])
    assert.equal(await story.needs(), [])
    const { queue } = await story.answer('/status')
    const left = queue.filter((one: { kind: string; due: number }) => one.kind === 'booking' && one.due > 0)
    assert.equal(left, [])
  }),
)

for (const order of ['stale-first', 'stale-last'] as const) {
  everyWay(
    test,
    [...BOTH_LISTS, "without Cal.com's API"],
    `meetings that a list gives cancelled and alive (${order}) stay, and what was moved moves`,
    { settings: { massChangeLimit: 1 } },
    async (story) => {
      const host = await story.host()
      const meetings = [await story.meet(host), await story.meet(host), await story.meet(host)]
      const [first] = meetings
      if (first === undefined) throw new Error('no meeting')
      await story.change(() => {
        for (const { eventId } of meetings) story.google.habits.listTwice(host.calendarId, eventId, order)
      })
      assert.equal(await story.feed(), [])
      assert.equal(await story.needs(), [])
      await story.change(() => story.drag(first, first.start.add({ hours: 2 })))
      assert.equal(await story.feed(), [moved(first, 120)])
      assert.equal(await story.needs(), [])
    },
  )
  everyWay(
    test,
    BOTH_LISTS,
    `a meeting that was deleted, and that a list gives alive as well (${order}), is cancelled once`,
    {},
    async (story) => {
      const host = await story.host()
      const meeting = await story.meet(host)
      await story.change(() => {
        story.google.delete(host.calendarId, meeting.eventId)
        story.google.habits.listTwice(host.calendarId, meeting.eventId, order)
      })
      await story.change(() => story.google.notify(host.calendarId))
      assert.equal(await story.feed(), [cancelled(meeting)])
    },
  )
}

test(
  'an id given twice on two pages of a list is read as its newer version',
  inStory({ settings: { massChangeLimit: 1 } }, async (story) => {
    const host = await story.host()
    story.google.changeCalendar(host.calendarId, { settings: { pageLimit: 1 } })
    const meetings = [await story.meet(host), await story.meet(host)]
    for (const order of ['stale-first', 'stale-last'] as const)
      await story.change(() => {
        for (const { eventId } of meetings) story.google.habits.listTwice(host.calendarId, eventId, order)
        story.google.expireSyncTokens(host.calendarId)
      })
    assert.equal(await story.feed(), [])
    assert.equal(await story.needs(), [])
  }),
)

test.run()
