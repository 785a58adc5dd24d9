// Bookings that Cal.com had before anybody told of them, and those whose webhooks were lost.

import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { worldAt } from '../../cli/demo/world.ts'
import { RegisterCalendarSync } from '../../commands/register-calendar-sync.ts'
import { START } from '../../ports/event-store/event-store.ts'
import { STAND_IN_HOST } from '../../stand-ins/stand-ins.ts'
import { test } from '../support/ahead.ts'
import { finish } from '../support/calcom-changes.ts'
import { inStory, type Story } from '../support/people.ts'
import { runProcess } from '../support/run-process.ts'
import { startServiceProcess } from '../support/service-process.ts'
import { drags, later, linkedTo, minutesPass, there } from '../support/story-acts.ts'
import type { Host, Linked } from '../support/sync-fixture.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const versions = ['2024-08-13', '2026-02-25', '2026-05-01'] as const
/** Reading again takes longer than any of these stories: whatever is found was found by registering. */
const NEVER_AGAIN = { bookingReconcileMs: 365 * 86_400_000 }
const entry = join(import.meta.dirname, '../../bin/calendar-sync.cjs')

/** Bookings of the host's, an hour each, that nobody was told of. */
async function untold(story: Story, host: Host, count: number): Promise<Linked[]> {
  const made: Linked[] = []
  for (let at = 0; at < count; at++) {
    story.calcom.faults.dropWebhooks = 1
    made.push(await story.book(host, { inHours: 48 + at }))
  }
  return made
}
const registers = (story: Story, { userId, calendarId: externalCalendarId, credentialId }: Host) =>
  story.command(RegisterCalendarSync, { userId, provider: 'google', externalCalendarId, credentialId })

const everything = async (story: Story): Promise<number> =>
  (await story.ports.events.readAll({ after: START, limit: 100_000 })).events.length

for (const apiVersion of versions) {
  test(
    `a calendar is registered: its bookings to come are followed within minutes, nobody touches them (version ${apiVersion})`,
    inStory({ ...NEVER_AGAIN, apiVersion, pageSize: 2 }, async (story) => {
      const host = await story.host(1, { registered: false })
      const made = await untold(story, host, 5)
      await registers(story, host)
      await minutesPass(story, 5)
      for (const { uid } of made) await story.people.isOpen(uid)
      const moved = await drags(story, there(made.at(-1)), 30)
      await minutesPass(story)
      assert.equal(await story.people.feed(), [moved])
    }),
  )

  test(
    `bookings are read again and there is no news: nothing is stored (version ${apiVersion})`,
    inStory({ apiVersion, pageSize: 2 }, async (story) => {
      await untold(story, await story.host(), 5)
      await minutesPass(story, 70)
      const [before, asked] = [await everything(story), story.askedOfCalcom.length]
      await minutesPass(story, 180)
      assert.ok(story.askedOfCalcom.length > asked, 'nothing was read again')
      assert.is(await everything(story), before)
    }),
  )
}

test(
  `a second calendar is registered: the bookings of its host are followed, with a key per user`,
  inStory({ ...NEVER_AGAIN, keysOf: ['1', '2'] }, async (story) => {
    const first = await story.host(1)
    const second = await story.host(2, { registered: false })
    const [ofFirst] = [await story.book(first)]
    const made = await untold(story, second, 3)
    await registers(story, second)
    await minutesPass(story, 5)
    for (const { uid } of [ofFirst, ...made]) await story.people.isOpen(uid)
  }),
)

test(
  `a meeting that was moved in the calendar before it was imported waits for a person`,
  inStory(NEVER_AGAIN, async (story) => {
    const host = await story.host(1, { registered: false })
    const [booking] = await untold(story, host, 1)
    story.drag(there(booking), later(there(booking), 5))
    await registers(story, host)
    await minutesPass(story, 10)
    assert.equal(await story.people.feed(), [])
    assert.match(JSON.stringify((await story.people.status()).needsPerson), 'FIRST_LOOK')
  }),
)

test(
  `Cal.com is away when a calendar is registered: its bookings are followed once it is back`,
  inStory(NEVER_AGAIN, async (story) => {
    const host = await story.host(1, { registered: false })
    const made = await untold(story, host, 3)
    story.calcom.faults.apiDown = true
    await registers(story, host)
    await minutesPass(story, 30)
    story.calcom.endFaults()
    await minutesPass(story, 30)
    for (const { uid } of made) await story.people.isOpen(uid)
  }),
)

test(
  `a reschedule and a cancellation whose webhooks were lost are found by reading: what the host does then is right`,
  inStory({}, async (story) => {
    const host = await story.host()
    const [moved, cancelled] = [await story.book(host), await story.book(host, { inHours: 72 })]
    story.calcom.faults.dropWebhooks = 2
    const uid = await finish(story, story.calcom.reschedule(moved.uid, { start: later(moved, 24) }))
    await finish(story, story.calcom.cancel(cancelled.uid))
    await minutesPass(story, 70)
    await story.people.isOver(moved.uid)
    await story.people.isOver(cancelled.uid)
    const dragged = await drags(story, linkedTo(story, host, uid), 2)
    await minutesPass(story)
    assert.equal(await story.people.feed(), [dragged])
  }),
)

test(
  `two hundred bookings are imported: a call for a hundred of them, and one for the references of each`,
  inStory({ ...NEVER_AGAIN, askedAtMost: 5_000 }, async (story) => {
    const host = await story.host(1, { registered: false })
    await untold(story, host, 200)
    const before = story.askedOfCalcom.length
    await registers(story, host)
    await minutesPass(story, 10)
    const asked = story.askedOfCalcom.slice(before)
    const lists = asked.filter((path) => path.endsWith('/bookings'))
    assert.ok(lists.length > 0 && lists.length <= 3, `${lists.length} lists`)
    assert.ok(asked.length <= 200 + 3, `${asked.length} requests`)
    assert.is((await story.eventsOf('booking')).filter(({ type }) => type === 'BookingTracked').length, 200)
  }),
)

test('the operator imports by the command line: bookings that nobody was told of are followed', async () => {
  const folder = temporaryFolder()
  const env = {
    DATA_DIR: join(folder.path, 'data'),
    PORT: '0',
    LOG_LEVEL: 'error',
    BOOKING_RECONCILE_MINUTES: '10000',
  }
  const service = await startServiceProcess(env)
  try {
    const world = worldAt({ service: service.url, token: service.token, ...service.standIns }, 10_000)
    const { userId, calendarId, credentialId } = STAND_IN_HOST
    const calendar = { userId, provider: 'google', externalCalendarId: calendarId, credentialId }
    await world.service.post('/commands/RegisterCalendarSync', calendar)
    await world.calcom.put('/faults', { dropWebhooks: 1 })
    const start = Temporal.Now.instant().round('hour').add({ hours: 48 }).toString()
    const { uid } = await world.calcom.post<{ uid: string }>('/bookings', { userId: 1, start })
    const imports = () => runProcess(process.execPath, [entry, 'import', '--json'], { cwd: folder.path, env })
    const { code, stdout, stderr } = await imports()
    assert.is(code, 0, stderr)
    assert.type(JSON.parse(stdout), 'object')
    await world.until('The booking is followed', () => world.booking(uid))
    assert.is((await imports()).code, 0)
  } finally {
    await service.end('SIGTERM')
    folder.remove()
  }
})

test.run()
