// The store keeps what it was sent, and its answer says otherwise or never comes.

import * as assert from 'uvu/assert'
import { ApplyExternalEventChange } from '../../commands/apply-external-event-change.ts'
import type { EventStore } from '../../ports/event-store/event-store.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import { test } from '../support/ahead.ts'
import { eventConsumer } from '../support/event-consumer.ts'
import { inStory, type Story } from '../support/people.ts'
import { deletes, deliveredAgain, drags, minutesPass, takingPlace } from '../support/story-acts.ts'
import type { SyncWorldOptions } from '../support/sync-world.ts'

const answers = {
  'as a conflict': (append: Awaited<ReturnType<EventStore['append']>>) =>
    append.ok ? ({ ok: false, error: 'WRONG_EXPECTED_REVISION', actual: append.revision } as const) : append,
  'as a failure': (): never => {
    throw new StoreUnavailable('the answer was lost')
  },
}

/** A world whose store answers the first append of such an event like that, after it was stored. */
function answered(type: string, how: keyof typeof answers): SyncWorldOptions {
  let times = 0
  return {
    wrap: (ports) => ({
      ...ports,
      events: {
        ...ports.events,
        async append(stream, expected, events) {
          const stored = await ports.events.append(stream, expected, events)
          if (!events.some((event) => event.type === type) || times > 0) return stored
          times += 1
          return answers[how](stored)
        },
      },
    }),
  }
}

const sequences = async (story: Story) => (await story.published()).map(({ data }) => data.sequence)

for (const how of ['as a conflict', 'as a failure'] as const) {
  test(
    `a move is stored and answered ${how}: it is published once, and the booking moves once`,
    inStory(answered('BookingRescheduled', how), async (story) => {
      const booking = await story.book(await story.host())
      const { consume } = eventConsumer(story)
      const moved = await drags(story, booking, 3)
      await minutesPass(story, 20)
      assert.equal(await story.people.feed(), [moved])
      assert.equal(await sequences(story), [1])
      await story.during(consume())
      await minutesPass(story, 20)
      assert.equal(await story.people.feed(), [moved])
      assert.is(takingPlace(story).length, 1)
    }),
  )

  test(
    `a cancellation is stored and answered ${how}, and the service starts again: it is published once`,
    inStory(answered('BookingCancelled', how), async (story) => {
      const booking = await story.book(await story.host())
      const cancelled = await deletes(story, booking)
      await story.restart()
      await minutesPass(story, 20)
      assert.equal(await story.people.feed(), [cancelled])
      assert.equal(await sequences(story), [1])
    }),
  )

  test(
    `a new booking is stored and answered ${how}: it is followed, and its move published`,
    inStory(answered('BookingTracked', how), async (story) => {
      const booking = await story.book(await story.host())
      // Cal.com, or whoever sends again, does so where the answer was a failure.
      await deliveredAgain(story)
      await minutesPass(story, 5)
      await story.people.isOpen(booking.uid)
      const moved = await drags(story, booking, 3)
      assert.equal(await story.people.feed(), [moved])
    }),
  )

  test(
    `the name of the event is stored and answered ${how}: the booking names one event, and its end is published once`,
    inStory(answered('BookingReferenceLinked', how), async (story) => {
      const booking = await story.book(await story.host())
      await minutesPass(story, 5)
      assert.is((await story.people.booking(booking.uid)).references.length, 1)
      const cancelled = await deletes(story, booking)
      await minutesPass(story, 5)
      assert.equal(await story.people.feed(), [cancelled])
    }),
  )
}

test(
  'the same move comes by a push and by a command at once: it is published once',
  inStory({}, async (story) => {
    const booking = await story.book(await story.host())
    story.drag(booking, booking.start.add({ hours: 3 }))
    const { calendarId: externalCalendarId } = booking.host
    const { id, status, etag, updated, start, end } = story.google.get(externalCalendarId, booking.eventId)
    const body = {
      provider: 'google',
      externalCalendarId,
      observedAt: story.clock.now().toString(),
      change: { id, status, etag, updated, start, end },
    }
    await story.pass(1_900)
    await story.during(Promise.all([1, 2, 3].map(() => story.command(ApplyExternalEventChange, body))))
    await minutesPass(story)
    assert.equal(await story.people.feed(), [`${booking.uid} to ${booking.start.add({ hours: 3 })}`])
    assert.equal(await sequences(story), [1])
  }),
)

test.run()
