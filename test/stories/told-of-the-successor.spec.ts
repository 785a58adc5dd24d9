// Cal.com reschedules a booking whose event was made something that no booking can be before the successor is known.

import * as assert from 'uvu/assert'
import { test } from '../support/ahead.ts'
import { eventConsumer } from '../support/event-consumer.ts'
import { inStory, ways } from '../support/people.ts'
import { begins, linkedTo, minutesPass, namedByHand } from '../support/story-acts.ts'

for (const [way, options] of ways)
  test(
    `the event is made all-day, which is told, before anybody hears of the rescheduled booking: it is told of that one (${way})`,
    inStory({ ...options, push: false }, async (story) => {
      const host = await story.host()
      const first = await story.book(host)
      await namedByHand(story, first)
      story.calcom.faults.holdWebhooks = true
      const { uid, settled } = begins(story.calcom.reschedule(first.uid, { start: first.start }))
      await story.pass(0)
      const date = first.start.toString().slice(0, 10)
      story.google.drag(host.calendarId, first.eventId, { start: date })
      await story.during(settled)
      await minutesPass(story, 20)
      await story.people.isTold(first.uid, 'ALL_DAY')
      story.calcom.faults.holdWebhooks = false
      await story.during(story.calcom.webhooks.release())
      await story.settle()
      await namedByHand(story, linkedTo(story, host, uid))
      await minutesPass(story, 70)
      await story.people.isOver(first.uid)
      await story.people.isTold(uid, 'ALL_DAY')
    }),
  )

for (const reports of [true, false])
  test(
    `the host declines before anybody hears of the rescheduled booking, and the consumer ${reports ? 'reports' : 'keeps to itself'} that it was too late: ${reports ? 'that one is cancelled' : 'a person is told'}`,
    inStory({ view: false }, async (story) => {
      const host = await story.host()
      const first = await story.book(host)
      await namedByHand(story, first)
      story.calcom.faults.holdWebhooks = true
      const { uid, settled } = begins(story.calcom.reschedule(first.uid, { start: first.start }))
      await story.during(settled)
      story.google.respond(host.calendarId, first.eventId, { response: 'declined' })
      await minutesPass(story, 5)
      const cancelled = `${first.uid} cancelled`
      assert.equal(await story.people.feed(), [cancelled])
      await story.during(eventConsumer(story, () => reports).consume())
      story.calcom.faults.holdWebhooks = false
      await story.during(story.calcom.webhooks.release())
      await story.settle()
      await namedByHand(story, linkedTo(story, host, uid))
      await minutesPass(story, 5)
      assert.equal(await story.people.feed(), reports ? [cancelled, `${uid} cancelled`] : [cancelled])
      if (!reports) await story.people.isTold(uid, 'FIRST_LOOK')
    }),
  )

test.run()
