import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookingById } from '../../../projections/bookings.ts'
import { calendarFeedByKey } from '../../../projections/calendar-feeds.ts'
import type { ApiMethod } from '../../../stand-ins/google/faults.ts'
import { type SeededRandom, seededRandom } from '../../../stand-ins/google/seeded-random.ts'
import { eventConsumer } from '../../support/event-consumer.ts'
import { type Linked, type SyncFixture, syncFixture } from '../../support/sync-fixture.ts'

const test = suite('Stand-off')

const MINUTE = 60_000
const HOURS = 2
const seeds = (process.env.SIMULATION_SEEDS ?? '1,2,3,4').split(',').map(Number)
if (process.env.SIMULATION_SEEDS === undefined) console.log('SIMULATION_SEEDS=5,6,7 plays other stories')

/** What both sides and the network did. */
type Story = { sync: SyncFixture; random: SeededRandom; bookings: Linked[]; calendarMoves: number }

for (const seed of seeds)
  test(`both sides move the same bookings for hours, and end alike (seed ${seed})`, async () => {
    const story = await begin(seed)
    const { sync } = story
    try {
      await play(story)
      await endFaults(story)
      const published = await sync.published()
      const names = published.map(({ data }) => `${data.bookingUid} ${data.sequence}`)
      assert.is(new Set(names).size, names.length, 'no sequence of a booking twice')
      const bound = 2 * story.calendarMoves
      assert.ok(published.length <= bound, `${published.length} published of ${story.calendarMoves} changes`)
      await sync.pass(30 * MINUTE)
      assert.is((await sync.published()).length, published.length, 'nothing more once all is quiet')
      for (const booking of story.bookings) await assertAlike(story, booking)
    } catch (error) {
      console.log(`SIMULATION_SEEDS=${seed} node test/services/sync/stand-off.spec.ts plays it again`)
      throw error
    } finally {
      await sync.close()
    }
  })

async function begin(seed: number): Promise<Story> {
  const sync = await syncFixture({
    seed,
    bookingReconcileMs: 20 * MINUTE,
    settings: { cancelGraceMs: MINUTE, echoGraceMs: 10_000 },
  })
  const bookings: Linked[] = []
  for (const id of [1, 2]) {
    const host = await sync.host(id)
    for (const inHours of [30, 40, 50]) bookings.push(await sync.book(host, { inHours }))
  }
  return { sync, random: seededRandom(seed * 7919), bookings, calendarMoves: 0 }
}

async function play(story: Story): Promise<void> {
  const { sync, random } = story
  const consumer = eventConsumer(sync, () => random.next() < 0.7)
  const until = sync.google.nowMs() + HOURS * 60 * MINUTE
  while (sync.google.nowMs() < until) {
    spoil(story)
    act(story)
    await sync.pass(random.between(200, random.next() < 0.5 ? 5_000 : 120_000))
    if (random.next() < 0.8) await consumer.consume()
    if (random.next() < 0.03) await sync.restart()
  }
  story.sync.google.faults.clear()
}

const statuses = [403, 404, 410, 429, 500, 503]
const methods: ApiMethod[] = ['list', 'get', 'watch', 'stop', 'token']

/** The network and the servers, as they are on a bad day. */
function spoil({ sync, random }: Story): void {
  const { google, calcom } = sync
  Object.assign(google.settings.push, {
    drop: 0.2,
    double: 0.2,
    reorder: 0.3,
    reorderMs: 20_000,
    delayMs: [0, 3_000],
  })
  google.faults.clear()
  const status = statuses[random.between(0, statuses.length - 1)] ?? 500
  if (random.next() < 0.4) google.faults.set({ methods, share: 0.3, status })
  if (random.next() < 0.05) google.faults.set({ methods: ['list', 'get'], share: 0.5, drop: true })
  if (random.next() < 0.05) google.expireSyncTokens(`host-${random.between(1, 2)}@example.com`)
  calcom.faults.apiDown = random.next() < 0.1
  calcom.faults.delayWebhooksMs = random.next() < 0.3 ? random.between(0, 20_000) : 0
  if (random.next() < 0.1) calcom.faults.dropWebhooks = 1
  if (random.next() < 0.1) calcom.faults.doubleWebhooks = 1
  Object.assign(calcom.settings, {
    beforeCalendarMs: random.between(0, 2_000),
    beforeReferencesMs: random.between(0, 4_000),
    statusOfRescheduled: random.next() < 0.5 ? 'cancelled' : 'accepted',
  })
}

