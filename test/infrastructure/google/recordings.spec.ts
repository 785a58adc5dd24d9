import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { errorOfAnswer } from '../../../infrastructure/google/google-errors.ts'
import { isRecord, readEvent } from '../../../infrastructure/google/google-event.ts'
import { readEventsPage } from '../../../infrastructure/google/google-events-page.ts'

// The recordings are other people's data: they are read in place, and what is expected of them is said here in shapes
// and relations, without their ids, times or tokens.
const project = resolve(import.meta.dirname, '../../..')
const folder = resolve(project, process.env.RECORDINGS_DIR ?? '../shared/recordings')
const now = Temporal.Instant.from('2026-03-02T09:00:00Z')

const LISTS = 27
const EVENTS = 78
const ERRORS = 29

const compass = 'SwitchbackTech-compass'
const handley = 'handley-lab-mcp-handley-lab'
const northworld = 'northworld-google_calendar'

/** #n: of the n-th event of the same file; otherwise of one that is not in it. */
const shapes: Record<string, string[]> = {
  [`${compass}/gcal-events-mixed.json`]: [
    'cancelled exception of another',
    'cancelled id-only',
    'series',
    ...Array<string>(10).fill('instance of #2'),
    'all-day',
    ...Array<string>(3).fill('timed'),
  ],
  [`${compass}/incremental/create.json`]: ['series'],
  [`${compass}/incremental/delete-all-1.json`]: ['cancelled id-only'],
  [`${compass}/incremental/delete-all-2.json`]: ['cancelled id-only'],
  [`${compass}/incremental/delete-single-1.json`]: ['series', 'cancelled exception of #0'],
  [`${compass}/incremental/delete-single-2.json`]: ['series', 'cancelled exception of #0'],
  [`${compass}/incremental/delete-this-and-following-1.json`]: ['series', 'cancelled exception of #0'],
  [`${compass}/incremental/delete-this-and-following-2.json`]: ['series', 'cancelled id-only'],
  [`${compass}/incremental/edit-all-1.json`]: ['series', 'instance of #0', 'series'],
  [`${compass}/incremental/edit-all-2.json`]: ['series', 'instance of #0', 'series'],
  [`${compass}/incremental/edit-single-1.json`]: ['series', 'moved instance of #0'],
  [`${compass}/incremental/edit-single-2.json`]: ['series', 'moved instance of #0'],
  [`${compass}/incremental/edit-single-3.json`]: ['series', ...Array<string>(3).fill('instance of #0')],
  [`${compass}/incremental/edit-single-4.json`]: ['moved instance of another'],
  [`${compass}/incremental/edit-this-and-following-1.json`]: ['series', 'series'],
  [`${compass}/incremental/edit-this-and-following-2.json`]: [
    'series',
    'moved instance of #0',
    'moved instance of #0',
    'series',
  ],
  [`${compass}/incremental/edit-this-and-following-3.json`]: ['series', 'series'],
  [`${compass}/incremental/edit-this-and-following-4.json`]: ['series', 'instance of #0', 'series'],
  [`${compass}/incremental/edit-this-and-following-v2-0.json`]: ['series', 'series'],
  [`${compass}/incremental/edit-this-and-following-v2-1.json`]: ['series', 'series'],
  [`${compass}/incremental/edit-this-and-following-v2-2.json`]: ['series', 'series'],
  'chaserx-assignmentsbot/public-calendar-apikey-2018.json': Array<string>(4).fill('all-day'),
  [`${handley}/event-lifecycle-with-401-refresh.json`]: Array<string>(3).fill('timed'),
  [`${handley}/move-event.json`]: ['timed', 'cancelled in full, not ours', 'cancelled placeholder'],
  [`${northworld}/cancelled-exception-2015.json`]: ['cancelled exception of another'],
  'sis-berkeley-edu-calcentral/events-list-two-pages-2012.json': [
    ...Array<string>(6).fill('series'),
    'moved instance of another',
  ],
}

