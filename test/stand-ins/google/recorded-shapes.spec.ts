import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createGoogleCore, type GoogleCore } from '../../../stand-ins/google/google-core.ts'
import type { EventsPage, GoogleEvent } from '../../../stand-ins/google/google-json.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { HOST } from './stand-in-client.ts'

/** The stand-in does to a series what a person did when the traffic was recorded, and must answer the same. */
const test = suite("Google's stand-in: the shapes of recorded traffic")

const folder = join(
  process.env.RECORDINGS_DIR ?? join(import.meta.dirname, '../../../../shared/recordings'),
  'SwitchbackTech-compass/incremental',
)
const given = existsSync(folder)
if (!given) console.log('SKIP recorded shapes of Google: RECORDINGS_DIR names the folder that would run them')
const recorded = given ? test : test.skip

const page = (name: string): EventsPage => JSON.parse(readFileSync(join(folder, name), 'utf8')) as EventsPage

function changesOf(before: GoogleEvent[], act: (core: GoogleCore) => void): EventsPage {
  const core = createGoogleCore({ clock: virtualClock('2026-01-01T00:00:00Z') })
  core.createCalendar({ id: HOST, timeZone: 'America/Chicago' })
  core.loadRaw(HOST, before)
  const { nextSyncToken = '' } = core.list(HOST)
  act(core)
  return core.list(HOST, { syncToken: nextSyncToken })
}

/** What is the same in every such change: all but when it was written, and which people and links it names. */
function comparable(events: readonly GoogleEvent[]): object {
  const shared = new Set(events.map(({ etag }) => etag)).size
  const items = events.map(({ etag: _etag, updated: _updated, summary: _, description: _2, ...rest }) => {
    const { creator: _3, organizer: _4, htmlLink: _5, ...same } = rest
    return same
  })
  return { shared, items }
}

const at = (page: EventsPage, index: number): GoogleEvent => {
  const event = page.items[index]
  if (!event) throw new Error(`the recording has no entry ${index}`)
  return event
}
const endless = (event: GoogleEvent, rule = 'RRULE:FREQ=DAILY'): GoogleEvent => ({
  ...event,
  recurrence: [rule],
})

recorded('an instance is deleted: the master and a cancelled exception', () => {
  const was = page('delete-single-1.json')
  const now = changesOf([at(was, 0)], (core) => core.delete(HOST, at(was, 1).id))
  assert.equal(comparable(now.items), comparable(was.items))
  assert.equal(Object.keys(at(now, 1)), Object.keys(at(was, 1)))
})

recorded('a series is deleted: one id-only entry', () => {
  const was = page('delete-all-1.json')
  const { id } = at(was, 0)
  const now = changesOf([{ ...at(page('create.json'), 0), id }], (core) => core.delete(HOST, id))
  assert.equal(comparable(now.items), comparable(was.items))
})

recorded('this and following are deleted: an earlier exception behind UNTIL is an id only', () => {
  const was = page('delete-this-and-following-2.json')
  const master = endless(at(was, 0))
  const now = changesOf([master], (core) => {
    core.delete(HOST, at(was, 1).id)
    core.end(HOST, `${master.id}_20250326T150000Z`)
  })
  assert.equal(comparable(now.items), comparable(was.items))
})

recorded('an instance is moved: its id keeps the first start, its sequence rises', () => {
  const was = page('edit-single-2.json')
  const [master, moved] = [at(was, 0), at(was, 1)]
  const now = changesOf([master], (core) =>
    core.drag(HOST, moved.id, { start: moved.start?.dateTime ?? '', end: moved.end?.dateTime ?? '' }),
  )
  assert.equal(comparable(now.items), comparable(was.items))
})

recorded('this and following are changed: the old master, its exceptions, and the `_R` master', () => {
  const was = page('edit-this-and-following-2.json')
  const split = at(was, 3)
  const before = [endless(at(was, 0)), at(was, 1), at(was, 2)]
  const now = changesOf(before, (core) => core.split(HOST, `${split.id.replace('_R', '_')}Z`))
  assert.equal(comparable(now.items), comparable(was.items))
})

recorded('a split series is split again, and its times are moved under a fresh id', () => {
  const again = page('edit-this-and-following-v2-1.json')
  const now = changesOf([endless(at(again, 0))], (core) =>
    core.split(HOST, 'e5srrkr361upjc2be22u6ti4pe_20250409T120000Z'),
  )
  assert.equal(comparable(now.items), comparable(again.items))

  const fresh = page('edit-this-and-following-v2-0.json')
  const [old, made] = [at(fresh, 0), at(fresh, 1)]
  const moved = changesOf([endless(old)], (core) =>
    core.split(HOST, `${old.id}_20250401T130000Z`, {
      freshId: true,
      change: { start: made.start ?? {}, end: made.end ?? {} },
    }),
  )
  const named = moved.items.map((event) =>
    event.id === old.id ? event : { ...event, id: made.id, iCalUID: `${made.id}@google.com` },
  )
  assert.equal(comparable(named), comparable(fresh.items))
})

test.run()
