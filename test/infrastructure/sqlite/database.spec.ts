import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  DataFolderInUse,
  openDatabase,
  type SqliteDatabase,
} from '../../../infrastructure/sqlite/database.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { startChild } from '../../support/child.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const test = suite('an embedded database')

const holder = new URL('../../support/hold-database.ts', import.meta.url)
const outgrower = new URL('../../support/outgrow-file-limit.ts', import.meta.url)

async function inFolder(body: (path: string) => Promise<void>): Promise<void> {
  const folder = temporaryFolder()
  try {
    await body(join(folder.path, 'data.db'))
  } finally {
    folder.remove()
  }
}

/** A file with one table `items (name)`, and how to put into it and what is in it. */
async function withItems(
  body: (items: {
    database: SqliteDatabase
    path: string
    put: (name: string) => Promise<unknown>
    names: () => unknown[]
  }) => Promise<void>,
): Promise<void> {
  await inFolder(async (path) => {
    const database = openDatabase(path)
    try {
      database.sql.exec('CREATE TABLE items (name TEXT)')
      const insert = database.sql.prepare('INSERT INTO items (name) VALUES (?)')
      const select = database.sql.prepare('SELECT name FROM items ORDER BY rowid')
      await body({
        database,
        path,
        put: (name) => database.write(() => insert.run(name)),
        names: () => select.all().map((row) => row.name),
      })
    } finally {
      await database.close()
    }
  })
}

/** The transactions in the write-ahead log: a frame's header holds the file's size only where it ends one. */
function commitsInLog(path: string): number {
  const log = readFileSync(`${path}-wal`)
  const pageSize = log.readUInt32BE(8)
  const salts = log.toString('latin1', 16, 24)
  let commits = 0
  for (let frame = 32; frame + 24 + pageSize <= log.length; frame += 24 + pageSize)
    if (log.toString('latin1', frame + 8, frame + 16) === salts && log.readUInt32BE(frame + 4) > 0)
      commits += 1
  return commits
}

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => assert.unreachable('it should have been rejected'),
    (error: unknown) => error,
  )

test('writes through a write-ahead log, syncs each commit and keeps the file for itself', async () => {
  await withItems(async ({ database }) => {
    const pragma = (name: string) => Object.values(database.sql.prepare(`PRAGMA ${name}`).get() ?? {})[0]
    assert.is(pragma('journal_mode'), 'wal')
    assert.is(pragma('synchronous'), 2)
    assert.is(pragma('locking_mode'), 'exclusive')
  })
})

test('writes asked for in the same turn share one commit', async () => {
  await withItems(async ({ path, put, names }) => {
    const before = commitsInLog(path)
    await Promise.all(Array.from({ length: 50 }, (_, n) => put(`${n}`)))
    assert.is(commitsInLog(path) - before, 1)
    await put('later')
    assert.is(commitsInLog(path) - before, 2)
    assert.equal(names(), [...Array.from({ length: 50 }, (_, n) => `${n}`), 'later'])
  })
})

test('a write resolves with what its work gave, after the commit', async () => {
  await withItems(async ({ database, path, put }) => {
    const before = commitsInLog(path)
    assert.is(await database.write(() => 'result'), 'result')
    await put('a').then(() => assert.is(commitsInLog(path) - before, 1))
  })
})

test('only a group with a durable write is synced at its commit', async () => {
  await withItems(async ({ database }) => {
    const insert = database.sql.prepare('INSERT INTO items (name) VALUES (?)')
    const synchronous = () => database.sql.prepare('PRAGMA synchronous').get()?.synchronous
    const NORMAL = 1
    const FULL = 2
    await database.write(() => insert.run('a'), 'ordered')
    assert.is(synchronous(), NORMAL)
    await Promise.all([
      database.write(() => insert.run('b'), 'ordered'),
      database.write(() => insert.run('c')),
    ])
    assert.is(synchronous(), FULL)
  })
})

test('a write that only looks commits nothing', async () => {
  await withItems(async ({ database, path }) => {
    const before = commitsInLog(path)
    await database.write(() => database.sql.prepare('SELECT 1').get())
    assert.is(commitsInLog(path), before)
  })
})