/** One of the two sides changes one booking. */
function act(story: Story): void {
  const { sync, random, bookings } = story
  const { google, calcom } = sync
  const booking = bookings[random.between(0, bookings.length - 1)]
  if (booking === undefined) return
  const { host } = booking
  const eventId = eventOf(sync, booking)
  const start = sync.clock
    .now()
    .round('hour')
    .add({ hours: random.between(12, 120) })
  const current = calcom.store.booking(latest(sync, booking.uid))
  const event = google.get(host.calendarId, eventId)
  const dice = random.next()
  if (dice < 0.4) {
    const outcome = current?.status === 'accepted' ? calcom.reschedule(current.uid, { start }) : undefined
    if (outcome?.ok) outcome.settled.catch(() => {})
  } else if (dice < 0.41) {
    calcom.cancel(latest(sync, booking.uid))
  } else if (event.status === 'cancelled') {
    if (dice < 0.9) return
    google.restoreEvent(host.calendarId, eventId)
    story.calendarMoves++
  } else if (dice < 0.97) {
    google.drag(host.calendarId, eventId, {
      start: start.toString(),
      end: start.add({ minutes: 15 * random.between(1, 4) }).toString(),
    })
    story.calendarMoves++
  } else {
    google.delete(host.calendarId, eventId)
    story.calendarMoves++
  }
}

/** The booking at the end of its chain. */
function latest(sync: SyncFixture, uid: string): string {
  const next = sync.calcom.store.replacementOf(uid)
  return next === undefined ? uid : latest(sync, next.uid)
}

/** Cal.com writes another event for a booking rescheduled before the reference of the first was stored. */
const eventOf = (sync: SyncFixture, { uid, eventId }: Linked): string =>
  sync.calcom.store.booking(latest(sync, uid))?.references[0]?.uid ?? eventId

async function endFaults({ sync }: Story): Promise<void> {
  sync.google.faults.clear()
  Object.assign(sync.google.settings.push, { drop: 0, double: 0, reorder: 0, delayMs: [0, 0] })
  sync.calcom.endFaults()
  const consumer = eventConsumer(sync)
  for (let minute = 0; minute < 90; minute++) {
    await sync.pass(MINUTE)
    await consumer.consume()
  }
}

/** Calendar, Cal.com and what was decided are the same, or it is on record why not. */
async function assertAlike({ sync }: Story, booking: Linked): Promise<void> {
  const { uid, host } = booking
  const eventId = eventOf(sync, booking)
  const last = latest(sync, uid)
  const there = sync.calcom.store.booking(last)
  const event = sync.google.get(host.calendarId, eventId)
  const ours = await sync.booking(last)
  const shown = await bookingById(sync.ports.readStore, last)
  const held = (await calendarFeedByKey(sync.ports.readStore, host.calendarKey))?.held ?? []
  const told = shown?.attention !== undefined || held.some(({ bookingUid }) => bookingUid === last)
  const story = JSON.stringify({
    uid,
    last,
    there,
    event,
    ours,
    shown,
    decisions: await sync.decisions(last),
  })
  if (there?.status !== 'accepted') return assert.is.not(ours.kind, 'OPEN', story)
  if (told) return
  if (ours.kind !== 'OPEN') return assert.unreachable(`accepted there, not open here: ${story}`)
  const times = [ours.times.start, ours.times.end].map(String)
  assert.equal([there.start, there.end].map(normal), times, `Cal.com differs: ${story}`)
  if (event.status === 'cancelled') return assert.unreachable(`gone, but open: ${story}`)
  assert.equal(
    [event.start?.dateTime, event.end?.dateTime].map(normal),
    times,
    `the calendar differs: ${story}`,
  )
}

const normal = (text: string | undefined): string => Temporal.Instant.from(text ?? '').toString()

test.run()
