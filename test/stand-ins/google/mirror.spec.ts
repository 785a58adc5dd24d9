import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createGoogleCore, type GoogleCore } from '../../../stand-ins/google/google-core.ts'
import type { GoogleEvent } from '../../../stand-ins/google/google-json.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { HOST, morning } from './stand-in-client.ts'

const test = suite("Google's stand-in: a mirror kept by sync tokens")

const OTHER = 'other@example.com'

/** What a client must keep: what is not cancelled, and cancelled instances of series that are there. */
type Mirror = Map<string, GoogleEvent>

function apply(mirror: Mirror, event: GoogleEvent): void {
  if (event.status === 'cancelled' && event.recurringEventId === undefined) {
    mirror.delete(event.id)
    for (const [id, kept] of mirror) if (kept.recurringEventId === event.id) mirror.delete(id)
  } else mirror.set(event.id, event)
}

type Reader = { mirror: Mirror; syncToken?: string; pageToken?: string }

/** Reads one page, so that changes fall between pages too. */
function readPage(core: GoogleCore, reader: Reader, maxResults: number): boolean {
  const page = core.list(HOST, {
    maxResults: String(maxResults),
    ...(reader.syncToken !== undefined && { syncToken: reader.syncToken }),
    ...(reader.pageToken !== undefined && { pageToken: reader.pageToken }),
  })
  for (const event of page.items) apply(reader.mirror, event)
  if (page.nextPageToken === undefined) delete reader.pageToken
  else reader.pageToken = page.nextPageToken
  if (page.nextSyncToken !== undefined) reader.syncToken = page.nextSyncToken
  return page.nextPageToken === undefined
}

const asText = (mirror: Mirror) => [...mirror.values()].map((event) => JSON.stringify(event)).sort()

const step = fc.record({
  what: fc.constantFrom(
    'single',
    'series',
    'drag',
    'resize',
    'delete',
    'restore',
    'split',
    'end',
    'rename',
    'decline',
    'clear',
    'transfer',
    'organiser',
    'detach',
    'shift',
    'read',
    'read',
    'snapshot',
  ),
  which: fc.nat(1000),
  day: fc.integer({ min: 1, max: 28 }),
  size: fc.integer({ min: 1, max: 4 }),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** An instance is deleted, the series then ends before it, and then somebody wants it back. */
const restoredBehindTheEnd: Step[] = [
  { what: 'series', which: 0, day: 1, size: 1 },
  { what: 'read', which: 0, day: 1, size: 1 },
  { what: 'delete', which: 326, day: 1, size: 1 },
  { what: 'end', which: 618, day: 1, size: 1 },
  { what: 'restore', which: 116, day: 1, size: 1 },
]

/** Everything that a person could click on: events, and the first instances of each series. */
function targets(core: GoogleCore): string[] {
  return [...core.calendar(HOST).entries.values()].flatMap(({ event }) => [
    event.id,
    ...(event.recurrence
      ? core.instances(HOST, event.id, { showDeleted: 'true' }).items.slice(0, 5)
      : []
    ).map(({ id }) => id),
  ])
}

function perform(core: GoogleCore, { what, which, day }: Step): void {
  if (what === 'single') core.insert(HOST, morning(day))
  if (what === 'series') core.insert(HOST, morning(day, { recurrence: ['RRULE:FREQ=DAILY;COUNT=9'] }))
  if (what === 'clear' && which % 10 === 0) core.clear(HOST)
  const ids = targets(core)
  const id = ids[which % Math.max(ids.length, 1)]
  if (id === undefined) return
  const time = `2030-01-${String(day).padStart(2, '0')}T13:00:00-06:00`
  if (what === 'drag') core.drag(HOST, id, { start: time })
  if (what === 'resize') core.resize(HOST, id, '2030-12-01T13:00:00-06:00')
  if (what === 'delete') core.delete(HOST, id)
  if (what === 'restore') core.restoreEvent(HOST, id)
  if (what === 'split') core.split(HOST, id, { change: { summary: `From ${day}` } })
  if (what === 'end') core.end(HOST, id)
  if (what === 'rename') core.patch(HOST, id, { summary: `Name ${day}` })
  if (what === 'decline') core.respond(HOST, id, { response: 'declined' })
  if (what === 'organiser')
    core.habits.changeOrganiser(HOST, id, { email: OTHER, formerStaysGuest: day > 14 })
  if (what === 'detach') core.habits.detach(HOST, id)
  if (what === 'shift') core.habits.massEdit(HOST, { kind: 'shift', minutes: day, oneEtag: which % 2 === 0 })
  if (what === 'transfer') core.transfer(HOST, id, OTHER)
}

test('whatever is done, and whenever it is read, the mirror is what a fresh full list gives', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const core = createGoogleCore({ clock: virtualClock(), seed: 5 })
      core.createCalendar({ id: HOST, timeZone: 'America/Chicago' })
      core.createCalendar({ id: OTHER })
      const reader: Reader = { mirror: new Map() }
      for (const one of steps) {
        if (one.what === 'read') readPage(core, reader, one.size)
        else if (one.what === 'snapshot') core.restore(JSON.parse(JSON.stringify(core.snapshot())))
        else attempt(() => perform(core, one))
      }
      while (!readPage(core, reader, 3));
      while (!readPage(core, reader, 3));
      const fresh: Reader = { mirror: new Map() }
      while (!readPage(core, fresh, 100));
      assert.equal(asText(reader.mirror), asText(fresh.mirror))
    }),
    { numRuns: 300, examples: [[restoredBehindTheEnd]] },
  )
})

test('etags rise strictly, whatever the clock does', () => {
  const core = createGoogleCore({ clock: virtualClock() })
  core.createCalendar({ id: HOST })
  let last = 0n
  for (let at = 0; at < 2000; at++) {
    const etag = BigInt(core.insert(HOST, morning(1 + (at % 28))).etag?.slice(1, -1) ?? '')
    assert.ok(etag > last)
    last = etag
  }
})

/** What a person cannot do here (split a single event, delete twice) is refused and changes nothing. */
function attempt(run: () => void): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof Error) || !('reason' in error)) throw error
  }
}

test.run()
