import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { DirectoryError } from '../../../ports/booking-directory.ts'
import type { ServicePorts } from '../../../services/running/service-ports.ts'
import { inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Asking for references')

const HOUR = 3_600_000

/** Cal.com's API answers every question for references with this, and counts them. */
function answering(code: DirectoryError['code']) {
  const asked = { times: 0 }
  const wrap = (ports: ServicePorts): ServicePorts => ({
    ...ports,
    calcom: ports.calcom && {
      ...ports.calcom,
      async references() {
        asked.times += 1
        return { ok: false, code }
      },
    },
  })
  return { asked, wrap }
}

/** A booking that starts in so many hours, and whose references Cal.com has been asked for since. */
async function booked(sync: SyncFixture, inHours: number): Promise<void> {
  await sync.host()
  const start = sync.clock.now().add({ hours: inHours })
  const outcome = sync.calcom.book({ userId: 1, start, end: start.add({ minutes: 30 }) })
  assert.ok(outcome.ok)
  if (outcome.ok) await sync.during(outcome.settled)
}

for (const code of ['REFUSED', 'NOT_FOUND'] as const) {
  const { asked, wrap } = answering(code)
  test(
    `where every answer is ${code}, and no event has a link, Cal.com is asked more and more rarely`,
    inSync({ wrap, bookingReconcileMs: 1000 * HOUR }, async (sync) => {
      sync.calcom.settings.eventLink = 'none'
      await booked(sync, 48)
      await sync.pass(0.75 * HOUR)
      const during = asked.times
      await sync.pass(0.75 * HOUR)
      const after = asked.times
      assert.ok(during > 5 && after > during, `${during}, then ${after}`)
      await sync.pass(12 * HOUR)
      assert.ok(asked.times > after && asked.times < after + 8, `${after}, then ${asked.times}`)
    }),
  )
}

const away = answering('UNAVAILABLE')
test(
  'where no answer can be had, Cal.com is asked until the booking has started',
  inSync({ wrap: away.wrap, bookingReconcileMs: 1000 * HOUR }, async (sync) => {
    await booked(sync, 5)
    await sync.pass(4 * HOUR)
    const before = away.asked.times
    await sync.pass(0.75 * HOUR)
    assert.ok(away.asked.times > before)
    await sync.pass(0.5 * HOUR)
    const after = away.asked.times
    await sync.pass(6 * HOUR)
    assert.is(away.asked.times, after)
  }),
)

test.run()
