// The stores on their engines, by this service's adapters and by the raw clients that do the same, in the same run:
// `npm run bench -- stores [--events N] [--rounds N] [--engine sqlite|mongodb|eventstoredb]`. A million events are read
// and rebuilt from; `--events 50000` says much the same in half a minute. MongoDB needs MONGODB_URL; EventStoreDB is the
// server of EVENTSTORE_URL or a double of it; its rebuild needs one that holds no bookings.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../infrastructure/clock/system-clock.ts'
import { openDatabase } from '../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../infrastructure/sqlite/sqlite-event-store.ts'
import { writeBookingHistory } from './support/booking-history.ts'
import { eventStoreDbFigures } from './support/event-store-figures.ts'
import { mongodbTargets, rebuildFigures, sqliteTargets } from './support/rebuild-figures.ts'
import { sqliteEventFigures } from './support/sqlite-event-figures.ts'

/** The options, as `parseArgs` takes them. */
export const options = {
  events: { type: 'string', default: '1000000' },
  rounds: { type: 'string', default: '3' },
  engine: { type: 'string' },
} as const

const ENGINES = ['sqlite', 'mongodb', 'eventstoredb']

/** Prints the figures of each engine that there is; the exit status is 1 where a ratio is less than it is to be. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options })
  const [events, rounds] = [Number(values.events), Number(values.rounds)]
  if (values.engine !== undefined && !ENGINES.includes(values.engine))
    throw new Error(`--engine is one of ${ENGINES.join(', ')}`)
  const wanted = (engine: string) => values.engine === undefined || values.engine === engine
  if (wanted('sqlite') || wanted('mongodb')) {
    const folder = mkdtempSync(join(tmpdir(), 'calendar-sync-bench-'))
    try {
      const history = await writtenHistory(folder, events)
      if (wanted('sqlite')) await onSqlite({ folder, history, events, rounds })
      if (wanted('mongodb')) await onMongodb(history, rounds)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  if (wanted('eventstoredb')) await eventStoreDbFigures({ events: Math.min(events, 30_000), rounds })
}

async function writtenHistory(folder: string, events: number): Promise<string> {
  const path = join(folder, 'history.sqlite')
  const database = openDatabase(path)
  const store = sqliteEventStore(database, { clock: systemClock })
  await writeBookingHistory(store, events)
  await store.close()
  await database.close()
  return path
}

async function onSqlite(given: Parameters<typeof sqliteEventFigures>[0]): Promise<void> {
  await sqliteEventFigures(given)
  await rebuildFigures(given.history, given.rounds, sqliteTargets(given.folder))
}

async function onMongodb(history: string, rounds: number): Promise<void> {
  const url = process.env.MONGODB_URL
  if (url === undefined) return console.log('MongoDB: not measured; set MONGODB_URL')
  const targets = mongodbTargets(url)
  try {
    await rebuildFigures(history, rounds, targets)
  } finally {
    await targets.drop()
  }
}