const refused = '401 authError CREDENTIAL_REFUSED'
const missing = '404 notFound NOT_FOUND'
const errors: Record<string, string[]> = {
  [`${compass}/errors/400-invalid-syncToken-on-watch.json`]: ['400 invalid SYNC_TOKEN_EXPIRED'],
  [`${compass}/errors/400-invalid_grant-token-endpoint.json`]: ['400 invalid_grant CREDENTIAL_REFUSED'],
  [`${compass}/errors/410-fullSyncRequired-on-watch.json`]: ['410 fullSyncRequired SYNC_TOKEN_EXPIRED'],
  [`${handley}/400-invalid-attendee-email.json`]: ['400 invalid BAD_REQUEST'],
  [`${handley}/400-timeRangeEmpty.json`]: ['400 timeRangeEmpty BAD_REQUEST'],
  [`${handley}/404-calendar-notFound.json`]: [refused, missing, missing],
  [`${handley}/event-lifecycle-with-401-refresh.json`]: Array<string>(4).fill(refused),
  [`${handley}/move-event.json`]: Array<string>(5).fill(refused),
  [`${northworld}/errors-doc-copies.json`]: [
    '400 timeRangeEmpty BAD_REQUEST',
    refused,
    missing,
    '409 duplicate BAD_REQUEST',
    '410 deleted GONE',
    '412 conditionNotMet BAD_REQUEST',
    '500 backendError UNAVAILABLE',
    '403 quotaExceeded RATE_LIMITED',
    '403 dailyLimitExceeded RATE_LIMITED',
    '403 ForbiddenError FORBIDDEN',
    '403 rateLimitExceeded RATE_LIMITED',
    '403 userRateLimitExceeded RATE_LIMITED',
  ],
}

const test = suite('recorded traffic of Google')
if (existsSync(folder)) addTests()
else {
  console.log(`SKIP recorded traffic of Google: nothing is at ${folder}; RECORDINGS_DIR names another folder`)
  test.skip('every recorded body is understood (RECORDINGS_DIR)', () => {})
}
test.run()

type Body = Record<string, unknown>
type Found = { lists: Body[]; events: Body[]; errors: { status: number; url: string; body: unknown }[] }

function bodiesIn(file: string): Found {
  const found: Found = { lists: [], events: [], errors: [] }
  const visit = (value: unknown, url: string): void => {
    if (Array.isArray(value)) for (const one of value) visit(one, url)
    if (!isRecord(value)) return
    const { request, response, error, kind } = value
    const asked = isRecord(request) && typeof request.url === 'string' ? request.url : url
    if (isRecord(response) && typeof response.status === 'number' && response.status >= 400)
      found.errors.push({ status: response.status, url: asked, body: response.body })
    else if (url === '' && isRecord(error) && typeof error.code === 'number')
      found.errors.push({ status: error.code, url, body: value })
    if (kind === 'calendar#events') found.lists.push(value)
    if (kind === 'calendar#event') found.events.push(value)
    for (const one of Object.values(value)) visit(one, asked)
  }
  visit(JSON.parse(readFileSync(join(folder, file), 'utf8')), '')
  return found
}

function shapesIn(file: string): string[] {
  const bodies = bodiesIn(file).events
  const ids = bodies.map((body) => body.id)
  return bodies.map((body) => {
    const reading = readEvent(body, undefined)
    if (!reading.ok) return `unreadable: ${reading.problem}`
    const { status, times, isSeries, recurringEventId, originalStart, organizerSelf } = reading.event
    const place = ids.indexOf(recurringEventId)
    const master = place >= 0 ? `#${place}` : 'another'
    if (status === 'cancelled') {
      if (recurringEventId) return `cancelled exception of ${master}`
      if (!body.start) return 'cancelled id-only'
      return body.organizer
        ? `cancelled in full, ${organizerSelf ? 'ours' : 'not ours'}`
        : 'cancelled placeholder'
    }
    if (organizerSelf !== true) return 'not ours'
    if (times?.allDay) return 'all-day'
    if (isSeries) return 'series'
    if (!recurringEventId) return 'timed'
    const moved = !originalStart || !times?.start.equals(originalStart)
    return `${moved ? 'moved instance' : 'instance'} of ${master}`
  })
}

