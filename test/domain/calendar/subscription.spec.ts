import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calendarSubscriptionAggregate } from '../../../commands/aggregates.ts'
import {
  activateChannel,
  currentChannel,
  failActivation,
  needsChannel,
  openChannel,
  stopChannel,
} from '../../../domain/calendar/channels.ts'
import {
  type CalendarSubscription,
  type CalendarSubscriptionEvent,
  evolveCalendarSubscription,
  healSubscription,
  initialCalendarSubscription,
  releaseSubscription,
  requestSubscription,
  retryDelayMs,
  suspendSubscription,
} from '../../../domain/calendar/subscription.ts'
import { given } from '../../support/given.ts'

const test = suite('calendar subscription')

const hour = (n: number): Temporal.Instant =>
  Temporal.Instant.from('2026-11-23T08:00:00Z').add({ seconds: Math.round(n * 3600) })
const week = 168
const minutes = (n: number) => n / 60

type Decide = (state: CalendarSubscription) => ReturnType<typeof openChannel>

const requests =
  (h: number): Decide =>
  (state) =>
    requestSubscription(state, {
      subscriptionId: 'key1',
      provider: 'google',
      calendarKey: 'key1',
      at: hour(h).toString(),
    })
const opens =
  (
    channelId: string,
    h: number,
    more: { force?: boolean; credentialId?: string; life?: number } = {},
  ): Decide =>
  (state) =>
    openChannel(state, {
      channelId,
      credentialId: more.credentialId ?? 'credential1',
      requestedExpiresAt: hour(h + (more.life ?? week)).toString(),
      now: hour(h),
      ...(more.force && { force: true }),
    })
const answers =
  (channelId: string, h: number, life = week): Decide =>
  (state) =>
    activateChannel(state, {
      channelId,
      resourceId: 'resource1',
      expiresAt: hour(h + life).toString(),
      at: hour(h).toString(),
    })
const fails =
  (
    channelId: string,
    h: number,
    more: { permanent?: boolean; suspends?: boolean; retryAfterMs?: number } = {},
  ): Decide =>
  (state) =>
    failActivation(state, {
      channelId,
      code: 'UNAVAILABLE',
      permanent: false,
      suspends: false,
      now: hour(h),
      ...more,
    })
const suspends =
  (h: number): Decide =>
  (state) =>
    suspendSubscription(state, { code: 'CREDENTIAL_REFUSED', now: hour(h) })
const stops =
  (
    channelId: string,
    h: number,
    outcome: 'STOPPED' | 'UNKNOWN_TO_PROVIDER' | 'EXPIRED' = 'STOPPED',
  ): Decide =>
  (state) =>
    stopChannel(state, { channelId, outcome, at: hour(h).toString() })
const releases =
  (h: number): Decide =>
  (state) =>
    releaseSubscription(state, hour(h).toString())

const requested = () => given(calendarSubscriptionAggregate).when(requests(0))
const active = () => requested().when(opens('c1', 0)).when(answers('c1', 0))

const known = (state: CalendarSubscription) => {
  if (state.kind === 'NONE') throw new Error('never requested')
  return state
}
const status = ({ state }: { state: CalendarSubscription }) => known(state).status
const channels = ({ state }: { state: CalendarSubscription }) =>
  known(state).channels.map(({ channelId }) => channelId)

test('a whole life: requested, live, renewed with an overlap, released', () => {
  const live = requested()
    .gives('SubscriptionRequested')
    .when(opens('c1', 0))
    .gives('ChannelOpening')
    .when(answers('c1', 0))
  assert.is(status(live.gives('SubscriptionActivated')), 'ACTIVE')
  const renewed = live
    .when(opens('c2', 150))
    .gives('ChannelOpening')
    .when(answers('c2', 150))
    .gives('SubscriptionRenewed')
  assert.equal(channels(renewed), ['c1', 'c2'])
  assert.is(currentChannel(known(renewed.state))?.channelId, 'c2')
  const alone = renewed.when(stops('c1', 151)).gives('ChannelStopped')
  assert.equal(channels(alone), ['c2'])
  assert.is(status(alone), 'ACTIVE')
  const released = alone.when(stops('c2', 152)).when(releases(152)).gives('SubscriptionReleased')
  assert.is(status(released), 'RELEASED')
  released.when(opens('c3', 153)).by('SUBSCRIPTION_RELEASED')
})

test('what was never requested is unknown', () => {
  for (const decide of [opens('c1', 0), answers('c1', 0), fails('c1', 0), stops('c1', 0)])
    given(calendarSubscriptionAggregate).when(decide).by('SUBSCRIPTION_UNKNOWN')
  given(calendarSubscriptionAggregate).when(releases(0)).gives()
})

test('requested twice is requested once', () => {
  requested().when(requests(1)).gives()
  active().when(requests(1)).gives()
})

