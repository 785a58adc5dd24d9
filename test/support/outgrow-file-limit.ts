// Fills the file named by the first argument beyond what the system lets it grow to; prints what came of each write.
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'

const database = openDatabase(process.argv[2] ?? '')
database.sql.exec('CREATE TABLE items (name TEXT, body TEXT)')
const insert = database.sql.prepare('INSERT INTO items (name, body) VALUES (?, ?)')
const put = (name: string, bytes: number) => database.write(() => insert.run(name, 'x'.repeat(bytes)))

const outcomes: string[] = []
const note = (outcome: PromiseSettledResult<unknown>) =>
  outcome.status === 'fulfilled'
    ? 'stored'
    : outcome.reason instanceof StoreUnavailable
      ? outcome.reason.code
      : String(outcome.reason)
outcomes.push(...(await Promise.allSettled([put('before', 10)])).map(note))
outcomes.push(...(await Promise.allSettled([put('beside', 10), put('huge', 4_000_000)])).map(note))
outcomes.push(...(await Promise.allSettled([put('after', 10)])).map(note))
const names = database.sql.prepare('SELECT name FROM items ORDER BY rowid').all()
console.log(JSON.stringify({ outcomes, names: names.map((row) => row.name) }))
await database.close()
