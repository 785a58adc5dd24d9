import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { allCommands } from '../../../commands/all-commands.ts'
import { OutcomeUnknown, StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { CommandAnswer } from '../../../services/http/command-routes.ts'
import { withHttp } from '../../support/http-fixture.ts'
import { assertProblem } from '../../support/problem.ts'

const test = suite('commands over HTTP')
const registration = { userId: 'u1', provider: 'google', externalCalendarId: 'host@example.com' }

test(
  'answers what was appended, where, and up to where to wait; sent again, it is already so',
  withHttp(async ({ command }) => {
    const first = await command('RegisterCalendarSync', registration)
    assert.is(first.status, 200, first.text)
    const answer = CommandAnswer.parse(first.body)
    assert.is(answer.stream, `calendarSync-${answer.id}`)
    assert.is(answer.revision, 0)
    assert.equal(answer.events, ['CalendarSyncRegistered'])
    assert.match(first.headers.get('X-Consistency-Position') ?? '', /^\d+$/)
    const again = await command('RegisterCalendarSync', registration)
    assert.equal(again.body, { ...answer, events: [] })
    assert.is(again.headers.get('X-Consistency-Position'), first.headers.get('X-Consistency-Position'))
  }),
)

test(
  'refuses primary, which is another calendar for each credential, and says what to write instead',
  withHttp(async ({ command }) => {
    const primary = { provider: 'google', externalCalendarId: 'Primary' }
    const booking = { bookingUid: 'b1', start: '2030-01-07T10:00:00Z', end: '2030-01-07T10:30:00Z' }
    const cancelled = { id: 'e1', status: 'cancelled' }
    for (const [name, body] of [
      ['RegisterCalendarSync', primary],
      ['RegisterSelectedCalendar', { ...primary, credentialId: 'c1' }],
      ['ApplyExternalEventChange', { ...primary, observedAt: booking.start, change: cancelled }],
      ['TrackBooking', { ...booking, references: [{ ...primary, externalEventId: 'e1' }] }],
    ] as const) {
      const asked = await command(name, { userId: 'u1', ...body })
      const { problems } = assertProblem(asked, 400, 'BODY_INVALID')
      assert.is(problems?.length, 1)
      assert.match(problems?.[0]?.path ?? '', /externalCalendarId$/)
      assert.match(problems?.[0]?.message ?? '', /e-mail address/)
    }
    assertProblem(await command('FetchNow', primary), 404, 'CALENDAR_UNKNOWN')
  }),
)

test(
  'takes a calendar in any letter case for the same one',
  withHttp(async ({ command }) => {
    const shouted = { ...registration, externalCalendarId: 'HOST@Example.com' }
    const first = CommandAnswer.parse((await command('RegisterCalendarSync', registration)).body)
    const again = CommandAnswer.parse((await command('RegisterCalendarSync', shouted)).body)
    assert.equal([again.id, again.events], [first.id, []])
    assert.is((await command('FetchNow', shouted)).status, 200)
  }),
)

test(
  'lists everything that is wrong with a body, by field and without the values',
  withHttp(async ({ command }) => {
    const asked = await command('TrackBooking', {
      bookingUid: '',
      start: 'secret-value',
      end: 5,
      references: [{ provider: 'outlook', externalEventId: 'e' }],
    })
    const { problems = [] } = assertProblem(asked, 400, 'BODY_INVALID')
    assert.equal(problems.map(({ path }) => path).toSorted(), [
      'bookingUid',
      'end',
      'references[0].externalCalendarId',
      'references[0].provider',
      'start',
      'userId',
    ])
    assert.not.match(asked.text, /secret-value|outlook/)
    assertProblem(await command('TrackBooking', [1]), 400, 'BODY_INVALID')
    assertProblem(await command('TrackBooking', 'null'), 400, 'BODY_INVALID')
  }),
)

test(
  'refuses times that cannot be read, also where nothing else is wrong with the body',
  withHttp(async ({ command }) => {
    const booking = { bookingUid: 'b1', userId: 'u1', end: '2030-01-07T10:30:00Z' }
    for (const start of [
      'tomorrow',
      '2030',
      '2030-02-30T10:00:00Z',
      '2030-01-07T10:00:00',
      '2030-01-07T10:00:00.1234567890Z',
      '0000-01-01T00:00:00+01:00',
    ]) {
      const { problems = [] } = assertProblem(
        await command('TrackBooking', { ...booking, start }),
        400,
        'BODY_INVALID',
      )
      assert.equal(
        problems.map(({ path }) => path),
        ['start'],
      )
      assertProblem(await command('RecordBookingTimes', { ...booking, start }), 400, 'BODY_INVALID')
    }
  }),
)

test(
  'refuses a uid that is not whole Unicode, for no stream could bear its name',
  withHttp(async ({ command }) => {
    for (const bookingUid of ['b\ud800', '\udc00b', 'b\u0000']) {
      const { problems = [] } = assertProblem(
        await command('CloseBooking', { bookingUid }),
        400,
        'BODY_INVALID',
      )
      assert.equal(
        problems.map(({ path }) => path),
        ['bookingUid'],
      )
    }
    assert.is((await command('CloseBooking', { bookingUid: 'b\u{1f600}' })).status, 200)
  }),
)

test(
  'refuses a booking that would go on as itself',
  withHttp(async ({ command }) => {
    const { problems = [] } = assertProblem(
      await command('CloseBooking', { bookingUid: 'b1', rescheduledToUid: 'b1' }),
      400,
      'BODY_INVALID',
    )
    assert.equal(
      problems.map(({ path }) => path),
      ['rescheduledToUid'],
    )
  }),
)

test(
  'answers an unknown command with the names that there are',
  withHttp(async ({ command }) => {
    const problem = assertProblem(await command('trackBooking', {}), 404, 'COMMAND_UNKNOWN')
    assert.equal(
      problem.commands,
      allCommands.map(({ name }) => name),
    )
    assertProblem(await command('constructor', {}), 404, 'COMMAND_UNKNOWN')
  }),
)

test(
  'answers 404 for what is not there and 409 for a rule that would be broken, with its code',
  withHttp(async ({ command }) => {
    assertProblem(
      await command('PauseCalendarSync', { calendarSyncId: 'none' }),
      404,
      'CALENDAR_SYNC_NOT_REGISTERED',
    )
    assertProblem(await command('FetchNow', registration), 404, 'CALENDAR_UNKNOWN')
    const times = { start: '2026-03-05T10:00:00Z', end: '2026-03-05T10:30:00Z' }
    await command('TrackBooking', { bookingUid: 'b1', userId: 'u1', ...times })
    await command('CloseBooking', { bookingUid: 'b1' })
    assertProblem(await command('RecordBookingTimes', { bookingUid: 'b1', ...times }), 409, 'BOOKING_CLOSED')
  }),
)

test(
  'answers a decision with its code and sentence',
  withHttp(async ({ command }) => {
    const times = { start: '2026-03-05T10:00:00Z', end: '2026-03-05T10:30:00Z' }
    const { body } = await command('ApplyExternalEventChange', {
      provider: 'google',
      externalCalendarId: 'host@example.com',
      observedAt: '2026-03-02T08:00:00Z',
      change: { id: 'e1', status: 'confirmed', ...times },
    })
    const { decision } = CommandAnswer.parse(body)
    assert.is(decision?.code, 'NOT_LINKED')
    assert.match(decision?.sentence ?? '', /^[A-Z].*\.$/)
  }),
)

test(
  'refuses a date beyond the year 9999',
  withHttp(async ({ command }) => {
    const sent = (date: string) =>
      command('ApplyExternalEventChange', {
        provider: 'google',
        externalCalendarId: 'host@example.com',
        observedAt: '2026-03-02T08:00:00Z',
        change: { id: 'e1', status: 'confirmed', start: { date: '9999-12-30' }, end: { date } },
      })
    assert.is((await sent('9999-12-31')).status, 200)
    for (const date of ['10000-01-01', '+010000-01-01']) assertProblem(await sent(date), 400, 'BODY_INVALID')
  }),
)

test(
  'refuses a change from the future, since what changes until then would be older',
  withHttp(async ({ command, clock }) => {
    const minutes = (n: number) =>
      clock
        .now()
        .add({ seconds: n * 60 })
        .toString()
    const sent = (observedAt: string, updated: string) =>
      command('ApplyExternalEventChange', {
        provider: 'google',
        externalCalendarId: 'host@example.com',
        observedAt,
        change: { id: 'e1', status: 'cancelled', updated },
      })
    assertProblem(await sent(minutes(5.1), minutes(0)), 409, 'OBSERVED_IN_FUTURE')
    assertProblem(await sent(minutes(0), minutes(5.1)), 409, 'UPDATED_IN_FUTURE')
    assert.is((await sent(minutes(5), minutes(5))).status, 200)
  }),
)

test(
  'answers 503 while the store takes nothing',
  withHttp(
    async ({ command }) => {
      assertProblem(await command('RegisterCalendarSync', registration), 503, 'STORE_UNAVAILABLE')
    },
    (deps) => ({
      ...deps,
      ports: {
        ...deps.ports,
        events: { ...deps.ports.events, append: () => Promise.reject(new StoreUnavailable('disk full')) },
      },
    }),
  ),
)

test(
  'answers an append of which nobody knows what became of it with 503 OUTCOME_UNKNOWN: it may be sent again',
  withHttp(
    async ({ command, ask }) => {
      const answer = await command('RegisterCalendarSync', registration)
      const { detail } = assertProblem(answer, 503, 'OUTCOME_UNKNOWN')
      assert.match(String(detail), /may be stored.+Send it again/)
      assert.ok(Number(answer.headers.get('Retry-After')) > 0)
      assert.match((await ask('GET', '/openapi.json')).text, 'OUTCOME_UNKNOWN')
    },
    (deps) => ({
      ...deps,
      ports: {
        ...deps.ports,
        events: { ...deps.ports.events, append: () => Promise.reject(new OutcomeUnknown('no answer')) },
      },
    }),
  ),
)

test('says of a command that is stored in part no more than that: the rest follows when it is sent again', () => {
  let isFull = false
  return withHttp(
    async ({ command, ports: { events } }) => {
      const host = { ...registration, externalCalendarId: 'host@delegated.example' }
      await command('RegisterCalendarSync', host)
      const { body } = await command('RequestSubscription', host)
      isFull = true
      const answer = await command('ActivateSubscription', { subscriptionId: body.id })
      assertProblem(answer, 503, 'OUTCOME_UNKNOWN')
      const types = (await events.readStream(`calendarSubscription-${body.id}`)).map(({ type }) => type)
      assert.equal(types, ['SubscriptionRequested', 'ChannelOpening'])
    },
    (deps) => {
      const { events } = deps.ports
      const append: typeof events.append = async (stream, expected, given) => {
        if (isFull && given.some(({ type }) => type !== 'ChannelOpening'))
          throw new StoreUnavailable('disk full')
        return events.append(stream, expected, given)
      }
      return { ...deps, ports: { ...deps.ports, events: { ...events, append } } }
    },
  )()
})

test(
  'counts commands by name and outcome',
  withHttp(async ({ command, ask }) => {
    await command('RegisterCalendarSync', registration)
    await command('RegisterCalendarSync', registration)
    await command('RegisterCalendarSync', {})
    await command('FetchNow', { ...registration, externalCalendarId: 'other' })
    const { text, headers } = await ask('GET', '/metrics')
    assert.match(headers.get('Content-Type') ?? '', /^text\/plain/)
    for (const line of [
      'calendar_sync_commands_total{command="RegisterCalendarSync",outcome="accepted"} 1',
      'calendar_sync_commands_total{command="RegisterCalendarSync",outcome="unchanged"} 1',
      'calendar_sync_commands_total{command="RegisterCalendarSync",outcome="BODY_INVALID"} 1',
      'calendar_sync_commands_total{command="FetchNow",outcome="CALENDAR_UNKNOWN"} 1',
      'calendar_sync_http_request_seconds_count{method="POST",route="/commands/:name",status="200"} 2',
    ])
      assert.ok(text.includes(line), line)
    assert.match(text, /process_cpu_seconds_total/)
  }),
)

test.run()
