// Appends to the event store in the file named by the first argument, many at once, until this process is killed. A
// line for each append, written only once it was acknowledged: the stream, the last revision, and the ids.
// The second argument is the round, which keeps the names of streams of different runs apart.
import { writeSync } from 'node:fs'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import { someEvents } from './events.ts'

const [path = '', round = '0'] = process.argv.slice(2)
const store = sqliteEventStore(openDatabase(path), { clock: systemClock })

async function write(writer: number): Promise<never> {
  const stream = `load-${round}-${writer}`
  for (let turn = writer, last: number | 'no-stream' = 'no-stream'; ; turn++) {
    const size = 1 + (turn % 5)
    const events = someEvents(size, `BatchOf${size}`)
    const result = await store.append(stream, last, events)
    if (!result.ok) throw new Error(`${stream} is at ${result.actual}, not at ${last}`)
    last = result.revision
    // Synchronous: what was acknowledged is on its way before anything else happens here.
    writeSync(1, `${JSON.stringify({ stream, revision: last, ids: events.map((event) => event.id) })}\n`)
  }
}

await Promise.all(Array.from({ length: 32 }, (_, writer) => write(writer)))