test('a work that throws takes back its own writes and no others', async () => {
  await withItems(async ({ database, put, names }) => {
    const insert = database.sql.prepare('INSERT INTO items (name) VALUES (?)')
    const broken = new Error('broken')
    const outcomes = await Promise.allSettled([
      put('first'),
      database.write(() => {
        insert.run('taken back')
        throw broken
      }),
      put('last'),
    ])
    assert.equal(
      outcomes.map((outcome) => outcome.status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.is(outcomes[1]?.status === 'rejected' && outcomes[1].reason, broken)
    assert.equal(names(), ['first', 'last'])
  })
})

test('a single write that fails leaves nothing, and takes nothing of the others', async () => {
  await withItems(async ({ database, put, names }) => {
    database.sql.exec('CREATE TABLE unique_items (name TEXT UNIQUE)')
    const insert = database.sql.prepare('INSERT INTO unique_items (name) VALUES (?)')
    const single = (name: string) => database.write(() => insert.run(name), 'durable', 'single')
    const outcomes = await Promise.allSettled([single('a'), put('first'), single('a'), put('last')])
    assert.equal(
      outcomes.map((outcome) => outcome.status),
      ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    )
    assert.equal(names(), ['first', 'last'])
    assert.is(database.sql.prepare('SELECT count(*) AS n FROM unique_items').get()?.n, 1)
  })
})

test('a wrong statement is told as it is, not as an outage', async () => {
  await withItems(async ({ database, put, names }) => {
    const [wrong] = await Promise.all([
      rejection(database.write(() => database.sql.exec('INSERT INTO nowhere VALUES (1)'))),
      put('good'),
    ])
    assert.not.instance(wrong, StoreUnavailable)
    assert.match(String(wrong), 'no such table')
    assert.equal(names(), ['good'])
  })
})

test('a work that gives a promise is refused, and what it wrote is taken back', async () => {
  await withItems(async ({ database, names }) => {
    const error = await rejection(
      database.write(async () => database.sql.prepare("INSERT INTO items VALUES ('early')").run()),
    )
    assert.instance(error, TypeError)
    assert.equal(names(), [])
  })
})

test('a work that ends the transaction itself is an outage for its group and leaves the next one working', async () => {
  await withItems(async ({ database, put, names }) => {
    const [before, culprit, after] = await Promise.allSettled([
      put('before'),
      database.write(() => database.sql.exec('ROLLBACK')),
      put('after'),
    ])
    for (const outcome of [before, culprit, after])
      assert.instance(outcome?.status === 'rejected' && outcome.reason, StoreUnavailable)
    await put('next')
    assert.equal(names(), ['next'])
  })
})

test('a full file makes the whole group unavailable, stores none of it, and works again once there is room', async () => {
  await withItems(async ({ database, put, names }) => {
    await put('before')
    const pages = database.sql.prepare('PRAGMA page_count').get()?.page_count
    database.sql.exec(`PRAGMA max_page_count=${pages}`)
    const outcomes = await Promise.allSettled([put('small'), put('x'.repeat(100_000)), put('also small')])
    for (const outcome of outcomes)
      assert.instance(outcome.status === 'rejected' && outcome.reason, StoreUnavailable)
    assert.equal(names(), ['before'])
    await put('fits')
    database.sql.exec('PRAGMA max_page_count=1000000')
    await put('y'.repeat(100_000))
    assert.equal(names(), ['before', 'fits', 'y'.repeat(100_000)])
  })
})

test('says that it takes no writes while there is no room, though nobody writes, and that it does again', async () => {
  await withItems(async ({ database, put }) => {
    await database.writable()
    const pages = database.sql.prepare('PRAGMA page_count').get()?.page_count
    database.sql.exec(`PRAGMA max_page_count=${pages}`)
    const [refusal] = await Promise.allSettled([put('x'.repeat(100_000))])
    assert.is(refusal.status, 'rejected')
    for (const _ of [1, 2]) {
      const [outcome] = await Promise.allSettled([database.writable()])
      assert.instance(outcome.status === 'rejected' && outcome.reason, StoreUnavailable)
    }
    database.sql.exec('PRAGMA max_page_count=1000000')
    await database.writable()
    await put('small')
    assert.is(
      database.sql.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'storage_probe'").get(),
      undefined,
    )
  })
})

test('a commit that the system refuses is told to every write of the group, and the next group works', async () => {
  if (process.platform === 'win32') return
  await inFolder(async (path) => {
    const child = startChild(outgrower, [path], { fileSizeLimitKiB: 1024 })
    assert.equal(JSON.parse(await child.nextLine()), {
      outcomes: ['stored', 'STORE_UNAVAILABLE', 'STORE_UNAVAILABLE', 'stored'],
      names: ['before', 'after'],
    })
    await child.kill()
    const reopened = openDatabase(path)
    assert.equal(
      reopened.sql
        .prepare('SELECT name FROM items')
        .all()
        .map((row) => row.name),
      ['before', 'after'],
    )
    await reopened.close()
  })
})

test('closing commits what waits, refuses what comes later, and may be done twice', async () => {
  await inFolder(async (path) => {
    const database = openDatabase(path)
    database.sql.exec('CREATE TABLE items (name TEXT)')
    const insert = database.sql.prepare('INSERT INTO items (name) VALUES (?)')
    const waiting = database.write(() => insert.run('waiting'))
    const closing = database.close()
    const late = rejection(database.write(() => insert.run('late')))
    await Promise.all([waiting, closing, database.close()])
    assert.instance(await late, StoreUnavailable)
    assert.not.ok(existsSync(`${path}-wal`), 'the log is folded into the file')
    const reopened = openDatabase(path)
    assert.is(reopened.sql.prepare('SELECT name FROM items').get()?.name, 'waiting')
    await reopened.close()
  })
})

test('the same file cannot be opened twice in one process, and the attempt does not loosen the hold', async () => {
  await withItems(async ({ path, put, names }) => {
    assert.throws(
      () => openDatabase(path),
      (error: unknown) => error instanceof DataFolderInUse,
    )
    const other = startChild(holder, [path])
    assert.is(await other.nextLine(), 'DATA_FOLDER_IN_USE')
    await other.kill()
    await put('still ours')
    assert.equal(names(), ['still ours'])
  })
})

test('a second process is refused, and let in after the first was killed', async () => {
  await inFolder(async (path) => {
    const first = startChild(holder, [path])
    assert.is(await first.nextLine(), 'held')
    assert.throws(
      () => openDatabase(path),
      (error: unknown) => error instanceof DataFolderInUse && error.message.includes(path),
    )
    await first.kill()
    const second = openDatabase(path)
    await second.write(() => second.sql.exec('CREATE TABLE items (name TEXT)'))
    await second.close()
  })
})

test('of processes that start at the same instant on an existing file exactly one gets it', async () => {
  await inFolder(async (path) => {
    await openDatabase(path).close()
    for (let round = 0; round < 3; round++) {
      const children = [0, 1, 2].map(() => startChild(holder, [path]))
      const said = await Promise.all(children.map((child) => child.nextLine()))
      assert.equal(said.sort(), ['DATA_FOLDER_IN_USE', 'DATA_FOLDER_IN_USE', 'held'])
      for (const child of children) await child.kill()
    }
  })
})

test('a process that merely reads the file is refused too, and keeps the service out while it reads', async () => {
  await inFolder(async (path) => {
    const database = openDatabase(path)
    database.sql.exec('CREATE TABLE items (name TEXT)')
    const reader = new DatabaseSync(path, { readOnly: true, timeout: 0 })
    assert.throws(() => reader.prepare('SELECT * FROM items').all(), /locked/)
    await database.close()
    assert.equal(reader.prepare('SELECT * FROM items').all(), [])
    reader.exec('BEGIN; SELECT * FROM items')
    assert.throws(
      () => openDatabase(path),
      (error: unknown) => error instanceof DataFolderInUse,
    )
    reader.close()
    await openDatabase(path).close()
  })
})

test('a file that is no database is told as what it is', async () => {
  assert.throws(
    () => openDatabase(new URL(import.meta.url).pathname),
    (error: unknown) => error instanceof Error && !(error instanceof DataFolderInUse),
  )
})

test.run()