test('a healthy channel is left alone, even by force', () => {
  active().when(opens('c2', 1)).gives()
  active()
    .when(opens('c2', 1, { force: true }))
    .gives()
})

test('near its end: the last fifth of its life, at most a day', () => {
  const needsAnother = (life: number, now: Temporal.Instant) =>
    needsChannel(
      known(
        requested()
          .when(opens('c1', 0))
          .when(answers('c1', 0, life)).state,
      ),
      now,
    )
  assert.is(needsAnother(week, hour(week - 24)), true)
  assert.is(needsAnother(week, hour(week - 24).subtract({ milliseconds: 1 })), false)
  assert.is(needsAnother(10, hour(8)), true)
  assert.is(needsAnother(10, hour(8).subtract({ milliseconds: 1 })), false)
  assert.is(needsAnother(10, hour(11)), true)
})

test('a crash between asking and the answer: the channel is learned from its own sync message', () => {
  const asked = requested().when(opens('c1', 0))
  const learned = asked.when(answers('c1', 0.5)).gives('SubscriptionActivated')
  assert.equal(channels(learned), ['c1'])
  learned.when(answers('c1', 0.6)).gives()
})

test('a crash between asking and the answer: after a minute another channel is asked for', () => {
  const asked = requested().when(opens('c1', 0))
  asked.when(opens('c2', minutes(0.98))).gives()
  const again = asked.when(opens('c2', minutes(1))).gives('ChannelOpening')
  const late = again
    .when(answers('c2', minutes(2)))
    .gives('SubscriptionActivated')
    .when(answers('c1', minutes(3)))
    .gives('SubscriptionRenewed')
  assert.is(currentChannel(known(late.state))?.channelId, 'c2')
  assert.equal(channels(late.when(stops('c1', 1))), ['c2'])
})

test('a channel whose answer never came is struck off when it must have expired', () => {
  const asked = requested()
    .when(opens('c1', 0))
    .when(stops('c1', week, 'EXPIRED'))
    .gives('ChannelStopped')
  assert.equal(known(asked.state).openings, [])
  asked.when(stops('c1', week, 'EXPIRED')).gives()
})

test('two that open at once: the second waits for the first', () => {
  requested().when(opens('c1', 0)).when(opens('c2', 0)).gives()
  requested()
    .when(opens('c1', 0))
    .when(opens('c2', 0, { force: true }))
    .gives()
})

test('a credential just replaced does not wait for a call with the old one', () => {
  requested()
    .when(opens('c1', 0))
    .when(opens('c2', 0, { force: true, credentialId: 'credential2' }))
    .gives('ChannelOpening')
})

test('a failed call is tried again later and later, a day apart at most', () => {
  const failed = requested().when(opens('c1', 0)).when(fails('c1', 0))
  failed.gives('SubscriptionActivationFailed').saying({ retryAt: hour(minutes(1)).toString() })
  failed.when(opens('c2', minutes(0.99))).gives()
  const again = failed
    .when(opens('c2', minutes(1)))
    .gives('ChannelOpening')
    .when(fails('c2', minutes(1)))
  again.saying({ retryAt: hour(minutes(3)).toString() })
  assert.is(retryDelayMs(10), 1024 * 60_000)
  assert.is(retryDelayMs(11), 24 * 3_600_000)
  assert.is(retryDelayMs(5000), 24 * 3_600_000)
  const healed = again.when(opens('c3', 1)).when(answers('c3', 1))
  assert.is(known(healed.state).failures, 0)
  assert.is(known(healed.state).lastError, undefined)
})

test("the provider's own delay is kept where it is longer", () => {
  requested()
    .when(opens('c1', 0))
    .when(fails('c1', 0, { retryAfterMs: 600_000 }))
    .saying({ retryAt: hour(minutes(10)).toString() })
})

test('force does not wait for the next try', () => {
  requested()
    .when(opens('c1', 0))
    .when(fails('c1', 0))
    .when(opens('c2', 0, { force: true }))
    .gives('ChannelOpening')
})

test('a call that seemed to fail does not undo a channel that is open', () => {
  const open = requested().when(opens('c1', 0)).when(answers('c1', 0)).when(fails('c1', 0))
  assert.is(status(open.gives()), 'ACTIVE')
})

test('a failed renewal leaves the old channel in use', () => {
  const failed = active().when(opens('c2', 150)).when(fails('c2', 150)).gives('SubscriptionActivationFailed')
  assert.is(status(failed), 'ACTIVE')
  assert.equal(channels(failed), ['c1'])
  failed.when(opens('c3', 151)).gives('ChannelOpening')
})

test('push refused for good: only a person asks again', () => {
  const refused = requested()
    .when(opens('c1', 0))
    .when(fails('c1', 0, { permanent: true }))
  assert.is(known(refused.state).pushRefusedForGood, true)
  refused.when(opens('c2', 1000)).gives()
  const asked = refused
    .when(opens('c2', 1000, { force: true }))
    .gives('ChannelOpening')
    .when(answers('c2', 1000))
  assert.is(known(asked.state).pushRefusedForGood, false)
})

