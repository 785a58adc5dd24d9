// A process that decides moves of bookings and publishes them to Kafka, until it is killed. Arguments: the file of the
// event store, the brokers (comma list), the topic, as JSON {appends, batch}: whether it decides more events than there
// are, and how many go into one transaction at most. A line for each transaction: how many events were published so
// far; one line FENCED when another took over, one DRAINED when nothing waits.
import { randomInt } from 'node:crypto'
import { writeSync } from 'node:fs'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { kafkaPublisher } from '../../infrastructure/kafka/kafka-publisher.ts'
import { createLogger } from '../../infrastructure/logging/logger.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import { sqliteReadStore } from '../../infrastructure/sqlite/sqlite-read-store.ts'
import { publicationParking } from '../../services/publishing/parking.ts'
import { runPublisher } from '../../services/publishing/publisher.ts'
import { decideMoves } from './published-events.ts'

const [path = '', brokers = '', topic = '', json = '{}'] = process.argv.slice(2)
const { appends = false, batch = 1_000 }: { appends?: boolean; batch?: number } = JSON.parse(json)
const say = (line: string) => writeSync(1, `${line}\n`)
const log = createLogger({ level: 'silent' })
const clock = systemClock
const database = openDatabase(path)
const events = sqliteEventStore(database, { clock })
const configuration = { brokers: brokers.split(','), topic, ssl: false, sasl: undefined }

let published = 0
const running = runPublisher({
  events,
  publisher: kafkaPublisher({ configuration, clock, log }),
  origin: { source: 'urn:uuid:0b8f', schemas: 'https://sync.example.com/schemas' },
  parking: publicationParking({ readStore: sqliteReadStore(database), now: clock.now }),
  clock,
  log,
  signal: new AbortController().signal,
  batch,
  fencedPauseMs: 3_600_000,
  onPublished(count) {
    published += count
    say(String(published))
  },
})

async function tell(): Promise<void> {
  for (let told = ''; ; await clock.delay(20)) {
    const { state, backlog, reason } = await running.status()
    const now =
      state === 'PUBLISHING' && backlog === 0
        ? 'DRAINED'
        : state === 'FENCED' || state === 'STORE_REWOUND'
          ? `${state}: ${reason}`
          : ''
    if (now !== told && now !== '') say(now)
    told = now
  }
}

async function append(): Promise<void> {
  const sequences = new Map<number, number>()
  for (;;) {
    const moves = Array.from({ length: randomInt(1, 12) }, () => randomInt(0, 30))
    await Promise.all(
      [...new Set(moves)].map((booking) => {
        const sequence = (sequences.get(booking) ?? 0) + 1
        sequences.set(booking, sequence)
        return decideMoves(events, [`booking-${booking}`], 1, sequence)
      }),
    )
    await clock.delay(randomInt(0, 15))
  }
}

await Promise.all([tell(), ...(appends ? [append()] : [])])
