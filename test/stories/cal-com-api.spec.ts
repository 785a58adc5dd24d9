// Versions of Cal.com's API: other paging, pages that do not go on, and a version that is gone.

import * as assert from 'uvu/assert'
import { test } from '../support/ahead.ts'
import { finish } from '../support/calcom-changes.ts'
import { inStory, type Story } from '../support/people.ts'
import { bookType, deletes, drags, guests, minutesPass, there } from '../support/story-acts.ts'
import type { Linked } from '../support/sync-fixture.ts'
import { toldOf, withWholeService } from '../support/whole-service.ts'

const keys = [
  ['with one key', {}],
  ['with a key per user', { keysOf: ['1'] }],
] as const

/** Bookings on so many days, none of which a webhook tells of. */
async function untoldBookings(story: Story, count: number): Promise<Linked[]> {
  const host = await story.host()
  const made: Linked[] = []
  for (let day = 0; day < count; day++) {
    story.calcom.faults.dropWebhooks = 1
    made.push(await story.book(host, { inHours: 48 + 24 * day }))
  }
  return made
}
const pagesRead = (story: Story) => story.askedOfCalcom.filter((path) => path.endsWith('/bookings')).length

for (const [way, options] of keys) {
  test(
    `Cal.com offers cursors in place of numbers: bookings of all pages are found, and followed (${way})`,
    inStory({ ...options, apiVersion: '2026-05-01', pageSize: 2 }, async (story) => {
      const { people } = story
      const made = await untoldBookings(story, 5)
      await minutesPass(story, 70)
      for (const { uid } of made) await people.isOpen(uid)
      const last = there(made.at(-1))
      const moved = await drags(story, last, 2)
      assert.equal(await people.feed(), [moved])
    }),
  )

  test(
    `Cal.com takes no number of bookings to leave out: the reading ends and is on record, what is known goes on (${way})`,
    inStory({ ...options, pageSize: 2 }, async (story) => {
      const { people } = story
      const made = await untoldBookings(story, 5)
      await minutesPass(story, 70)
      story.calcom.settings.skip = 'ignored'
      const before = pagesRead(story)
      await minutesPass(story, 70)
      const read = pagesRead(story) - before
      assert.ok(read > 0 && read < 40, `${read} pages in an hour`)
      assert.match(JSON.stringify(story.logged), 'BAD_ANSWER')
      const [first] = made
      const moved = await drags(story, there(first), 2)
      assert.equal(await people.feed(), [moved])
    }),
  )

  test(
    `the version of Cal.com's API is gone: moves and deletions in the calendar go on being published (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const host = await story.host()
      const [first, second] = [await story.book(host), await story.book(host, { inHours: 72 })]
      story.calcom.settings.goneVersions = ['2024-08-13', '']
      await minutesPass(story, 70)
      const moved = await drags(story, first, 2)
      const cancelled = await deletes(story, second)
      await minutesPass(story, 5)
      assert.equal(await people.feed(), [moved, cancelled])
    }),
  )

  test(
    `the version of Cal.com's API is gone and a guest gives up a seat: the booking goes on (${way})`,
    inStory(options, async (story) => {
      const { people } = story
      const seats = { lengthMinutes: 30, seatsPerTimeSlot: 3 }
      const booking = await bookType(story, await story.host(), seats, { guests: guests(3) })
      story.calcom.settings.goneVersions = ['2024-08-13', '']
      await finish(story, story.calcom.cancel(booking.uid, { seatUid: 'seat-of-ada' }))
      await minutesPass(story, 10)
      await people.isOpen(booking.uid)
      const moved = await drags(story, booking, 2)
      await minutesPass(story, 5)
      assert.equal(await people.feed(), [moved])
    }),
  )
}

test(
  `the version of Cal.com's API is gone: the operator is told`,
  withWholeService(
    async (world) => {
      await world.calcom.put('/settings', { goneVersions: ['2024-08-13', '2026-02-25', '2026-05-01'] })
      const start = Temporal.Now.instant().add({ hours: 48 }).round('hour').toString()
      await world.calcom.post('/bookings', { userId: 1, start, wait: false })
      const { code, next } = await toldOf(world, /version|410|\bAPI\b/)
      assert.ok(code)
      assert.ok(next.length > 5)
    },
    { BOOKING_RECONCILE_MINUTES: '0.01' },
  ),
)

test.run()
