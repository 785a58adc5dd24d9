import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { copyDatabase } from '../../../infrastructure/sqlite/copy.ts'
import { openDatabase } from '../../../infrastructure/sqlite/database.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const test = suite('a copy of a database in use')
const COPIES = 60

test('has all that was committed before it, time after time, while it is written without a pause', async () => {
  const folder = temporaryFolder()
  const database = openDatabase(join(folder.path, 'data.sqlite'))
  database.sql.exec('CREATE TABLE numbers (n INTEGER PRIMARY KEY, text TEXT)')
  const insert = database.sql.prepare('INSERT INTO numbers (text) VALUES (?)')
  let written = 0
  let stopped = false
  const pair = () => [insert.run('x'.repeat(300)), insert.run('y')]
  const writing = (async () => {
    while (!stopped) {
      await Promise.all(Array.from({ length: 8 }, () => database.write(pair)))
      written += 16
    }
  })()
  try {
    for (let copy = 0; copy < COPIES; copy++) {
      const path = join(folder.path, `copy-${copy}.sqlite`)
      const before = written
      await copyDatabase(database, path)
      assert.is(statSync(path).mode & 0o777, 0o600)
      const copied = openDatabase(path)
      assert.is(copied.sql.prepare('PRAGMA integrity_check').get()?.integrity_check, 'ok')
      const found = Number(copied.sql.prepare('SELECT count(*) AS n FROM numbers').get()?.n)
      await copied.close()
      assert.ok(found >= before, `${found} of ${before}`)
      assert.is(found % 2, 0, 'no write is there by half')
    }
    assert.throws(() => openDatabase(join(folder.path, 'data.sqlite')), /in use/)
    const there = join(folder.path, 'copy-0.sqlite')
    const error: unknown = await copyDatabase(database, there).catch((error) => error)
    assert.ok(error instanceof Error && existsSync(there))
  } finally {
    stopped = true
    await writing
    await database.close()
    folder.remove()
  }
})

test.run()
