import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { effectiveMode, type SyncPolicyEvent } from '../../domain/calendar/policy.ts'
import type { EventStore } from '../../ports/event-store/event-store.ts'
import {
  cancellationsSince,
  countPublicationsWithoutOutcome,
  publicationByEventId,
  publications,
  publicationsWithoutOutcome,
} from '../../projections/publications.ts'
import { policyLayers, syncPolicies } from '../../projections/sync-policies.ts'
import { eventsOfBooking } from '../support/booking-events.ts'
import { append, withReadModels } from '../support/projected-events.ts'

const test = suite('publications and policies')
const a = eventsOfBooking('a')

test('keeps each published decision under the id of its event, with its outcome once reported', async () => {
  const happened = async (events: EventStore) => {
    await append(events, 'booking', 'a', a.tracked(), a.linked(), a.rescheduled(1), a.rescheduled(2))
    const [, , first] = await events.readStream('booking-a')
    const reported = { eventId: first?.id ?? '', outcome: 'REFUSED', code: 'NO_SLOT' } as const
    await append(events, 'booking', 'a', a.outcome(1, reported), a.outcome(9))
  }
  await withReadModels([publications], happened, async (readStore, { events }) => {
    const [, , first, second] = await events.readStream('booking-a')
    assert.equal(await publicationByEventId(readStore, first?.id ?? ''), {
      eventId: first?.id,
      bookingUid: 'a',
      userId: 'user-1',
      type: 'BookingRescheduled',
      sequence: 1,
      provider: 'google',
      calendarKey: 'calendar-1',
      at: '2026-03-02T08:00:00Z',
      start: '2026-03-11T09:00:00Z',
      outcome: { outcome: 'REFUSED', code: 'NO_SLOT', at: '2026-03-02T08:00:00Z' },
    })
    const open = await publicationsWithoutOutcome(readStore, { limit: 5 })
    assert.equal(
      open.items.map(({ eventId }) => eventId),
      [second?.id],
    )
    assert.is(await countPublicationsWithoutOutcome(readStore), 1)
  })
})

test('counts the cancellations of one calendar since an instant', async () => {
  const happened = async (events: EventStore) => {
    for (const [uid, at, calendarKey] of [
      ['a', '2026-03-02T08:00:00Z', 'calendar-1'],
      ['b', '2026-03-02T08:30:00.25Z', 'calendar-1'],
      ['c', '2026-03-02T09:00:00Z', 'calendar-1'],
      ['d', '2026-03-02T09:00:00Z', 'calendar-2'],
    ] as const) {
      const booking = eventsOfBooking(uid)
      const where = { at, calendarKey }
      await append(events, 'booking', uid, booking.tracked(), booking.linked({ calendarKey }))
      await append(events, 'booking', uid, booking.rescheduled(1, where), booking.cancelled(2, where))
    }
  }
  await withReadModels([publications], happened, async (readStore) => {
    const since = (text: string) => cancellationsSince(readStore, 'calendar-1', Temporal.Instant.from(text))
    assert.is(await since('2026-03-02T08:00:00Z'), 3)
    assert.is(await since('2026-03-02T08:30:00.25Z'), 2)
    assert.is(await since('2026-03-02T08:30:00.251Z'), 1)
    assert.is(await since('2026-03-02T09:00:00.001Z'), 0)
  })
})

test('gives the modes that were set for a booking, each scope apart', async () => {
  type Setting = Extract<SyncPolicyEvent, { type: 'SyncPolicySet' }>
  const set = (data: Omit<Setting['data'], 'at'>): Setting => ({
    type: 'SyncPolicySet',
    data: { ...data, at: '2026-03-02T08:00:00Z' },
  })
  const happened = async (events: EventStore) => {
    await append(events, 'syncPolicy', 'everything', set({ scope: 'everything', mode: 'observe' }))
    await append(events, 'syncPolicy', 'user.1', set({ scope: 'user', scopeId: '1', mode: 'off' }))
    await append(events, 'syncPolicy', 'user.1', set({ scope: 'user', scopeId: '1', mode: 'apply' }))
    const other = set({ scope: 'organization', scopeId: '1', mode: 'off' })
    await append(events, 'syncPolicy', 'organization.1', other)
    await append(events, 'syncPolicy', 'user.2', set({ scope: 'user', scopeId: '2', mode: 'off' }))
    const lifted = { scope: 'user', scopeId: '2', at: '2026-03-02T09:00:00Z' } as const
    await append(events, 'syncPolicy', 'user.2', { type: 'SyncPolicyLifted', data: lifted })
  }
  await withReadModels([syncPolicies], happened, async (readStore) => {
    const ofUser = await policyLayers(readStore, { userId: '1', calendarSyncId: '1' })
    assert.equal(ofUser, { everything: 'observe', user: 'apply' })
    assert.is(effectiveMode({ ...ofUser, fallback: 'off' }), 'apply')
    assert.equal(await policyLayers(readStore, { userId: '2' }), { everything: 'observe' }, 'taken away')
    const all = await policyLayers(readStore, { organizationId: '1', userId: '1' })
    assert.equal(all, { everything: 'observe', organization: 'off', user: 'apply' })
  })
})

test.run()
