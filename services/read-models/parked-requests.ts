// A person's request about a parked event: told to any process, carried out by the one that parked it.
import type { Clock } from '../../ports/clock.ts'
import type { Position } from '../../ports/event-store/event-store.ts'
import type { Logger } from '../../ports/logger.ts'
import type { ReadStore } from '../../ports/read-store/read-store.ts'
import type { Lease, ParkedRequestKind, SignalQueue } from '../../ports/signal-queue/signal-queue.ts'
import { outageLog } from '../running/outage-log.ts'
import { retryDelay } from '../running/retry-delay.ts'
import { findParked, type ParkedEvent, PUBLICATION } from './parked-events.ts'

/** RETRY: try it again, with what waits behind it. SKIP: give it up, and go on with what waits. */
export type ParkedRequest = { projection: string; position: Position; want: 'RETRY' | 'SKIP' }

/** For how long a request is one process's own, and how often it looks for new ones, in milliseconds. */
const LEASE_MS = 60_000
const LOOK_EVERY_MS = 1_000

/**
 * Makes the request durable, for whichever process has the role; of several for one event the last counts. Undefined
 * where no such event is parked. Rejects with StoreUnavailable.
 */
export async function requestForParked(
  { readStore, queue }: { readStore: ReadStore; queue: SignalQueue },
  { projection, position, want }: ParkedRequest,
): Promise<ParkedEvent | undefined> {
  const parked = await findParked(readStore, { projection, position })
  if (parked === undefined) return undefined
  const kind: ParkedRequestKind = projection === PUBLICATION ? 'parked-publication' : 'parked-projections'
  await queue.signal(
    { kind, key: `${projection}@${position}` },
    { cause: { poll: true }, memo: { projection, position, want }, atOnce: true },
  )
  return parked
}

/**
 * Takes requests of one kind from the queue until `signal` aborts. A request that `carryOut` rejects is tried again;
 * carried out twice, after a crash, it is to be the same as once.
 */
export async function carryOutRequests(ports: {
  queue: SignalQueue
  clock: Clock
  log: Logger
  random(): number
  kind: ParkedRequestKind
  carryOut(request: ParkedRequest): Promise<unknown>
  signal: AbortSignal
}): Promise<void> {
  const { queue, clock, log, kind, signal } = ports
  const outages = outageLog(ports)
  const asked = `signal queue for ${kind}`

  async function one(lease: Lease): Promise<void> {
    // Only `requestForParked` signals these kinds.
    const request = lease.memo as ParkedRequest | undefined
    try {
      if (request !== undefined) await ports.carryOut(request)
    } catch (error) {
      log.warn({ err: error, ...request }, 'parked event not retried or skipped, trying again')
      await queue.fail(lease, { retryInMs: retryDelay(lease.failures, ports.random) })
      return
    }
    await queue.complete(lease, { forget: true })
  }

  while (!signal.aborted) {
    let lease: Lease | undefined
    try {
      // Asked first, since asking writes nothing.
      if ((await queue.nextDueInMs([kind])) === 0)
        lease = await queue.lease({ leaseMs: LEASE_MS, kinds: [kind] })
      if (lease !== undefined) await one(lease)
      outages.answered(asked)
    } catch (error) {
      outages.failed(asked, error)
      lease = undefined
    }
    if (lease === undefined) await clock.delay(LOOK_EVERY_MS, signal)
  }
}
