import { defined } from '../../domain/optional-fields.ts'
import type { Stores } from '../../ports/port-groups.ts'
import { publicationsWithoutOutcome } from '../../projections/publications.ts'
import { signalChain } from './chain.ts'

/** How many publications are read at a time. */
const PAGE = 500

/**
 * Asks that every published change without an outcome be carried out: the signal queue may have been lost, or carrying out
 * was switched off. Repeated, it costs a reading each.
 */
export async function signalUnapplied(
  ports: Pick<Stores, 'events' | 'queue' | 'readStore' | 'caughtUp'>,
): Promise<void> {
  await ports.caughtUp('publications')
  let after: string | undefined
  do {
    const page = await publicationsWithoutOutcome(ports.readStore, { limit: PAGE, ...defined({ after }) })
    for (const bookingUid of new Set(page.items.map((one) => one.bookingUid)))
      await signalChain(ports, bookingUid, { news: true })
    after = page.next ?? undefined
  } while (after !== undefined)
}
