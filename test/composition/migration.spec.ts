import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { openDataFolder } from '../../infrastructure/config/data-folder.ts'
import { mongodbVault } from '../../infrastructure/mongodb/mongodb-vault.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import { sqliteVault } from '../../infrastructure/sqlite/sqlite-vault.ts'
import { type EventStore, START } from '../../ports/event-store/event-store.ts'
import { withOriginalTimes } from '../../ports/event-store/original-times.ts'
import { eventsOfBooking } from '../support/booking-events.ts'
import { readToEnd } from '../support/events.ts'
import { openEventStoreDb } from '../support/eventstoredb.ts'
import { startEventStoreDbDouble } from '../support/eventstoredb-double.ts'
import { mongodbForTests } from '../support/mongodb.ts'
import { append } from '../support/projected-events.ts'
import { type EndedProcess, runProcess } from '../support/run-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const test = suite('migrate --from embedded')
const mongodb = await mongodbForTests()

const entry = join(import.meta.dirname, '../../bin/calendar-sync.cjs')
const GOOGLE = 'https://google.example/'
const ADDRESS = { provider: 'google', externalCalendarId: 'host@example.com' }
const CREDENTIAL = { kind: 'oauth', refreshToken: 'secret' } as const
const [oldKey, newKey] = [randomBytes(32), randomBytes(32)]
const base64 = (key: Uint8Array) => Buffer.from(key).toString('base64')

const migrating = (cwd: string, env: { [variable: string]: string }): Promise<EndedProcess> =>
  runProcess(process.execPath, [entry, 'migrate', '--from', 'embedded', 'old', '--json'], {
    cwd,
    env: {
      DATA_DIR: 'new',
      GOOGLE_API_URL: GOOGLE,
      ENCRYPTION_KEY: [newKey, oldKey].map(base64).join(','),
      LOG_LEVEL: 'error',
      ...env,
    },
  })

/** A folder `old` in which something happened, sealed with the old key. */
async function lived(folder: string): Promise<string> {
  assert.ok(openDataFolder(folder, GOOGLE).ok)
  const database = openDatabase(join(folder, 'calendar-sync.sqlite'))
  const vaultDatabase = openDatabase(join(folder, 'vault.sqlite'))
  const events = sqliteEventStore(database, { clock: systemClock })
  for (let n = 0; n < 30; n++) {
    const booking = eventsOfBooking(`b${n % 10}`)
    await append(
      events,
      'booking',
      `b${n % 10}`,
      ...(n < 10 ? [booking.tracked()] : [booking.rescheduled(n)]),
    )
  }
  const vault = sqliteVault(vaultDatabase, { keys: [oldKey], newId: randomUUID })
  await vault.put('credential-1', CREDENTIAL)
  const key = await vault.calendars.keyOf(ADDRESS)
  await Promise.all([database.close(), vaultDatabase.close()])
  return key
}

const all = async (events: EventStore) =>
  (
    await readToEnd(withOriginalTimes(events), {
      after: START,
      filter: { categories: ['booking'] },
      limit: 50,
    })
  ).map(({ id, stream, revision, type, data, recordedAt }) => ({
    id,
    stream,
    revision,
    type,
    data,
    recordedAt,
  }))

async function embedded(folder: string): ReturnType<typeof all> {
  const database = openDatabase(join(folder, 'calendar-sync.sqlite'))
  const events = await all(sqliteEventStore(database, { clock: systemClock }))
  await database.close()
  return events
}

