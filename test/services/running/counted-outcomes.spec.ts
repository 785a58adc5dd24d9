import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createMetrics } from '../../../infrastructure/metrics/metrics.ts'
import type { Lease } from '../../../ports/signal-queue/signal-queue.ts'
import { countOutcome } from '../../../services/running/counted-outcomes.ts'
import { fetchCalendar } from '../../../services/sync/calendar-fetch.ts'
import { type Host, inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Counting what the worker does')

const never = new AbortController().signal
const claimOf = ({ calendarKey }: Host, syncToken?: string): Lease => ({
  kind: 'calendar',
  key: calendarKey,
  leaseToken: 'lease',
  failures: 0,
  cause: { poll: true },
  ...(syncToken !== undefined && { syncToken }),
})
const fetching = (sync: SyncFixture, lease: Lease) => sync.during(fetchCalendar(sync.ports, lease, never))

test(
  'a fetch that matched a booking is counted as changed, one that found nothing as unchanged',
  inSync({}, async (sync) => {
    const { host } = await sync.book(await sync.host())
    const metrics = createMetrics()
    const first = await fetching(sync, claimOf(host))
    assert.is(first.kind, 'done')
    if (first.kind !== 'done') return
    countOutcome(metrics, 'calendar', first)
    countOutcome(metrics, 'calendar', await fetching(sync, claimOf(host, first.syncToken ?? undefined)))
    sync.google.faults.set({ methods: ['list'], times: 1, reason: 'backendError' })
    countOutcome(metrics, 'calendar', await fetching(sync, claimOf(host)))
    countOutcome(metrics, 'booking', { kind: 'done' })
    countOutcome(metrics, 'booking', 'released')
    countOutcome(metrics, 'references', { kind: 'failed', code: 'NO_REFERENCES', retryInMs: 1 })
    const counted = (await metrics.text()).split('\n').filter((line) => /_(fetches|looks)_total\{/.test(line))
    assert.equal(counted, [
      'calendar_sync_fetches_total{outcome="changed"} 1',
      'calendar_sync_fetches_total{outcome="unchanged"} 1',
      'calendar_sync_fetches_total{outcome="UNAVAILABLE"} 1',
      'calendar_sync_looks_total{kind="booking",outcome="done"} 1',
      'calendar_sync_looks_total{kind="booking",outcome="released"} 1',
      'calendar_sync_looks_total{kind="references",outcome="NO_REFERENCES"} 1',
    ])
  }),
)

test.run()
