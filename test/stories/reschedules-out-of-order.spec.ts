// A booking is rescheduled twice, and its reschedules are told in another order.

import * as assert from 'uvu/assert'
import { test } from '../support/ahead.ts'
import { inStory, ways } from '../support/people.ts'
import {
  begins,
  deliveriesArrive,
  drags,
  later,
  linkedTo,
  minutesPass,
  namedByHand,
} from '../support/story-acts.ts'

for (const [way, options] of ways)
  for (const order of ['in order', 'reversed'] as const)
    test(
      `a booking is rescheduled twice, told of ${order}, and nobody names its event anew: the last one follows it (${way})`,
      inStory({ ...options, settings: { echoGraceMs: 10_000 } }, async (story) => {
        const { people, calcom } = story
        const host = await story.host()
        const first = await story.book(host)
        await namedByHand(story, first)
        calcom.faults.holdWebhooks = true
        const second = begins(calcom.reschedule(first.uid, { start: first.start })).uid
        await story.pass(1_000)
        const third = begins(calcom.reschedule(second, { start: later(first, 1) })).uid
        await story.pass(1_000)
        await deliveriesArrive(story, order)
        await minutesPass(story)
        assert.equal(await people.feed(), [])
        await people.isOver(first.uid)
        await people.isOver(second)
        const last = linkedTo(story, host, third)
        const moved = await drags(story, last, 2)
        await minutesPass(story)
        assert.equal(await people.feed(), [moved])
      }),
    )

test.run()
