import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import { type RecordedEvent, START } from '../../ports/event-store/event-store.ts'
import { startChild } from '../support/child.ts'
import { readToEnd } from '../support/events.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const test = suite('kill -9 of a process that appends under load')

const loader = new URL('../support/append-under-load.ts', import.meta.url)
const ROUNDS = 8

type Acknowledged = { stream: string; revision: number; ids: string[] }

test('every acknowledged event is there once, no batch is there in part, and streams have no gaps', async () => {
  const folder = temporaryFolder()
  const path = join(folder.path, 'data.db')
  const acknowledged: Acknowledged[] = []
  try {
    for (let round = 0; round < ROUNDS; round++) {
      acknowledged.push(...(await killInTheMiddle(path, round)))
      const database = openDatabase(path)
      const store = sqliteEventStore(database, { clock: systemClock })
      const events = await readToEnd(store, { after: START, limit: 1000 })
      assert.is(database.sql.prepare('PRAGMA integrity_check').get()?.integrity_check, 'ok')
      await database.close()
      allAcknowledgedOnce(acknowledged, events)
      wholeBatchesWithoutGaps(events)
    }
    assert.ok(acknowledged.length >= ROUNDS * 50)
  } finally {
    folder.remove()
  }
})

test.run()

/** Lets a process append, kills it after a random number of acknowledgements and some microseconds more. */
async function killInTheMiddle(path: string, round: number): Promise<Acknowledged[]> {
  const child = startChild(loader, [path, String(round)])
  const lines: string[] = []
  try {
    for (let left = randomInt(50, 1500); left > 0; left--) lines.push(await child.nextLine())
  } finally {
    await child.kill()
  }
  // What it said before it died counts too, up to where the kill cut a line off.
  for await (const line of child.lines) lines.push(line)
  return lines.flatMap((line) => {
    try {
      return JSON.parse(line) as Acknowledged
    } catch (error) {
      if (line === lines.at(-1)) return []
      throw error
    }
  })
}

function allAcknowledgedOnce(acknowledged: readonly Acknowledged[], events: readonly RecordedEvent[]): void {
  const byId = new Map(events.map((event) => [event.id, event]))
  assert.is(byId.size, events.length, 'no event is there twice')
  for (const { stream, revision, ids } of acknowledged) {
    const places = ids.map((id) => `${byId.get(id)?.stream}@${byId.get(id)?.revision}`)
    const expected = ids.map((_, index) => `${stream}@${revision - ids.length + 1 + index}`)
    assert.equal(places, expected)
  }
}

function wholeBatchesWithoutGaps(events: readonly RecordedEvent[]): void {
  const next = new Map<string, number>()
  for (let index = 0; index < events.length; ) {
    const first = events[index]
    const size = Number(first?.type.slice('BatchOf'.length))
    for (let n = 0; n < size; n++) {
      const event = events[index + n]
      const revision = next.get(event?.stream ?? '') ?? 0
      assert.equal(
        [event?.stream, event?.type, event?.data.n, event?.revision],
        [first?.stream, `BatchOf${size}`, n, revision],
      )
      next.set(event?.stream ?? '', revision + 1)
    }
    index += size
  }
}
