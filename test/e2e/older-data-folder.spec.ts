// A data folder that a version of November 2026 wrote (test/fixtures/data-folder): moves and deletions that were
// answered, refused, overtaken or not answered, a chain, a hold, a series, a paused calendar.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { liveFeed } from '../support/live-feed.ts'
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const test = suite('a data folder of an older version')

const fixtures = join(import.meta.dirname, '../fixtures/data-folder')

type Shown = { uid: string; status: string; start: string; agreement: string; attention?: string }
const expected: { [name: string]: Shown & { answer: string } } = JSON.parse(
  readFileSync(join(fixtures, 'expected.json'), 'utf8'),
)

function olderDataFolder(parent: string): string {
  const folder = join(parent, 'data')
  mkdirSync(folder, { mode: 0o700 })
  for (const name of ['encryption.key', 'stamp.json', 'stand-ins.json'])
    copyFileSync(join(fixtures, name), join(folder, name))
  for (const name of ['calendar-sync', 'vault']) {
    const database = new DatabaseSync(join(folder, `${name}.sqlite`))
    database.exec(readFileSync(join(fixtures, `${name}.sql`), 'utf8'))
    database.close()
  }
  return folder
}

async function ask<Answer>(service: ServiceProcess, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${service.url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${service.token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  assert.is(response.status, 200, `${path}: ${response.status}`)
  return (await response.json()) as Answer
}

test('opens, folds and is gone on with: every booking stands as it stood, and nothing is published anew', async () => {
  const { path, remove } = temporaryFolder()
  // Without the crons nothing is asked of Cal.com, whose stand-in has carried none of the answers out.
  const service = await startServiceProcess({
    DATA_DIR: olderDataFolder(path),
    ROLES: 'http,sync,projections',
  })
  try {
    const feed = () => ask<{ subject: string; type: string }[]>(service, '/booking-events?limit=1000')
    assert.is((await feed()).length, 12)
    // The first command waits until the read models were built anew.
    const syncs = await ask<{ items: { calendarSyncId: string }[] }>(service, '/calendar-syncs')
    const calendarSyncId = syncs.items[0]?.calendarSyncId
    for (const [name, { uid, answer, status, start, agreement, attention }] of Object.entries(expected)) {
      const shown = await ask<Shown>(service, `/bookings/${uid}`)
      const { status: s, start: t, agreement: a } = shown
      assert.equal([s, t, a, shown.attention ?? null], [status, start, agreement, attention ?? null], name)
      assert.is((await ask<{ answer: string }>(service, `/bookings/${uid}/timeline`)).answer, answer, name)
    }

    // Its calendar was paused: all future bookings are looked at again.
    await ask(service, '/commands/ResumeCalendarSync', { calendarSyncId })
    const move = (name: string, hour: number) => {
      const found = expected[name]
      if (found === undefined) throw new Error(name)
      return moveEvent(service, found, hour)
    }
    const live = await liveFeed(`${service.url}/booking-events`, { authorization: `Bearer ${service.token}` })
    await move('awaiting', 16)
    await move('refused', 16)
    // Its channel pushes to the address of then.
    const calendar = { provider: 'google', externalCalendarId: 'host@example.com' }
    await ask(service, '/commands/FetchNow', calendar)
    await live.until(({ events }) => events.length >= 14)
    live.close()
    const added = (await feed()).slice(12).map(({ subject, type }) => `${type} ${subject}`)
    const moved = [expected.awaiting, expected.refused].map((one) => `BookingRescheduled ${one?.uid}`)
    assert.equal(added.sort(), moved.sort())
  } finally {
    await service.end('SIGTERM')
    remove()
  }
})

async function moveEvent(service: ServiceProcess, { uid, start }: Shown, hour: number): Promise<void> {
  const { references } = await ask<{ references: { externalEventId: string }[] }>(service, `/bookings/${uid}`)
  const path = `stand-in/calendars/host%40example.com/events/${references[0]?.externalEventId}/move`
  const response = await fetch(`${service.standIns.google}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ start: `${start.slice(0, 11)}${hour}:00:00Z` }),
  })
  assert.is(response.status, 200)
}

test.run()
