// `npm run test:kill -- --times 1000` kills as often as asked; 30 times without.
import { randomInt } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import type { RecordedEvent } from '../../ports/event-store/event-store.ts'
import { type Child, startChild } from '../support/child.ts'
import { withDeadline } from '../support/deadline.ts'
import { kafkaForTests, someTopic } from '../support/kafka.ts'
import { bookingEvents, decideMoves, differences } from '../support/published-events.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { readTopic, type SeenMessage } from '../support/topic-reader.ts'

const { values } = parseArgs({ options: { times: { type: 'string', default: '30' } }, strict: false })
const times = Number(values.times)
const kafka = await kafkaForTests()

// The processes' as well: kafkajs sets one negative timer at its start.
process.env.NODE_OPTIONS = '--disable-warning=TimeoutNegativeWarning'

const kills = suite('kill -9 and standstill of a process that publishes to Kafka')
const test = kafka ? kills : kills.skip
const brokers = kafka?.brokers ?? []
const publisherProcess = new URL('../support/publisher-process.ts', import.meta.url)
const publishing = (path: string, topic: string, options: { appends?: boolean; batch?: number }) =>
  startChild(publisherProcess, [path, brokers.join(','), topic, JSON.stringify(options)])

/** Each publisher starts in about a second; this is far more. */
const KILL_MS = 20_000

test(`after ${times} kills a consumer sees each event once, and each booking's in order`, async () => {
  const folder = temporaryFolder()
  const path = join(folder.path, 'events.sqlite')
  const topic = someTopic()
  try {
    for (let kill = 1; kill <= times; kill++) {
      const child = publishing(path, topic, { appends: true, batch: randomInt(1, 40) })
      try {
        await withDeadline(KILL_MS, () => publishForAWhile(child))
      } finally {
        await child.kill()
      }
      if (kill % 100 === 0) console.log(`${kill} kills`)
    }
    const last = publishing(path, topic, { appends: false })
    try {
      await withDeadline(KILL_MS, () => untilLine(last, /^DRAINED$/))
    } finally {
      await last.kill()
    }
    const stored = await storedIn(path)
    const seen = await readTopic(brokers, topic)
    assert.equal(differences(stored, seen).slice(0, 10), [])
    assert.ok(stored.length > times * 5, `only ${stored.length} events`)
    console.log(`${times} kills, ${stored.length} events: each is there once`)
  } finally {
    folder.remove()
  }
})

test('a publisher that stood still while another took over publishes nothing when it goes on', async () => {
  const folder = temporaryFolder()
  const [path, copy] = [join(folder.path, 'events.sqlite'), join(folder.path, 'copy.sqlite')]
  const topic = someTopic()
  let stale: Child | undefined
  let fresh: Child | undefined
  try {
    await decide(path, 40, 20)
    copyFileSync(path, copy)
    stale = publishing(path, topic, { batch: 1 })
    await withDeadline(KILL_MS, async () => {
      if (stale) await untilLine(stale, /^10$/)
    })
    stale.process.kill('SIGSTOP')
    fresh = publishing(copy, topic, {})
    await withDeadline(KILL_MS, async () => {
      if (fresh) await untilLine(fresh, /^DRAINED$/)
    })
    const before = await readTopic(brokers, topic)
    assert.equal(differences(await storedAfter(fresh, copy), before).slice(0, 10), [])
    stale.process.kill('SIGCONT')
    await withDeadline(KILL_MS, async () => {
      if (stale) await untilLine(stale, /^FENCED/)
    })
    assert.equal(placesOf(await readTopic(brokers, topic)), placesOf(before))
  } finally {
    await stale?.kill()
    await fresh?.kill()
    folder.remove()
  }
})

kills.after(async () => {
  await kafka?.stop()
})
kills.run()

/** Where each event is, whatever the order in which the partitions were read. */
const placesOf = (seen: readonly SeenMessage[]) =>
  seen.map(({ partition, offset, headers }) => `${partition}/${offset} ${headers.ce_id}`).sort()

/** Until it has published something, or has just begun to, and some milliseconds more. */
async function publishForAWhile(child: Child): Promise<void> {
  if (randomInt(0, 4) > 0) await child.nextLine()
  await systemClock.delay(randomInt(0, 400))
}

async function untilLine(child: Child, line: RegExp): Promise<void> {
  for (;;) if (line.test(await child.nextLine())) return
}

async function decide(path: string, bookings: number, moves: number): Promise<void> {
  const database = openDatabase(path)
  const events = sqliteEventStore(database, { clock: systemClock })
  const uids = Array.from({ length: bookings }, (_, n) => `booking-${n}`)
  await decideMoves(events, uids, moves)
  await events.close()
  await database.close()
}

/** The store can be opened again only once its process is gone. */
async function storedAfter(child: Child, path: string): Promise<RecordedEvent[]> {
  await child.kill()
  return storedIn(path)
}

async function storedIn(path: string): Promise<RecordedEvent[]> {
  const database = openDatabase(path)
  const events = sqliteEventStore(database, { clock: systemClock })
  const stored = await bookingEvents(events)
  await events.close()
  await database.close()
  return stored
}
