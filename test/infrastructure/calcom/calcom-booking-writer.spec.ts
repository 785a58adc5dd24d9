import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calcomBookingDirectory } from '../../../infrastructure/calcom/calcom-booking-directory.ts'
import { systemClock } from '../../../infrastructure/clock/system-clock.ts'
import { startCalcomStandIn } from '../../../stand-ins/calcom/calcom-stand-in.ts'
import { type ScriptedAnswer, scriptedServer } from '../../support/http-server.ts'

const writer = suite('the writer of Cal.com’s bookings')

const start = Temporal.Instant.from('2030-01-07T10:00:00Z')
const reason = 'The host moved this meeting in their calendar.'

/** What is made of these answers, and what was sent. */
async function scripted<T>(
  answers: (path: string) => ScriptedAnswer,
  work: (writes: ReturnType<typeof calcomBookingDirectory>['writer']) => Promise<T>,
) {
  const server = await scriptedServer(({ url }) => answers(url ?? ''))
  try {
    const result = await work(calcomBookingDirectory({ apiUrl: server.url, apiKey: 'cal_x' }).writer)
    return { result, received: server.received }
  } finally {
    await server.close()
  }
}
const moves = (answer: ScriptedAnswer) =>
  scripted(
    () => answer,
    (writes) => writes.reschedule('u1', '7', { start, by: 'host@example.com', reason }),
  )
const success = (data: object, status = 200): ScriptedAnswer => ({
  status,
  body: JSON.stringify({ status: 'success', data }),
})
const booking = (uid: string, more: object = {}) => ({
  uid,
  status: 'accepted',
  start: '2030-01-07T10:00:00Z',
  end: '2030-01-07T10:30:00Z',
  hosts: [{ id: 7, email: 'host@example.com' }],
  ...more,
})

writer('moves, cancels, and reads with the length of the event type', async () => {
  const standIn = await startCalcomStandIn({
    clock: systemClock,
    apiKey: 'cal_team',
    settings: { beforeReferencesMs: 0, beforeCancelStoredMs: 0 },
  })
  standIn.core.createUser({ id: 7, email: 'host@example.com' })
  const made = standIn.core.book({ userId: 7, start, end: start.add({ minutes: 45 }) })
  assert.ok(made.ok)
  await made.settled
  const { uid } = made.booking
  const { writer: writes } = calcomBookingDirectory({ apiUrl: standIn.url, apiKey: 'cal_team' })
  const read = await writes.booking(uid, '7', { withLength: true })
  assert.ok(read.ok)
  assert.is(read.value.hostEmail, 'host@example.com')
  assert.is(read.value.lengthMinutes, 30)
  const moved = await writes.reschedule(uid, '7', { start: start.add({ hours: 2 }), reason })
  assert.ok(moved.ok)
  assert.is(String(moved.value.start), '2030-01-07T12:00:00Z')
  assert.is.not(moved.value.bookingUid, uid)
  assert.equal(await writes.cancel(moved.value.bookingUid, '7', { reason }), { ok: true, value: undefined })
  assert.is(standIn.core.store.booking(moved.value.bookingUid)?.status, 'cancelled')
  await standIn.close()
})

writer('says who moves the booking and why, and nothing else', async () => {
  const { received } = await moves(success(booking('u2', { rescheduledFromUid: 'u1' }), 201))
  assert.is(received[0]?.url, '/v2/bookings/u1/reschedule')
  assert.equal(JSON.parse(String(received[0]?.body)), {
    start: '2030-01-07T10:00:00Z',
    rescheduledBy: 'host@example.com',
    reschedulingReason: reason,
  })
})

writer("keeps Cal.com's words for a refusal, of both shapes, without addresses, and cut short", async () => {
  const shapes = [
    { statusCode: 400, message: `Taken by  ada@example.com\n${'x'.repeat(500)}` },
    { status: 'error', error: { code: 'E', message: 'Taken by ada@example.com' } },
  ]
  for (const shape of shapes) {
    const { result } = await moves({ status: 400, body: JSON.stringify(shape) })
    assert.ok(!result.ok)
    assert.is(result.code, 'REFUSED')
    assert.match(result.words ?? '', /^Taken by …/)
    assert.ok((result.words ?? '').length <= 200)
  }
})

writer('takes no answer that it cannot read for done', async () => {
  const page = '<!doctype html><h1>One moment</h1>'
  const answers = [
    { status: 200, body: page },
    { status: 200, body: JSON.stringify({ status: 'error', error: { message: 'no' } }) },
    success({ ...booking('u2'), start: 'soon' }),
    success({ status: 'accepted' }),
    success(booking('another', { rescheduledFromUid: 'other' })),
  ]
  for (const answer of answers) {
    const { result } = await moves(answer)
    assert.is(result.ok ? result.value.bookingUid : result.code, 'BAD_ANSWER')
  }
})

writer('takes an answer about another booking for none', async () => {
  const { result } = await scripted(
    () => success(booking('another')),
    (writes) => writes.booking('u1', '7', { withLength: false }),
  )
  assert.ok(!result.ok)
  assert.is(result.code, 'BAD_ANSWER')
})

writer(
  'goes without the length where the event type is not shown, and waits where it cannot be read',
  async () => {
    for (const [status, expected] of [
      [404, 'no length'],
      [403, 'no length'],
      [503, 'UNAVAILABLE'],
    ] as const) {
      const { result, received } = await scripted(
        (path) =>
          path.startsWith('/v2/event-types/') ? { status } : success(booking('u1', { eventTypeId: 3 })),
        (writes) => writes.booking('u1', '7', { withLength: true }),
      )
      assert.is(result.ok ? (result.value.lengthMinutes ?? 'no length') : result.code, expected)
      assert.is(received[1]?.headers['cal-api-version'], '2024-06-14')
    }
  },
)

writer.run()
