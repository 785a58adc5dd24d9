// How an import of Cal.com's bookings goes: `npm run bench -- import [--bookings N]`. It reads N bookings of one host into
// embedded stores in memory, and then again without news. Printed are the calls, the time, and the heap after every fifth
// of the list. What the import keeps may grow by the uids alone.
import { parseArgs } from 'node:util'
import { START } from '../ports/event-store/event-store.ts'
import { readAllBookings } from '../services/calcom/future-bookings.ts'
import { inSync, type SyncFixture } from '../test/support/sync-fixture.ts'
import { count } from './support/figures.ts'
import { heldTo } from './support/goals.ts'

export const options = { bookings: { type: 'string', default: '10000' } } as const

const PAGE = 100
/** Heap that the list may add from its first fifth to its last, in bytes a booking: a uid in a set, and its signal. */
const BYTES_EACH = 2_048

/** Prints the figures; the exit status is 1 where a second reading stored anything, or memory or calls grew too much. */
export async function run(args: string[]): Promise<void> {
  const bookings = Number(parseArgs({ args, options }).values.bookings)
  await inSync({ view: false, roles: ['projections'] }, async (sync) => {
    const { calcom, calls, heaps } = listing(sync, bookings)
    const read = () =>
      sync.during(
        readAllBookings({ ...sync.ports, calcom }, calcom, sync.intake, new AbortController().signal),
      )
    const stored = async () => {
      const head = await sync.ports.events.readAll({ after: START, limit: 100 * bookings })
      return head.events.length
    }
    const began = performance.now()
    const first = await read()
    const seconds = (performance.now() - began) / 1_000
    if ('error' in first || first.added !== bookings)
      throw new Error(`not imported: ${JSON.stringify(first)}`)
    const lists = calls.lists
    console.log(
      `${count(bookings)} bookings in ${seconds.toFixed(1)} s by ${lists} lists, ${calls.others} other calls`,
    )
    console.log(`heap: ${heaps.map((bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`).join(', ')}`)
    const before = await stored()
    await read()
    const news = (await stored()) - before
    if (news > 0) throw new Error(`read again without news, and ${news} events were stored`)
    console.log(
      `read again without news: no event stored, ${calls.lists - lists} lists, ${calls.others} other calls`,
    )
    console.log(heldTo('a list for a hundred bookings', Math.ceil(bookings / PAGE) / lists, 1))
    const grown = (heaps.at(-1) ?? 0) - (heaps[0] ?? 0)
    console.log(
      heldTo(
        `${BYTES_EACH} bytes a booking / what the heap grew by`,
        (BYTES_EACH * bookings) / Math.max(1, grown),
        1,
      ),
    )
  })()
}

/** Cal.com with so many bookings, which counts what it is asked. */
function listing({ clock }: SyncFixture, bookings: number) {
  const calls = { lists: 0, others: 0 }
  const heaps: number[] = []
  const first = clock.now().add({ hours: 48 })
  const refused = async () => {
    calls.others += 1
    return { ok: false, code: 'NOT_FOUND' } as const
  }
  const calcom = {
    booking: refused,
    references: refused,
    async futureBookings({ after = '0' }: { after?: string }) {
      const from = Number(after)
      calls.lists += 1
      if (calls.lists <= Math.ceil(bookings / PAGE) && (from / PAGE) % Math.ceil(bookings / PAGE / 5) === 0) {
        globalThis.gc?.()
        heaps.push(process.memoryUsage().heapUsed)
      }
      const to = Math.min(from + PAGE, bookings)
      const page = Array.from({ length: to - from }, (_, at) => {
        const start = first.add({ minutes: 30 * (from + at) })
        const end = start.add({ minutes: 30 })
        return { bookingUid: `uid${from + at}`, userId: '1', status: 'ACCEPTED' as const, start, end }
      })
      return { ok: true as const, value: { bookings: page, ...(to < bookings && { next: String(to) }) } }
    },
  }
  return { calcom, calls, heaps }
}
