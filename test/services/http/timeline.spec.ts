import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { applyLook } from '../../../commands/apply-look.ts'
import { Timeline } from '../../../services/http/answers.ts'
import { appendNext } from '../../support/append-next.ts'
import { type HttpFixture, withHttp } from '../../support/http-fixture.ts'
import { assertProblem } from '../../support/problem.ts'

const test = suite('timeline over HTTP')
const calendar = { provider: 'google', externalCalendarId: 'host@example.com' }
const times = { start: '2026-03-05T10:00:00Z', end: '2026-03-05T10:30:00Z' }

const timelineOf = async ({ ask }: HttpFixture, uid: string) =>
  Timeline.parse((await ask('GET', `/bookings/${uid}/timeline`)).body)

async function tracked(http: HttpFixture, bookingUid: string): Promise<void> {
  const references = [{ ...calendar, externalEventId: `event-${bookingUid}` }]
  await http.command('TrackBooking', { bookingUid, userId: 'u1', ...times, references })
  await http.clock.advance(60_000)
}

const moved = (http: HttpFixture, bookingUid: string) =>
  http.command('ApplyExternalEventChange', {
    ...calendar,
    observedAt: http.clock.now().toString(),
    change: {
      id: `event-${bookingUid}`,
      status: 'confirmed',
      etag: '"3181161784712000"',
      updated: http.clock.now().toString(),
      start: '2026-03-05T14:00:00Z',
      end: '2026-03-05T14:30:00Z',
    },
  })

test(
  'tells each event of a booking, oldest first, with who did it, what caused it and a sentence',
  withHttp(async (http) => {
    await tracked(http, 'b1')
    const decided = await moved(http, 'b1')
    assert.is(decided.body.decision.code, 'RESCHEDULED', decided.text)
    const { answer, entries } = await timelineOf(http, 'b1')
    assert.match(answer, /^[A-Z].*\.$/)
    assert.equal(
      entries.map(({ type }) => type),
      ['BookingTracked', 'BookingReferenceLinked', 'BookingRescheduled'],
    )
    const [first, , last] = entries
    assert.is(first?.time, '2026-03-02T08:00:00Z')
    assert.is(last?.time, '2026-03-02T08:01:00Z')
    assert.is(last?.actor, 'api:default')
    assert.equal(last?.data.previous, times)
    assert.is(last?.data.sequence, 1)
    assert.match(String(last?.data.calendarKey), /^[0-9a-f]{32}$/)
    for (const internal of ['fingerprint', 'at', 'settles']) assert.not.ok(internal in (last?.data ?? {}))
    assert.is(last?.cause.etag, '"3181161784712000"')
    assert.is(last?.cause.updated, '2026-03-02T08:01:00Z')
    assert.ok(last?.cause.command)
    assert.ok(entries.every(({ sentence }) => /^[A-Z].*\.$/.test(sentence)))
    assert.equal(
      entries.map(({ position }) => position),
      entries.map(({ position }) => position).toSorted(),
    )
    assert.not.match(JSON.stringify(entries), /host@example.com/)
  }),
)

test(
  'names the push, or the look without one, that a decision rests on',
  withHttp(async (http) => {
    await tracked(http, 'b1')
    const { ports, clock } = http
    const push = { channelId: 'ch1', messageNumber: 42, receivedAt: clock.now().toString() }
    const calendarKey = (await ports.calendars.find(calendar)) ?? ''
    const eventAt = (etag: string, hour: number) => ({
      id: 'event-b1',
      status: 'confirmed' as const,
      etag,
      updated: clock.now(),
      times: {
        allDay: false as const,
        start: Temporal.Instant.from(`2026-03-05T${hour}:00:00Z`),
        end: Temporal.Instant.from(`2026-03-05T${hour}:30:00Z`),
      },
    })
    const lookAt = (cause: typeof push | { poll: true; reason: 'RECONCILE' }, etag: string, hour: number) =>
      applyLook(
        ports,
        { actor: 'sync-worker', correlationId: 'c', causationId: 'd', cause },
        'b1',
        {
          observedAt: clock.now(),
          sights: [{ calendarKey, externalEventId: 'event-b1', result: { seen: eventAt(etag, hour) } }],
        },
        { now: clock.now(), mode: 'apply' },
      )
    await lookAt(push, '"1"', 14)
    await clock.advance(1000)
    await lookAt({ poll: true, reason: 'RECONCILE' }, '"2"', 15)
    const { entries } = await timelineOf(http, 'b1')
    const causes = entries.filter(({ type }) => type === 'BookingRescheduled').map(({ cause }) => cause)
    assert.equal(causes, [
      { ...push, updated: '2026-03-02T08:01:00Z', etag: '"1"' },
      { poll: true, reason: 'RECONCILE', updated: '2026-03-02T08:01:01Z', etag: '"2"' },
    ])
  }),
)

