import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  calcomWebhook,
  knownVersions,
  mayBeSigned,
  signatureHeader,
  versionHeader,
} from '../../../infrastructure/calcom/webhook.ts'
import { systemClock } from '../../../infrastructure/clock/system-clock.ts'
import type { Metrics } from '../../../ports/metrics.ts'
import { createCalcomIntake } from '../../../services/calcom/intake.ts'
import { calcomWebhookRoutes } from '../../../services/http/calcom-webhook.ts'
import { deliveryLog } from '../../../services/status/calcom-deliveries.ts'
import type { NeedsPerson } from '../../../services/status/need.ts'
import { created, ping, rescheduled } from '../../fixtures/calcom/deliveries.ts'
import { readToEnd } from '../../support/events.ts'
import { type Asked, type HttpFixture, httpFixture } from '../../support/http-fixture.ts'
import { assertProblem } from '../../support/problem.ts'
import { signatureOf as sign } from '../../support/signed-delivery.ts'

const test = suite('POST /webhooks/calcom')

type Route = HttpFixture & {
  /** Posts the text, signed with `secret` unless the headers say otherwise. */
  send(text: string, secret?: string, headers?: { [name: string]: string }): Promise<Asked>
  /** What was counted of each signed delivery, and what a person is told. */
  counted: string[]
  needsPerson(): NeedsPerson[]
  /** The types of all events that are stored, in order. */
  stored(): Promise<string[]>
}

/** The whole HTTP edge with the route in it, which takes what is signed with one of the secrets. */
async function withRoute(secrets: string[], body: (route: Route) => Promise<void>): Promise<void> {
  const counted: string[] = []
  const deliveries = deliveryLog({ now: () => systemClock.now() })
  const http = await httpFixture((deps) => {
    const { ports, clock, log } = deps
    const settings = {
      settleMs: 0,
      reconcileMs: 1,
      cronMs: 1,
      cancelGraceMs: 0,
      echoGraceMs: 0,
      massChangeLimit: 25,
    }
    const intake = createCalcomIntake({
      ...ports,
      clock,
      log,
      random: () => 0,
      calcom: undefined,
      writer: undefined,
      settings,
    })
    const readDelivery = calcomWebhook({ secrets })
    const route = {
      readDelivery,
      mayBeSigned: mayBeSigned({ secrets }),
      signatureHeader,
      versionHeader,
      knownVersions,
      intake,
    }
    const metrics: Metrics = {
      ...deps.metrics,
      calcomDelivered: (...delivered) => void counted.push(delivered.join(' ')),
    }
    return { ...deps, open: [calcomWebhookRoutes({ ...route, deliveries, metrics })] }
  })
  try {
    await body({
      ...http,
      counted,
      needsPerson: deliveries.needsPerson,
      send: (text, secret = 'secret', headers = {}) =>
        http.ask('POST', '/webhooks/calcom', {
          token: null,
          body: text,
          headers: { [signatureHeader]: sign(text, secret), ...headers },
        }),
      async stored() {
        const events = await readToEnd(http.ports.events, { after: '', limit: 100 })
        return events.map(({ type }) => type)
      },
    })
  } finally {
    await http.close()
  }
}

const textOf = (delivery: unknown) => JSON.stringify(delivery)

test('takes a signed delivery in and says what it took', () =>
  withRoute(['secret'], async ({ send, stored }) => {
    const answer = await send(textOf(created))
    assert.equal([answer.status, answer.body], [200, { received: 'BOOKING_CREATED' }])
    assert.equal(await stored(), ['CalendarSyncRegistered', 'BookingTracked'])
    assert.equal((await send(textOf(ping))).body, { received: 'PING' })
  }))

test('changes nothing by what it was sent before, also under the former secret while both are set', () =>
  withRoute(['new', 'secret'], async ({ send, stored }) => {
    assert.is((await send(textOf(created), 'secret')).status, 200)
    const before = await stored()
    assert.is((await send(textOf(created), 'secret')).status, 200)
    assert.is((await send(textOf(created), 'new')).status, 200)
    assert.equal(await stored(), before)
    assert.is((await send(textOf(created), 'older')).status, 401)
  }))