test('moves events to EventStoreDB and leaves the rest embedded, in the new folder', async () => {
  const folder = temporaryFolder()
  const double = await startEventStoreDbDouble()
  try {
    const calendarKey = await lived(join(folder.path, 'old'))
    const env = { EVENTSTORE_URL: double.url }
    const moved = await migrating(folder.path, env)
    assert.is(moved.stderr, '')
    assert.is(moved.code, 0)
    const report = JSON.parse(moved.stdout)
    assert.equal([report.events, report.streams, report.credentials, report.calendars], [30, 10, 1, 1])
    const store = openEventStoreDb(double.url)
    assert.equal(await all(store), await embedded(join(folder.path, 'old')))
    await store.close()

    const vaultDatabase = openDatabase(join(folder.path, 'new', 'vault.sqlite'))
    const vault = sqliteVault(vaultDatabase, { keys: [newKey], newId: randomUUID })
    assert.equal(await vault.use('credential-1'), CREDENTIAL)
    assert.is(await vault.calendars.find(ADDRESS), calendarKey)
    await vaultDatabase.close()

    const again = await migrating(folder.path, env)
    assert.equal([again.stderr, JSON.parse(again.stdout)], ['', report])
  } finally {
    await double.close()
    folder.remove()
  }
})

test('moves in place: the read models of the same folder follow the new positions', async () => {
  const folder = temporaryFolder()
  const double = await startEventStoreDbDouble()
  try {
    await lived(join(folder.path, 'old'))
    const env = { EVENTSTORE_URL: double.url, DATA_DIR: 'old' }
    for (const time of [1, 2]) {
      const moved = await migrating(folder.path, env)
      assert.equal([moved.stderr, moved.code], ['', 0], `time ${time}`)
    }
    const database = openDatabase(join(folder.path, 'old', 'calendar-sync.sqlite'))
    const lengths = database.sql.prepare('SELECT DISTINCT length(position) AS n FROM read_checkpoint').all()
    assert.equal(
      lengths.map(({ n }) => n),
      [40],
    )
    await database.close()
  } finally {
    await double.close()
    folder.remove()
  }
})

test('says what is wrong: nothing to move to, no such folder, a running service, another Google, no key', async () => {
  const folder = temporaryFolder()
  const double = await startEventStoreDbDouble()
  const env = { EVENTSTORE_URL: double.url }
  const says = async (given: { [variable: string]: string }, pattern: RegExp) => {
    const refused = await migrating(folder.path, given)
    assert.is(refused.code, 1, refused.stderr)
    assert.match(refused.stderr, pattern)
  }
  try {
    await says({}, /nothing to move to: set EVENTSTORE_URL or MONGODB_URL/)
    await says(env, /is no data folder/)
    await lived(join(folder.path, 'old'))
    await says({ ...env, GOOGLE_API_URL: 'https://other.example/' }, /belongs to/)
    await says({ ...env, ENCRYPTION_KEY: base64(newKey) }, /add the key of/)
    const held = openDatabase(join(folder.path, 'old', 'calendar-sync.sqlite'))
    await says(env, /is in use by another process/)
    await held.close()
    const wrong = await runProcess(process.execPath, [entry, 'migrate'], { cwd: folder.path, env })
    assert.is(wrong.code, 2)
  } finally {
    await double.close()
    folder.remove()
  }
})

if (mongodb === undefined) {
  console.log('SKIP migrate --from embedded to MongoDB: set MONGODB_URL, or start Docker')
  test.skip('moves everything to EventStoreDB and MongoDB')
} else
  test('moves everything to EventStoreDB and MongoDB', async () => {
    const folder = temporaryFolder()
    const double = await startEventStoreDbDouble()
    const own = await mongodb.open()
    try {
      const calendarKey = await lived(join(folder.path, 'old'))
      const env = { EVENTSTORE_URL: double.url, MONGODB_URL: own.url }
      const moved = await migrating(folder.path, env)
      assert.equal([moved.stderr, moved.code], ['', 0])
      const vault = mongodbVault(own.connection, { keys: [newKey], newId: randomUUID })
      assert.equal(await vault.use('credential-1'), CREDENTIAL)
      assert.is(await vault.calendars.find(ADDRESS), calendarKey)
      assert.ok(JSON.parse(moved.stdout).readModels > 5)
      const again = await migrating(folder.path, env)
      assert.equal([again.stderr, again.stdout], ['', moved.stdout])
    } finally {
      await own.close()
      await double.close()
      folder.remove()
    }
  })

test.run()
