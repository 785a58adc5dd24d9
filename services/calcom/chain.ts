// A chain of reschedules, as the subject under which its published changes are carried out: one call at a time.
import { bookingAggregate } from '../../commands/aggregates.ts'
import { load } from '../../commands/execute.ts'
import { trackedPart } from '../../domain/booking/state.ts'
import type { Cause } from '../../domain/event-metadata.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { Stores } from '../../ports/port-groups.ts'
import { type PublishedBooking, readPublished } from './published-changes.ts'

/** Longer than any chain that people make. */
const MOST_LINKS = 100

/** The uid of the first booking of the chain that is known here. */
async function firstOfChain({ events }: Pick<Stores, 'events'>, bookingUid: string): Promise<string> {
  let uid = bookingUid
  for (let links = 0; links < MOST_LINKS; links++) {
    const before = trackedPart((await load(events, bookingAggregate, uid)).state)?.rescheduledFromUid
    if (before === undefined || before === bookingUid) return uid
    const { state } = await load(events, bookingAggregate, before)
    const leadsOn = state.kind === 'CLOSED' ? state.rescheduledToUid === uid : state.kind !== 'UNTRACKED'
    if (!leadsOn) return uid
    uid = before
  }
  return uid
}

/** The booking at the end of the chain that begins with this uid, as far as it is known here. */
export async function lastOfChain(
  ports: Pick<Stores, 'events'>,
  firstUid: string,
): Promise<PublishedBooking & { bookingUid: string }> {
  let bookingUid = firstUid
  let read = await readPublished(ports, bookingUid)
  for (let links = 0; links < MOST_LINKS && read.state.kind === 'CLOSED'; links++) {
    const next = read.state.rescheduledToUid
    if (next === undefined || next === bookingUid) break
    bookingUid = next
    read = await readPublished(ports, bookingUid)
  }
  return { ...read, bookingUid }
}

/** Asks that the chain's published changes be carried out. `news`: there is one more, so no retry delay holds. */
export async function signalChain(
  ports: Pick<Stores, 'events' | 'queue'>,
  bookingUid: string,
  { cause = { poll: true }, news }: { cause?: Cause; news?: true } = {},
): Promise<void> {
  const key = await firstOfChain(ports, bookingUid)
  await ports.queue.signal({ kind: 'apply', key }, { cause, dueInMs: 0, ...defined({ atOnce: news }) })
}