test('checks the signature over the bytes as they came', () =>
  withRoute(['secret'], async ({ send, stored }) => {
    const pretty = `${JSON.stringify(created, undefined, 3)}\n`
    const other = { [signatureHeader]: sign(textOf(created), 'secret') }
    assert.is((await send(pretty, 'secret', other)).status, 401)
    assert.equal(await stored(), [])
    assert.is((await send(pretty)).status, 200)
  }))

test('answers 401 to whatever is not signed, all in the same words', () =>
  withRoute(['secret'], async ({ send, stored }) => {
    const words = new Set<string>()
    const signatures = [
      '',
      'no-secret-provided',
      'f'.repeat(64),
      'zz',
      sign(textOf(created), 'secret').slice(1),
    ]
    for (const signature of signatures) {
      for (const text of [textOf(created), 'not JSON', '']) {
        const answer = await send(text, 'secret', { [signatureHeader]: signature })
        const problem = assertProblem(answer, 401, 'SIGNATURE_REFUSED')
        words.add(JSON.stringify({ ...problem, correlationId: '' }))
      }
    }
    assert.is(words.size, 1)
    assert.equal(await stored(), [])
  }))

test('takes nothing without a secret, not even what is signed with an empty one', () =>
  withRoute([], async ({ send, stored }) => {
    assertProblem(await send(textOf(created)), 401, 'SIGNATURE_REFUSED')
    assertProblem(await send(textOf(created), ''), 401, 'SIGNATURE_REFUSED')
    assert.equal(await stored(), [])
  }))

test('lists all that is wrong with a signed body, by field', () =>
  withRoute(['secret'], async ({ send, stored }) => {
    const { uid: _, ...payload } = created.payload
    const answer = await send(textOf({ ...created, payload: { ...payload, startTime: 'soon' } }))
    const { problems = [] } = assertProblem(answer, 400, 'BODY_INVALID')
    assert.equal(
      problems.map(({ path }) => path),
      ['payload.uid', 'payload.startTime'],
    )
    const notJson = assertProblem(await send('not JSON'), 400, 'BODY_INVALID')
    assert.equal(notJson.problems, [{ path: '', message: 'The body is not JSON in UTF-8.' }])
    assert.equal(await stored(), [])
  }))

test('refuses a uid that fits no stream, also that of the booking before', () =>
  withRoute(['secret'], async ({ send, stored }) => {
    for (const unfit of ['b\ud800', 'b\u0000', 'b'.repeat(256)]) {
      const { payload } = rescheduled
      for (const field of ['uid', 'rescheduleUid']) {
        const answer = await send(textOf({ ...rescheduled, payload: { ...payload, [field]: unfit } }))
        const { problems = [] } = assertProblem(answer, 400, 'BODY_INVALID')
        assert.equal(
          problems.map(({ path }) => path),
          [`payload.${field}`],
        )
      }
    }
    assert.equal(await stored(), [])
  }))

test('holds each field to what a command would take, and answers 400 with its name', () =>
  withRoute(['secret'], async ({ send, stored }) => {
    const { payload } = created
    const [calendar] = [payload.destinationCalendar].flat()
    const destination = (change: object) => ({ destinationCalendar: [{ ...calendar, ...change }] })
    const unfit: [field: string, change: object][] = [
      ...['\ud800', 'a\u0000', 'x'.repeat(1025)].flatMap((text): [string, object][] => [
        ['payload.destinationCalendar.0.credentialId', destination({ credentialId: text })],
        ['payload.destinationCalendar.0.externalId', destination({ externalId: text })],
        ['payload.organizer.id', { organizer: { ...payload.organizer, id: text } }],
      ]),
      ['payload.startTime', { startTime: '-000001-01-01T10:00:00Z' }],
      ['payload.endTime', { endTime: '+010000-01-01T10:00:00Z' }],
    ]
    for (const [field, change] of unfit) {
      const answer = await send(textOf({ ...created, payload: { ...payload, ...change } }))
      const { problems = [] } = assertProblem(answer, 400, 'BODY_INVALID')
      assert.equal(
        problems.map(({ path }) => path),
        [field],
      )
    }
    assert.equal(await stored(), [])
  }))

