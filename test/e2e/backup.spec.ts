import { randomUUID } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { encryptionKeys } from '../../infrastructure/sealing/key-file.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import { sqliteReadStore } from '../../infrastructure/sqlite/sqlite-read-store.ts'
import { sqliteVault } from '../../infrastructure/sqlite/sqlite-vault.ts'
import { START } from '../../ports/event-store/event-store.ts'
import { allProjections } from '../../projections/all-projections.ts'
import { compareReadModels } from '../../services/audit/compare-read-models.ts'
import { rebuild } from '../../services/read-models/rebuild.ts'
import { STAND_IN_HOST } from '../../stand-ins/stand-ins.ts'
import { readToEnd } from '../support/events.ts'
import { runProcess } from '../support/run-process.ts'
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const test = suite('backup and restore of a running service')

const entry = join(import.meta.dirname, '../../bin/calendar-sync.cjs')
const WRITERS = 8
const BEFORE = 200

/** Tracks bookings as fast as they are acknowledged, and writes down which were. */
function load(service: ServiceProcess) {
  const acknowledged: string[] = []
  const problems: string[] = []
  let stopped = false
  async function write(): Promise<void> {
    while (!stopped) {
      const bookingUid = randomUUID()
      const answer = await fetch(`${service.url}/commands/TrackBooking`, {
        method: 'POST',
        headers: { authorization: `Bearer ${service.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          bookingUid,
          userId: 'user-1',
          start: '2040-01-01T10:00:00Z',
          end: '2040-01-01T10:30:00Z',
        }),
      })
      const text = await answer.text()
      if (answer.status === 200) acknowledged.push(bookingUid)
      else problems.push(text)
    }
  }
  const writing = Promise.all(Array.from({ length: WRITERS }, write))
  return {
    acknowledged,
    problems,
    stop: () => {
      stopped = true
      return writing
    },
    async enough(count: number) {
      while (acknowledged.length < count) await new Promise(setImmediate)
    },
  }
}

test('a backup under load has all that was acknowledged before it, agrees with itself, and lets go of nothing', async () => {
  const folder = temporaryFolder()
  const env = { DATA_DIR: join(folder.path, 'data'), PORT: '0', LOG_LEVEL: 'error' }
  const run = (args: readonly string[], extra = {}) =>
    runProcess(process.execPath, [entry, ...args], { cwd: folder.path, env: { ...env, ...extra } })
  const service = await startServiceProcess(env)
  const writers = load(service)
  try {
    await writers.enough(BEFORE)
    const before = [...writers.acknowledged]
    const made = await run(['backup', 'copy'])
    assert.is(made.stderr, '')
    assert.is(made.code, 0)
    assert.match(made.stdout, 'The encryption key is not in it')
    assert.not(existsSync(join(folder.path, 'copy', 'encryption.key')))
    for (const name of ['calendar-sync.sqlite', 'vault.sqlite', 'manifest.json'])
      assert.is(statSync(join(folder.path, 'copy', name)).mode & 0o777, 0o600, name)

    const second = await run(['start'])
    assert.is(second.code, 1)
    assert.match(second.stderr, 'is in use by another process')
    const over = await run(['restore', 'copy'])
    assert.is(over.code, 1)
    assert.match(over.stderr, 'is not empty')
    await writers.enough(writers.acknowledged.length + BEFORE)
    await writers.stop()
    assert.equal(writers.problems, [])
    await service.end('SIGTERM')

    const restored = { DATA_DIR: join(folder.path, 'restored') }
    const keyless = await run(['restore', 'copy'], restored)
    assert.is(keyless.code, 1)
    assert.match(keyless.stderr, 'There is no encryption key')
    const whole = await run(['restore', 'copy', '--key-file', 'data/encryption.key'], restored)
    assert.is(whole.stderr, '')
    assert.is(whole.code, 0)
    await isWhole(restored.DATA_DIR, before)

    const again = await startServiceProcess({ ...env, ...restored })
    assert.equal(await again.end('SIGTERM'), { code: 0, signal: null })
  } finally {
    await writers.stop().catch(() => undefined)
    await service.end('SIGKILL')
    folder.remove()
  }
})

test.run()

async function isWhole(folder: string, uids: readonly string[]): Promise<void> {
  const database = openDatabase(join(folder, 'calendar-sync.sqlite'))
  const vaultDatabase = openDatabase(join(folder, 'vault.sqlite'))
  const scratch = openDatabase(':memory:')
  try {
    assert.is(database.sql.prepare('PRAGMA integrity_check').get()?.integrity_check, 'ok')
    const events = sqliteEventStore(database, { clock: systemClock })
    const streams = new Set((await readToEnd(events, { after: START, limit: 1000 })).map((one) => one.stream))
    assert.equal(
      uids.filter((uid) => !streams.has(`booking-${uid}`)),
      [],
    )
    const live = sqliteReadStore(database)
    for (const projection of allProjections) {
      const upTo = await live.checkpoint(projection.collection.name)
      const readStore = sqliteReadStore(scratch)
      await rebuild({ events, readStore, projection, upTo })
      for await (const difference of compareReadModels(projection, live, readStore))
        assert.unreachable(`${projection.name}: ${JSON.stringify(difference)}`)
    }
    const keys = encryptionKeys({ configured: undefined, dataDir: folder })
    if (!keys.ok) throw new Error(keys.message)
    const vault = sqliteVault(vaultDatabase, { keys: keys.keys, newId: randomUUID })
    assert.ok(await vault.use(STAND_IN_HOST.credentialId))
  } finally {
    for (const one of [database, vaultDatabase, scratch]) await one.close()
  }
}
