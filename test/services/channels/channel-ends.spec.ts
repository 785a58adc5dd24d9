import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { subscriptionById } from '../../../projections/subscriptions.ts'
import { whatNeedsPerson } from '../../../services/status/needs-person.ts'
import { syncFixture } from '../../support/sync-fixture.ts'

const test = suite('A channel that ends before it is open, or nearly')

const HOUR = 3_600_000

for (const [endsInMs, first] of [
  [-365 * 24 * HOUR, 'answer'],
  [-365 * 24 * HOUR, 'sync message'],
  [60_000, 'answer'],
] as const)
  test(`(after ${endsInMs} ms, by its ${first}) is not believed: it is stopped, told, and tried again ever more rarely`, async () => {
    let ended = true
    let calls = 0
    const sync = await syncFixture({
      wrap: (ports) => ({
        ...ports,
        provider: {
          ...ports.provider,
          async watch(request, signal) {
            if (++calls > 100) throw new Error('a loop of watch calls')
            const answer = await ports.provider.watch(request, signal)
            if (!answer.ok || !ended) return answer
            const expiresAt = ports.now().add({ milliseconds: endsInMs })
            return { ok: true, value: { ...answer.value, expiresAt } }
          },
        },
      }),
    })
    try {
      if (first === 'answer') sync.google.settings.push.syncDelayMs = HOUR
      const { receive } = sync.googlePush
      sync.googlePush.receive = (headers) => {
        const end = new Date(sync.clock.now().epochMilliseconds + endsInMs).toUTCString()
        return receive(ended ? { ...headers, 'x-goog-channel-expiration': end } : headers)
      }
      const host = await sync.host()
      await sync.pass(HOUR)
      const asked = sync.asked('watch').length
      assert.ok(asked > 1 && asked <= 7, `${asked} watch calls in an hour`)
      assert.is(sync.google.channels().filter(({ stoppedMs }) => stoppedMs === undefined).length, 0)
      const known = await subscriptionById(sync.ports.readStore, host.calendarKey)
      assert.equal([known?.status, known?.channels], ['PENDING', []])
      const told = async () => (await whatNeedsPerson(sync.ports)).map(({ code }) => code)
      assert.equal(await told(), ['CHANNEL_END_NOT_BELIEVED'])
      ended = false
      await sync.pass(2 * HOUR)
      assert.equal(await told(), [])
      assert.is((await subscriptionById(sync.ports.readStore, host.calendarKey))?.status, 'ACTIVE')
    } finally {
      await sync.close()
    }
  })

test.run()