test('takes no length that no meeting has, and keeps no time of sending that is none', () =>
  withRoute(['secret'], async ({ send, ports }) => {
    for (const [n, length] of [1e15, 1e300, -5].entries()) {
      const { startTime } = created.payload
      const payload = { ...created.payload, uid: `long-${n}`, endTime: startTime, length }
      assert.is((await send(textOf({ ...created, createdAt: '\ud800', payload }))).status, 200)
    }
    for (const { metadata } of await readToEnd(ports.events, { after: '', limit: 100 }))
      assert.not.match(JSON.stringify(metadata.cause), /createdAt/)
  }))

test('tells a person that a payload template is probably set, until Cal.com sends its own form again', () =>
  withRoute(['secret'], async ({ send, needsPerson, counted }) => {
    for (const text of ['title=Intro', textOf({ title: 'Intro', uid: 'u' })])
      assertProblem(await send(text), 400, 'BODY_INVALID')
    await send(textOf(ping))
    const [told] = needsPerson()
    assert.is(told?.code, 'CALCOM_DELIVERIES_UNREADABLE')
    assert.match(told?.sentence ?? '', /^2 signed deliveries/)
    assert.match(told?.next ?? '', /payload template is probably set/)
    assert.is((await send(textOf(created))).status, 200)
    assert.equal(needsPerson(), [])
    assert.equal(counted, ['unreadable none', 'unreadable none', 'read none', 'read none'])
  }))

test('tells a person which field is missing, also while other deliveries can be read', () =>
  withRoute(['secret'], async ({ send, needsPerson }) => {
    await send(textOf({ ...created, payload: { ...created.payload, uid: null } }))
    await send(textOf(created))
    assert.match(needsPerson()[0]?.sentence ?? '', /^1 signed delivery .*\(payload\.uid\)/)
  }))

test('reads the form of an unknown version as far as it fits, and counts it', () =>
  withRoute(['secret'], async ({ send, counted, stored }) => {
    const future = { [versionHeader]: '2031-01-01' }
    const more = { ...created, payload: { ...created.payload, ofTheFuture: { any: 'thing' } } }
    assert.is((await send(textOf(more), 'secret', future)).status, 200)
    await send(textOf(created), 'secret', { [versionHeader]: '2021-10-20' })
    assert.equal(counted, ['read unknown', 'read known'])
    assert.equal(await stored(), ['CalendarSyncRegistered', 'BookingTracked'])
  }))

test('ignores triggers that it has no use for', () =>
  withRoute(['secret'], async ({ send, stored }) => {
    const answer = await send(textOf({ triggerEvent: 'MEETING_ENDED', payload: { any: 'thing' } }))
    assert.equal([answer.status, answer.body], [200, { ignored: 'MEETING_ENDED' }])
    assert.equal(await stored(), [])
  }))

test('refuses more than a mebibyte', () =>
  withRoute(['secret'], async ({ send, stored }) => {
    const padded = (bytes: number) => {
      const text = textOf({ ...created, padding: '' })
      return text.replace('"padding":""', `"padding":"${'x'.repeat(bytes - text.length)}"`)
    }
    assertProblem(await send(padded(1_048_577)), 413, 'BODY_TOO_LARGE')
    assert.equal(await stored(), [])
    assert.is((await send(padded(1_048_576))).status, 200)
  }))

test('answers 503, and when to come back, while the store takes nothing', () =>
  withRoute(['secret'], async ({ send, ports }) => {
    await ports.events.close()
    const answer = await send(textOf(created))
    assertProblem(answer, 503, 'STORE_UNAVAILABLE')
    assert.ok(Number(answer.headers.get('retry-after')) > 0)
  }))

test.run()
