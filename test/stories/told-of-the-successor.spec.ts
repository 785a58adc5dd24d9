// Cal.com reschedules a booking whose event was made something that no booking can be before the successor is known.

import { test } from '../support/ahead.ts'
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

test.run()
