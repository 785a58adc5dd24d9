// Host and guests move the same meeting at random for hours, and everything that can come late comes late.
// STAND_OFF_SEEDS=N plays N such days (3).

import * as assert from 'uvu/assert'
import { seededRandom } from '../../stand-ins/google/seeded-random.ts'
import { test } from '../support/ahead.ts'
import { APPLIED, callsFail, callsMade, inCalcomAt, inCalendarAt, latest } from '../support/applied-acts.ts'
import { inStory, type Story } from '../support/people.ts'
import { bookType, guests, minutesPass } from '../support/story-acts.ts'
import type { Linked } from '../support/sync-fixture.ts'

const HOURS = 6
const SEEDS = Array.from({ length: Number(process.env.STAND_OFF_SEEDS ?? 3) }, (_, index) => index + 1)

/** What one of them does now. Resolves with whether a meeting was moved by it. */
async function acts(story: Story, meeting: Linked, next: () => number): Promise<boolean> {
  const { calcom, google } = story
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T // it is never empty
  const to = () => meeting.start.add({ hours: 1 + Math.floor(next() * 30) })
  const now = latest(story, meeting)
  const dice = next()
  if (dice < 0.35) {
    google.drag(now.host.calendarId, now.eventId, { start: String(to()) })
    return true
  }
  if (dice < 0.6) {
    const moved = calcom.reschedule(now.uid, { start: to() })
    return moved.ok
  }
  if (dice < 0.7) calcom.edit(now.uid, { location: `Room ${Math.floor(next() * 9)}` })
  else if (dice < 0.8) calcom.faults.delayWebhooksMs = pick([0, 1_000, 60_000, 900_000])
  else if (dice < 0.9)
    callsFail(story, pick([0, 1, 3]), {
      apiFailure: pick(['ERROR', 'LOST', 'HTML'] as const),
      apiStatus: pick([400, 429, 503]),
    })
  else google.notify(now.host.calendarId)
  return false
}

for (const seed of SEEDS) {
  test(
    `both sides move a meeting for ${HOURS} hours: no loop, and at the end both agree or a person knows (seed ${seed})`,
    inStory({ ...APPLIED, seed, askedAtMost: 10_000 }, async (story) => {
      const { people } = story
      const next = seededRandom(seed).next
      const host = await story.host()
      const meeting = await story.book(host, { inHours: 72 })
      // One more of the host's, which a move may meet: that is refused.
      const taken = { start: meeting.start.add({ hours: 8 }), guests: guests(1) }
      const other = await bookType(story, host, { lengthMinutes: 30 }, taken)
      let changes = 0
      const end = story.clock.now().add({ hours: HOURS })
      while (Temporal.Instant.compare(story.clock.now(), end) < 0) {
        if (await acts(story, meeting, next)) changes += 1
        await story.pass(Math.floor(next() * 10 * 60_000))
      }
      story.calcom.endFaults()
      // The host has the last word, at a time that is free.
      await minutesPass(story, 60)
      const { eventId, start } = latest(story, meeting)
      const free = start.add({ hours: 40 })
      story.google.drag(host.calendarId, eventId, { start: String(free) })
      changes += 1
      await minutesPass(story, 180)

      const published = await people.feed()
      assert.ok(published.length <= changes, `${published.length} published for ${changes} changes`)
      assert.ok(callsMade(story).length <= 4 * changes, `${callsMade(story).length} calls`)
      const calls = callsMade(story).length
      await minutesPass(story, 180)
      assert.is((await people.feed()).length, published.length, 'it goes on by itself')
      assert.is(callsMade(story).length, calls, 'it goes on by itself')

      assert.ok(calls > 0, 'nothing was carried out')
      const { uid } = latest(story, meeting)
      const carriedOut = inCalcomAt(story, uid).startsWith(String(free))
      assert.ok(carriedOut || (await people.toldAbout(uid)).length > 0, inCalcomAt(story, uid))
      for (const one of [meeting, other]) {
        const last = latest(story, one)
        const told = await people.toldAbout(last.uid)
        const [inCalcom, inCalendar] = [inCalcomAt(story, last.uid), inCalendarAt(story, last)]
        assert.ok(
          inCalcom === inCalendar || told.length > 0,
          `${inCalcom} and ${inCalendar}, and nobody knows`,
        )
      }
    }),
  )
}

test.run()
