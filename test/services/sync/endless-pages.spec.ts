import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ChangesPage } from '../../../ports/calendar-provider.ts'
import { syncFixture } from '../../support/sync-fixture.ts'

const test = suite('A list without end')

for (const [tokenOf, most] of [
  [() => 'the same', 2],
  [(page: number) => `page${page}`, 1_000],
] as const)
  test(`(${most} pages of it) is given up, and what it showed is acted on`, async () => {
    let pages = 0
    let isEndless = false
    const sync = await syncFixture({
      wrap: (ports) => ({
        ...ports,
        provider: {
          ...ports.provider,
          async changes(request, signal) {
            const { pageToken, ...first } = request
            if (!isEndless) return ports.provider.changes(request, signal)
            if (++pages > 5_000) throw new Error('pages without end')
            const empty: ChangesPage = { events: [] }
            const answer =
              pageToken === undefined
                ? await ports.provider.changes(first, signal)
                : { ok: true as const, value: empty }
            if (!answer.ok) return answer
            const { nextSyncToken: _, ...value } = answer.value
            return { ok: true, value: { ...value, nextPageToken: tokenOf(pages) } }
          },
        },
      }),
    })
    try {
      const booking = await sync.book(await sync.host())
      isEndless = true
      sync.drag(booking, booking.start.add({ hours: 1 }))
      await sync.pass(2_900)
      assert.is(pages, most)
      isEndless = false
      await sync.settle()
      assert.equal(
        (await sync.published()).map(({ type }) => type),
        ['BookingRescheduled'],
      )
      assert.is((await sync.booking(booking.uid)).kind, 'OPEN')
    } finally {
      await sync.close()
    }
  })

test.run()
