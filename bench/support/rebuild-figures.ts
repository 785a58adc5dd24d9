import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { MongoClient } from 'mongodb'
import { bookings } from '../../projections/bookings.ts'
import { startChild } from '../../test/support/child.ts'
import { withDatabase } from '../../test/support/mongodb.ts'
import { count, median } from './figures.ts'
import { heldTo } from './goals.ts'
import { compareDocuments } from './raw-fold.ts'
import type { RebuildFigures } from './rebuild-process.ts'

/** Where the two rebuilds of a round go, and how to hold them against each other. */
export type RebuildTargets = {
  engine: string
  of(way: 'ours' | 'raw', round: number): string
  compare(ours: string, raw: string): Promise<void>
}

/**
 * Rebuilds of the bookings read model from the events of `history` into an empty store, by services/read-models/rebuild.ts and by a
 * fold and a client of the same store alone, each in a process of its own; the documents of both must be the same.
 */
export async function rebuildFigures(
  history: string,
  rounds: number,
  { engine, of, compare }: RebuildTargets,
): Promise<void> {
  const pairs: { ours: RebuildFigures; raw: RebuildFigures }[] = []
  for (let round = 0; round < rounds; round++) {
    const [rawTarget, ourTarget] = [of('raw', round), of('ours', round)]
    const raw = await rebuiltBy('raw', history, rawTarget)
    const ours = await rebuiltBy('ours', history, ourTarget)
    await compare(ourTarget, rawTarget)
    pairs.push({ ours, raw })
  }
  const rate = ({ events, ms }: RebuildFigures) => (events * 1000) / ms
  const rates = (way: 'ours' | 'raw') => count(median(pairs.map((pair) => rate(pair[way]))))
  const growth = (way: 'ours' | 'raw') => megabytes(median(pairs.map((pair) => grownBy(pair[way]))))
  const cpu = (way: 'ours' | 'raw') => `${(median(pairs.map((pair) => pair[way].cpuMs)) / 1000).toFixed(1)} s`
  const ratio = median(pairs.map(({ ours, raw }) => rate(ours) / rate(raw)))
  console.log(
    `${engine}, rebuild of bookings from ${count(pairs[0]?.ours.events ?? 0)} events: ours ${rates('ours')}/s, raw ${rates('raw')}/s`,
  )
  console.log(`ours / raw, median of the pairs: ${heldTo('rebuild', ratio, 0.5)}`)
  console.log(`processor time of the process: ours ${cpu('ours')}, raw ${cpu('raw')}`)
  console.log(`most memory beyond that at a tenth of the way: ours ${growth('ours')}, raw ${growth('raw')}`)
}

/** Files of `folder`. */
export const sqliteTargets = (folder: string): RebuildTargets => ({
  engine: 'SQLite',
  of: (way, round) => join(folder, `rebuild-${way}-${round}.sqlite`),
  async compare(ours, raw) {
    compareDocuments(rowsOf(ours, OUR_ROWS), rowsOf(raw, 'SELECT id, body FROM document ORDER BY id'))
  },
})

const OUR_ROWS = 'SELECT id, body FROM read_document WHERE body IS NOT NULL ORDER BY id'

function* rowsOf(path: string, query: string) {
  const sql = new DatabaseSync(path, { readOnly: true })
  for (const { id, body } of sql.prepare(query).iterate())
    yield { id: String(id), document: JSON.parse(String(body)) as unknown }
  sql.close()
}

/** Databases of their own on the server of `url`; `drop` takes them away. */
export function mongodbTargets(url: string): RebuildTargets & { drop(): Promise<void> } {
  const name = `calendar-sync-bench-${randomUUID()}`
  const used = new Set<string>()
  return {
    engine: 'MongoDB',
    of(way, round) {
      const target = withDatabase(url, `${name}-${way}-${round}`)
      used.add(target)
      return target
    },
    async compare(ours, raw) {
      const collection = `read.${bookings.collection.name}`
      compareDocuments(await documentsIn(ours, collection), await documentsIn(raw, 'document'))
    },
    async drop() {
      for (const target of used) await withClient(target, (client) => client.db().dropDatabase())
    },
  }
}

const documentsIn = (url: string, collection: string) =>
  withClient(url, async (client) => {
    const found = await client
      .db()
      .collection<{ _id: string; document: unknown }>(collection)
      .find({}, { sort: { _id: 1 } })
      .toArray()
    return found.map(({ _id, document }) => ({ id: _id, document }))
  })

async function withClient<T>(url: string, use: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = await new MongoClient(url).connect()
  try {
    return await use(client)
  } finally {
    await client.close()
  }
}

async function rebuiltBy(way: 'ours' | 'raw', history: string, target: string): Promise<RebuildFigures> {
  const child = startChild(new URL('./rebuild-process.ts', import.meta.url), [history, way, target])
  try {
    // What the process writes there is of this type.
    return JSON.parse(await child.nextLine()) as RebuildFigures
  } finally {
    await child.kill()
  }
}

/** Bytes by which the resident memory after a tenth of the events exceeds what it is there, at most. */
function grownBy({ events, memory }: RebuildFigures): number {
  const later = memory.filter((one) => one.events >= events / 10).map(({ rss }) => rss)
  return Math.max(...later) - (later[0] ?? Number.NaN)
}

const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`