const errorsIn = (file: string) =>
  bodiesIn(file).errors.map(({ status, url, body }) => {
    const error = errorOfAnswer({ status, body }, { now, syncToken: url.includes('syncToken=') })
    return `${status} ${error.reason} ${error.code}`
  })

/** The instant by another way than the reader's: every recorded dateTime has its offset. */
const millisecondsOf = (time: unknown) =>
  isRecord(time) && typeof time.dateTime === 'string' ? Date.parse(time.dateTime) : undefined

function addTests(): void {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .sort()

  test('every recorded event is read in full, at its very instants, and a cancelled one has no times', () => {
    let count = 0
    for (const file of files) {
      for (const body of bodiesIn(file).events) {
        count++
        const reading = readEvent(body, undefined)
        assert.ok(reading.ok, file)
        const event = reading.event
        if (!event) continue
        assert.is(event.id, body.id)
        assert.is(event.etag, body.etag)
        assert.is(event.status, body.status)
        assert.is(event.recurringEventId, body.recurringEventId)
        assert.is(event.originalStart?.epochMilliseconds, millisecondsOf(body.originalStartTime), file)
        if (typeof body.updated === 'string')
          assert.is(event.updated?.epochMilliseconds, Date.parse(body.updated), file)
        assert.is(event.times === undefined, event.status === 'cancelled', file)
        if (event.times?.allDay === false) {
          assert.is(event.times.start.epochMilliseconds, millisecondsOf(body.start), file)
          assert.is(event.times.end.epochMilliseconds, millisecondsOf(body.end), file)
        }
      }
    }
    assert.is(count, EVENTS)
  })

  test('every recorded list is a page with all of its events, its tokens and its zone', () => {
    let count = 0
    for (const file of files) {
      for (const body of bodiesIn(file).lists) {
        count++
        const page = readEventsPage(body)
        assert.equal(page?.problems, [], file)
        assert.is(page?.events.length, Array.isArray(body.items) ? body.items.length : 0, file)
        assert.is(page?.nextPageToken, body.nextPageToken, file)
        assert.is(page?.nextSyncToken, body.nextSyncToken, file)
        assert.is(page?.timeZone, body.timeZone, file)
        if (file.includes('/incremental/')) assert.type(page?.nextSyncToken, 'string', file)
      }
    }
    assert.is(count, LISTS)
  })

  test('every recorded error and every file that holds events has its expectation here', () => {
    const withErrors = files.filter((file) => bodiesIn(file).errors.length > 0)
    assert.equal(withErrors, Object.keys(errors).sort())
    assert.is(Object.values(errors).flat().length, ERRORS)
    const withEvents = files.filter((file) => bodiesIn(file).events.length > 0)
    assert.equal(withEvents, Object.keys(shapes).sort())
    assert.is(Object.values(shapes).flat().length, EVENTS)
  })

  for (const [file, expected] of Object.entries(shapes))
    test(`the events of ${file} are what the index says`, () => assert.equal(shapesIn(file), expected))

  for (const [file, expected] of Object.entries(errors))
    test(`the errors of ${file} are told apart`, () => assert.equal(errorsIn(file), expected))

  test('both masters of a split come with one etag, and a write changes the etag of an event', () => {
    const split = bodiesIn(`${compass}/incremental/edit-this-and-following-1.json`).events
    assert.is(readEvent(split[0], undefined).event?.etag, readEvent(split[1], undefined).event?.etag)
    const life = bodiesIn(`${handley}/event-lifecycle-with-401-refresh.json`).events
    const [created, read, patched] = life.map((body) => readEvent(body, undefined).event?.etag)
    assert.is(created, read)
    assert.is.not(read, patched)
  })
}
