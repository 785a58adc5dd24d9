import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type EventReading, readEvent } from '../../../infrastructure/google/google-event.ts'
import { readEventsPage } from '../../../infrastructure/google/google-events-page.ts'
import { instantOf, startOfDate } from '../../../infrastructure/google/google-time.ts'

const test = suite('reading Google events')

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../fixtures/google/${name}`, import.meta.url), 'utf8'))

function pageOf(name: string) {
  const page = readEventsPage(fixture(name))
  if (!page) throw new Error(`${name} is not a page`)
  return page
}

function eventOf(id: string) {
  const event = pageOf('events.json').events.find((one) => one.id === id)
  if (!event) throw new Error(`no event ${id}`)
  return event
}

/** As comparable text: instants in UTC. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

test('a page of every shape is read without a problem, with its sync token and zone', () => {
  const page = pageOf('events.json')
  assert.equal(page.problems, [])
  assert.is(page.events.length, 14)
  assert.is(page.nextSyncToken, 'ZmljdGl0aW91cw==')
  assert.is(page.nextPageToken, undefined)
  assert.is(page.timeZone, 'Europe/Berlin')
})

test('a timed event has instants, its own zone, its guests without addresses, and whether the copy is ours', () => {
  assert.equal(plain(eventOf('timed0000000000000000000a1')), {
    id: 'timed0000000000000000000a1',
    status: 'confirmed',
    etag: '"3544849200246000"',
    updated: '2026-03-02T09:00:00.123Z',
    organizerSelf: true,
    attendees: [
      { responseStatus: 'accepted', self: true, organizer: true },
      { responseStatus: 'declined' },
      { responseStatus: 'accepted', resource: true },
    ],
    times: {
      allDay: false,
      start: '2026-03-10T14:00:00Z',
      end: '2026-03-10T14:30:00Z',
      timeZone: 'America/New_York',
    },
  })
})

test('an all-day event keeps its dates, and an organiser without self is another one', () => {
  const event = eventOf('allday000000000000000000a2')
  assert.equal(event.times, { allDay: true, startDate: '2026-03-11', endDate: '2026-03-13' })
  assert.is(event.status, 'tentative')
  assert.is(event.organizerSelf, false)
})

test('both masters of a split series are series, and an instance names the later one whatever its id says', () => {
  assert.is(eventOf('series000000000000000000a3').isSeries, true)
  assert.is(eventOf('series000000000000000000a3_R20260316T090000').isSeries, true)
  const moved = eventOf('series000000000000000000a3_20260323T090000Z')
  assert.is(moved.isSeries, undefined)
  assert.is(moved.recurringEventId, 'series000000000000000000a3_R20260316T090000')
  assert.is(String(moved.originalStart), '2026-03-23T09:00:00Z')
  assert.is(moved.times?.allDay === false && String(moved.times.start), '2026-03-24T17:00:00Z')
})

test('none of the four shapes of a cancelled entry has times', () => {
  const cancelled = pageOf('events.json').events.filter((event) => event.status === 'cancelled')
  assert.is(cancelled.length, 4)
  for (const event of cancelled) assert.is(event.times, undefined)
  assert.equal(Object.keys(eventOf('gone00000000000000000000a4')).sort(), ['etag', 'id', 'status'])
  const exception = eventOf('series000000000000000000a3_20260330T080000Z')
  assert.is(String(exception.originalStart), '2026-03-30T08:00:00Z')
})

test('an event of 2012 without kind, status or zone is confirmed and timed', () => {
  const event = eventOf('_old0000000000000000000000a7')
  assert.is(event.status, 'confirmed')
  assert.equal(plain(event.times), {
    allDay: false,
    start: '2012-05-03T16:15:00Z',
    end: '2012-05-03T17:15:00Z',
  })
})

test('a time without an offset is resolved with the event zone, else with the calendar zone', () => {
  const own = eventOf('zoneless00000000000000000a8').times
  const calendars = eventOf('zoneless00000000000000000a9').times
  assert.is(own?.allDay === false && String(own.start), '2026-07-01T16:00:00Z')
  assert.is(calendars?.allDay === false && String(calendars.start), '2026-07-01T10:00:00Z')
})

test('the original start of an all-day instance is the beginning of that date in the calendar zone', () => {
  assert.is(String(eventOf('alldays0000000000000000b2_20260405').originalStart), '2026-04-04T22:00:00Z')
  assert.is(String(startOfDate('2018-11-04', undefined, 'America/Sao_Paulo')), '2018-11-04T03:00:00Z')
})

test('guests left out by Google are said to be left out', () => {
  const event = eventOf('guests00000000000000000b1')
  assert.is(event.attendeesOmitted, true)
  assert.equal(event.attendees, [{ responseStatus: 'declined', self: true }])
  assert.is(event.organizerSelf, false)
})

test('a time skipped by the clocks moves on, a repeated one is the first, as RFC 5545 says', () => {
  assert.is(String(instantOf('2026-03-29T02:30:00', undefined, 'Europe/Berlin')), '2026-03-29T01:30:00Z')
  assert.is(String(instantOf('2026-10-25T02:30:00', undefined, 'Europe/Berlin')), '2026-10-25T00:30:00Z')
  assert.is(String(instantOf('2011-12-30T12:00:00', undefined, 'Pacific/Apia')), '2011-12-30T22:00:00Z')
})

test('a malformed entry neither fails its page nor is mistaken for a deletion', () => {
  const page = pageOf('malformed.json')
  assert.equal(
    page.events.map((event) => `${event.id} ${event.status}${event.times ? ' timed' : ''}`),
    [
      'sound1 confirmed timed',
      'other confirmed',
      'idonly1 confirmed',
      'badtime1 confirmed',
      'badzone1 confirmed',
      'backwards1 confirmed timed',
      'mixed1 confirmed',
      'nodate1 confirmed',
      'status1 confirmed',
      'sound2 cancelled',
    ],
  )
  assert.equal(page.problems, [
    'NOT_AN_EVENT',
    'NOT_AN_EVENT',
    'NOT_AN_EVENT',
    'UNKNOWN_KIND',
    'MALFORMED_TIME',
    'MALFORMED_TIME',
    'MALFORMED_TIME',
    'MALFORMED_TIME',
    'MALFORMED_TIME',
    'UNKNOWN_STATUS',
  ])
})

const at = (hour: number) => ({ dateTime: `2026-03-10T${hour}:00:00Z` })
const byId = { byId: true }

test('an event of no length, or of less, is given with the times that it has', () => {
  for (const [start, end] of [
    [at(12), at(12)],
    [at(12), at(11)],
  ]) {
    const { event } = readEvent({ id: 'a', start, end }, undefined)
    assert.equal(plain(event?.times), {
      allDay: false,
      start: '2026-03-10T12:00:00Z',
      end: end?.dateTime,
    })
  }
})

test('an event without guests has none; whether a cancelled one has is not known', () => {
  assert.equal(readEvent({ id: 'a', start: at(10), end: at(11) }, undefined).event?.attendees, [])
  assert.is(readEvent({ id: 'a', status: 'cancelled' }, undefined).event?.attendees, undefined)
  const cut = { id: 'a', start: at(10), end: at(11), attendeesOmitted: true }
  assert.is(readEvent(cut, undefined).event?.attendees, undefined)
})

test('only an answer of events.get that holds nothing but an id says no more than that', () => {
  const bare = { kind: 'calendar#event', etag: '"1"', id: 'a', status: 'cancelled' }
  assert.is(readEvent(bare, undefined, byId).event?.idOnly, true)
  assert.is(readEvent(bare, undefined).event?.idOnly, undefined, 'a list shortens')
  const more = [
    { organizer: { self: true } },
    { created: '2026-03-02T09:00:00Z' },
    { start: { dateTime: '2000-01-01T00:00:00Z' }, end: { dateTime: '2000-01-02T00:00:00Z' } },
    { recurringEventId: 'series', originalStartTime: at(10) },
  ]
  for (const one of more)
    assert.is(readEvent({ ...bare, ...one }, undefined, byId).event?.idOnly, undefined, JSON.stringify(one))
  assert.is(readEvent({ id: 'a', start: at(10), end: at(11) }, undefined, byId).event?.idOnly, undefined)
})

test("on a group's calendar `self` is the calendar: neither host nor guest", () => {
  const entry = {
    id: 'a',
    start: at(10),
    end: at(11),
    organizer: { self: true },
    attendees: [{ self: true, responseStatus: 'declined' }, { responseStatus: 'accepted' }],
  }
  const { event } = readEvent(entry, undefined, { ofGroup: true })
  assert.equal(event?.attendees, [
    { responseStatus: 'declined', resource: true },
    { responseStatus: 'accepted' },
  ])
  assert.is(event?.organizerSelf, true)
})

test('an hour that the clocks skip leaves an event of no length, or ends it before it starts: as it is read', () => {
  const gap = (start: string, end: string) => {
    const at = (time: string) => ({ dateTime: `2026-03-29T${time}:00`, timeZone: 'Europe/Berlin' })
    const times = readEvent({ id: 'a', start: at(start), end: at(end) }, undefined).event?.times
    return times?.allDay === false ? `${times.start} ${times.end}` : undefined
  }
  assert.is(gap('02:30', '03:30'), '2026-03-29T01:30:00Z 2026-03-29T01:30:00Z')
  assert.is(gap('02:30', '03:00'), '2026-03-29T01:30:00Z 2026-03-29T01:00:00Z')
})

test('a year that RFC 3339 cannot write is no time', () => {
  for (const year of ['+010000', '-000001', '0000', '+275760']) {
    const at = { dateTime: `${year}-01-01T10:00:00Z` }
    const reading = readEvent({ id: 'a', start: at, end: at }, undefined)
    assert.is(!reading.ok && reading.problem, 'MALFORMED_TIME', year)
  }
})

test('an instant beyond the year 9999 in UTC is none, wherever it stands: the event alone is not read in full', () => {
  const times = { start: { dateTime: '2026-03-05T10:00:00Z' }, end: { dateTime: '2026-03-05T11:00:00Z' } }
  const late = '9999-12-31T23:30:00-10:00'
  const instance = { id: 'a', ...times, recurringEventId: 'series', originalStartTime: { dateTime: late } }
  const page = readEventsPage({ items: [instance, { id: 'b', ...times, created: late, updated: late }] })
  assert.equal(page?.problems, ['MALFORMED_TIME'])
  const [moved, other] = page?.events ?? []
  assert.is(moved?.originalStart, undefined)
  assert.equal([other?.id, other?.created, other?.updated], ['b', undefined, undefined])

  const west = { date: '9999-12-31', timeZone: 'Etc/GMT+12' }
  const early = { date: '0000-01-01', timeZone: 'Etc/GMT-14' }
  const untold = (original: object) =>
    readEvent({ id: 'a', ...times, originalStartTime: original }, undefined).event?.originalStart
  assert.is(untold(early), undefined)
  assert.is(String(untold(west)), '9999-12-31T12:00:00Z')
})

test('a guest whose answer is unreadable has not declined, and an unreadable list counts as left out', () => {
  const guests = [null, { responseStatus: 'Declined' }, { responseStatus: 'declined' }, 7]
  const start = { date: '2026-01-01' }
  const end = { date: '2026-01-02' }
  const some = readEvent({ id: 'a', start, end, attendees: guests }, undefined)
  assert.equal(
    some.event?.attendees?.map((guest) => guest.responseStatus),
    ['needsAction', 'needsAction', 'declined', 'needsAction'],
  )
  const none = readEvent({ id: 'a', start, end, attendees: 'everyone' }, undefined)
  assert.is(none.event?.attendees, undefined)
  assert.is(none.event?.attendeesOmitted, true)
})

test('what is not a page is not an empty page', () => {
  for (const body of ['<html>', null, {}, [], { items: 'none' }, { kind: 'calendar#acl', items: [] }])
    assert.is(readEventsPage(body), undefined, JSON.stringify(body))
  assert.equal(readEventsPage({ nextSyncToken: 'x' }), { events: [], problems: [], nextSyncToken: 'x' })
  assert.equal(readEventsPage({ items: [], nextPageToken: 'p', nextSyncToken: 'x' }), {
    events: [],
    problems: [],
    nextPageToken: 'p',
  })
})

test('no entry whatever makes the reading throw, and none is cancelled that Google did not call so', () => {
  const times = fc.record(
    {
      dateTime: fc.oneof(
        fc.string(),
        fc.constantFrom('2026-01-01T10:00:00', '2026-01-01T10:00:00Z'),
        fc.date(),
      ),
      date: fc.oneof(fc.string(), fc.constant('2026-01-01'), fc.integer()),
      timeZone: fc.oneof(fc.string(), fc.constantFrom('Europe/Berlin', 'UTC', '+01:00', 'GMT+25')),
    },
    { requiredKeys: [] },
  )
  const entry = fc.record(
    {
      id: fc.oneof(fc.string({ minLength: 1 }), fc.anything()),
      status: fc.oneof(fc.constantFrom('confirmed', 'cancelled', 'tentative'), fc.anything()),
      updated: fc.anything(),
      start: fc.oneof(times, fc.anything()),
      end: fc.oneof(times, fc.anything()),
      originalStartTime: fc.oneof(times, fc.anything()),
      recurringEventId: fc.anything(),
      recurrence: fc.anything(),
      organizer: fc.anything(),
      attendees: fc.oneof(fc.array(fc.anything()), fc.anything()),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(
      fc.oneof(entry, fc.anything()),
      fc.option(fc.constant('Asia/Tokyo'), { nil: undefined }),
      (value, zone) => {
        const reading: EventReading = readEvent(value, zone)
        const said =
          typeof value === 'object' && value !== null && 'status' in value ? value.status : undefined
        if (reading.event?.status === 'cancelled') assert.is(said, 'cancelled')
        if (reading.event?.status === 'cancelled') assert.is(reading.event.times, undefined)
        if (reading.ok && reading.event.status !== 'cancelled') assert.ok(reading.event.times)
        readEventsPage({ items: [value], timeZone: zone })
      },
    ),
    { numRuns: 2000 },
  )
})

test('the zone of the machine changes nothing', async () => {
  const script = `
    import { readFileSync } from 'node:fs'
    import { readEventsPage } from ${JSON.stringify(
      new URL('../../../infrastructure/google/google-events-page.ts', import.meta.url).href,
    )}
    const body = JSON.parse(readFileSync(process.argv[1], 'utf8'))
    process.stdout.write(JSON.stringify(readEventsPage(body)))`
  const file = fileURLToPath(new URL('../../fixtures/google/events.json', import.meta.url))
  const expected = JSON.stringify(pageOf('events.json'))
  for (const TZ of ['Pacific/Apia', 'America/St_Johns', 'UTC']) {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', script, file],
      { env: { ...process.env, TZ } },
    )
    assert.is(stdout, expected, TZ)
  }
})

test.run()