test('a refused credential suspends, and the retry with a good one heals, healthy channel or not', () => {
  const refused = requested()
    .when(opens('c1', 0))
    .when(fails('c1', 0, { suspends: true }))
  assert.is(status(refused.gives('SubscriptionActivationFailed', 'SubscriptionSuspended')), 'SUSPENDED')
  for (const suspended of [refused, active().when(suspends(1)).gives('SubscriptionSuspended')]) {
    suspended.when(suspends(1)).gives()
    const forced = suspended
      .when(opens('c2', 1, { force: true }))
      .gives('ChannelOpening')
      .when(answers('c2', 1))
    assert.is(status(forced), 'ACTIVE')
    suspended.when(opens('c2', 1 + minutes(2))).gives('ChannelOpening')
  }
  active().when(suspends(1)).when(opens('c2', 1)).gives()
})

test('a fetch that succeeds heals what a refused credential suspended, and nothing else', () => {
  const heals =
    (h: number): Decide =>
    (state) =>
      healSubscription(state, { provider: 'google', calendarKey: 'key1', at: hour(h).toString() })
  const pending = given(calendarSubscriptionAggregate).when(requests(0))
  assert.is(status(pending.when(suspends(1)).when(heals(2)).gives('SubscriptionRequested')), 'PENDING')
  assert.is(status(active().when(suspends(1)).when(heals(2)).gives('SubscriptionRequested')), 'ACTIVE')
  active().when(heals(2)).gives()
  pending.when(heals(2)).gives()
  given(calendarSubscriptionAggregate).when(heals(2)).gives()
})

test('a suspended subscription whose retry fails stays suspended and waits longer', () => {
  const again = active()
    .when(suspends(1))
    .when(opens('c2', 2))
    .when(fails('c2', 2, { suspends: true }))
  assert.is(status(again.gives('SubscriptionActivationFailed')), 'SUSPENDED')
})

test('without any channel left, it is pending again', () => {
  const stopped = active().when(stops('c1', 1, 'UNKNOWN_TO_PROVIDER'))
  assert.is(status(stopped), 'PENDING')
  assert.is(needsChannel(known(stopped.state), hour(1)), true)
})

test('a released subscription stays so, whatever comes late', () => {
  const released = requested().when(opens('c1', 0)).when(releases(0))
  const answered = released.when(answers('c1', 0)).gives('SubscriptionActivated')
  assert.is(status(answered), 'RELEASED')
  answered.when(stops('c1', 1)).gives('ChannelStopped')
  released.when(suspends(1)).gives()
  assert.is(
    status(released.when(fails('c1', 0, { suspends: true })).gives('SubscriptionActivationFailed')),
    'RELEASED',
  )
})

test('requested again, it goes on with a channel that is still live', () => {
  assert.is(status(active().when(releases(1)).when(requests(2)).gives('SubscriptionRequested')), 'ACTIVE')
  assert.is(status(active().when(releases(1)).when(requests(week))), 'PENDING')
})

test('where channels get a shorter life, the new one counts at once', () => {
  const shorter = active()
    .when(opens('c2', 150, { life: 1 }))
    .when(answers('c2', 150, 1))
  assert.is(currentChannel(known(shorter.state))?.channelId, 'c2')
  shorter.when(opens('c3', 150.5)).gives()
})

test('each command sent twice comes to the same as once', () => {
  const channel = fc.constantFrom('c1', 'c2', 'c3')
  const command = fc.oneof(
    fc.constant(requests),
    fc.tuple(channel, fc.boolean()).map(
      ([id, force]) =>
        (h: number) =>
          opens(id, h, { force }),
    ),
    channel.map((id) => (h: number) => answers(id, h)),
    fc.tuple(channel, fc.boolean(), fc.boolean()).map(
      ([id, permanent, suspended]) =>
        (h: number) =>
          fails(id, h, { permanent, suspends: suspended }),
    ),
    fc.constant(suspends),
    channel.map((id) => (h: number) => stops(id, h)),
    fc.constant(releases),
  )
  const played = (all: readonly ((h: number) => Decide)[], repeats: number) => {
    const history: CalendarSubscriptionEvent[] = []
    let state = initialCalendarSubscription
    all.forEach((decide, index) => {
      for (let sent = 0; sent < repeats; sent++) {
        const decision = decide(index * 10)(state)
        const events = decision.ok ? decision.events : []
        state = events.reduce(evolveCalendarSubscription, state)
        history.push(...events)
      }
    })
    return history
  }
  fc.assert(
    fc.property(fc.array(command, { maxLength: 25 }), (all) => assert.equal(played(all, 2), played(all, 1))),
    { numRuns: 1000 },
  )
})

test.run()
