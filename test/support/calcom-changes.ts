import type { SyncFixture } from './sync-fixture.ts'

/** Waits until a change made in Cal.com's stand-in was delivered and taken in. Resolves with the uid that it led to. */
export async function finish(
  sync: SyncFixture,
  outcome: ReturnType<SyncFixture['calcom']['cancel']>,
): Promise<string> {
  if (!outcome.ok) throw new Error(outcome.message)
  await sync.during(outcome.settled)
  await sync.settle()
  return outcome.booking.uid
}

/** Books with the first user what the host has to confirm. Resolves with its uid once it was taken in. */
export const bookUnconfirmed = (sync: SyncFixture): Promise<string> =>
  finish(
    sync,
    sync.calcom.book({
      userId: 1,
      start: sync.clock.now().add({ hours: 30 }),
      requiresConfirmation: true,
    }),
  )

/** How a booking stands: the kind of its state, or why it was closed and where it went. */
export async function kindOf(sync: SyncFixture, uid: string): Promise<string> {
  const state = await sync.booking(uid)
  if (state.kind === 'CANCELLED') return state.reason
  return state.kind === 'CLOSED'
    ? `${state.reason}${state.rescheduledToUid ? ` to ${state.rescheduledToUid}` : ''}`
    : state.kind
}