test(
  'follows a chain of reschedules both ways, from wherever it is asked, and ends where it is a circle',
  withHttp(async (http) => {
    await http.command('TrackBooking', { bookingUid: 'a', userId: 'u1', ...times })
    await http.command('CloseBooking', { bookingUid: 'a', reason: 'RESCHEDULED', rescheduledToUid: 'b' })
    await http.ports.events.append('booking-b', 'no-stream', [
      {
        id: http.ports.newId(),
        type: 'BookingTracked',
        data: {
          bookingUid: 'b',
          userId: 'u1',
          status: 'ACCEPTED',
          ...times,
          rescheduledFromUid: 'a',
          at: '2026-03-02T08:00:00Z',
        },
        metadata: { correlationId: 'c', causationId: 'd', actor: 'webhook:calcom' },
      },
    ])
    await http.command('CloseBooking', { bookingUid: 'b', reason: 'RESCHEDULED', rescheduledToUid: 'c' })
    await http.ports.events.append('booking-c', 'no-stream', [
      {
        id: http.ports.newId(),
        type: 'BookingTracked',
        data: {
          bookingUid: 'c',
          userId: 'u1',
          status: 'ACCEPTED',
          ...times,
          rescheduledFromUid: 'b',
          at: '2026-03-02T08:00:00Z',
        },
        metadata: { correlationId: 'c', causationId: 'd', actor: 'webhook:calcom' },
      },
    ])
    const whole = ['a', 'a', 'b', 'b', 'c']
    for (const uid of ['a', 'b', 'c']) {
      const { entries } = await timelineOf(http, uid)
      assert.equal(
        entries.map(({ bookingUid }) => bookingUid),
        whole,
        uid,
      )
    }
    await http.command('CloseBooking', { bookingUid: 'c', reason: 'RESCHEDULED', rescheduledToUid: 'a' })
    assert.is((await timelineOf(http, 'b')).entries.length, 6)
  }),
)

test(
  'follows a chain back also where only the booking before says where it went on',
  withHttp(async (http) => {
    await tracked(http, 'b1')
    await http.command('CloseBooking', { bookingUid: 'b1', rescheduledToUid: 'b2' })
    await http.command('CloseBooking', { bookingUid: 'never seen', rescheduledToUid: 'b2' })
    await tracked(http, 'b2')
    await http.ports.caughtUp('all')
    const { entries } = await timelineOf(http, 'b2')
    assert.equal(
      entries.map(({ bookingUid, type }) => `${bookingUid} ${type}`),
      [
        'b1 BookingTracked',
        'b1 BookingReferenceLinked',
        'b1 BookingClosed',
        'never seen BookingClosed',
        'b2 BookingTracked',
        'b2 BookingReferenceLinked',
      ],
    )
  }),
)

test(
  'shows what a newer version has written as far as it can be read',
  withHttp(async (http) => {
    await tracked(http, 'b1')
    await appendNext(http.ports.events, 'booking-b1', [
      {
        id: http.ports.newId(),
        type: 'BookingTurnedGolden',
        data: { shade: 'warm' },
        metadata: { correlationId: 'c', causationId: 'd', actor: 'newer' },
      },
    ])
    const { entries } = await timelineOf(http, 'b1')
    assert.match(entries.at(-1)?.sentence ?? '', 'a newer version')
    assert.equal(entries.at(-1)?.data, { shade: 'warm' })
  }),
)

test(
  'answers 404 with the likely cause for a uid without events',
  withHttp(async (http) => {
    const { detail } = assertProblem(await http.ask('GET', '/bookings/none/timeline'), 404, 'BOOKING_UNKNOWN')
    assert.match(detail, /webhook/)
    await http.command('TrackBooking', { bookingUid: 'b1', userId: 'u1', ...times })
    await http.ports.caughtUp('bookings')
    const other = assertProblem(await http.ask('GET', '/bookings/none/timeline'), 404, 'BOOKING_UNKNOWN')
    assert.match(other.detail, /TrackBooking/)
  }),
)

test.run()
