import type { EventStore } from '../../ports/event-store/event-store.ts'
import { withOriginalTimes } from '../../ports/event-store/original-times.ts'
import type { ReadStore } from '../../ports/read-store/read-store.ts'
import type { SignalContents } from '../../ports/signal-queue/signal-contents.ts'
import type { SignalQueue } from '../../ports/signal-queue/signal-queue.ts'
import { isInOneCase } from '../../ports/vault/calendar-address.ts'
import type { CalendarDirectory, CredentialVault } from '../../ports/vault/credential-vault.ts'
import type { VaultContents } from '../../ports/vault/vault-contents.ts'
import type { Projection } from '../../projections/projection.ts'
import { PoisonEventFound, rebuild } from '../read-models/rebuild.ts'
import { REACTIONS } from '../signals/reactions.ts'
import { compareEvents, moveEvents } from './events.ts'
import { MigrationRefused } from './refused.ts'

/** The source of the move. Nobody else works on it meanwhile. */
export type MigrationSource = {
  events: EventStore
  readStore: ReadStore
  vault: VaultContents
  signals: SignalContents
}

/**
 * The target of the move. A part that stays where it is: the very same events and read store as in the source, no vault
 * and no queue.
 */
export type MigrationTarget = {
  events: EventStore
  readStore: ReadStore
  queue?: SignalQueue
  /** Its next new calendar gets `calendarKey` as its key; left out where the vault stays where it is. */
  vault?: (calendarKey: () => string) => CredentialVault & { calendars: CalendarDirectory }
}

export type MigrationStep = 'events' | 'vault' | 'signals' | 'check' | 'read models'
export type MigrationReport = {
  events: number
  streams: number
  /** Over all events in their order, the same on both sides. */
  sha256: string
  credentials: number
  calendars: number
  signals: number
  readModels: number
  /** Read models in which an event could not be taken: the service parks it and finishes them at its start. */
  unfinished: string[]
}

/**
 * Moves everything that cannot be made again to other stores. These are: events with their ids, streams, revisions and
 * order; credentials and calendars, sealed again under the target's keys; what waits to be looked at; the place up to
 * which events were reacted to. Makes the rest anew: read models are rebuilt from the events, strictly. Sync tokens are
 * dropped: each calendar is read in full once.
 *
 * May be interrupted anywhere and called again; a repetition changes nothing. The target must hold nothing but what an
 * earlier call left. Throws MigrationRefused, VaultKeyUnknown; rejects with StoreUnavailable.
 */
export async function migrate(
  source: MigrationSource,
  target: MigrationTarget,
  projections: readonly Projection[],
  onProgress: (step: MigrationStep, done: number) => void = () => {},
): Promise<MigrationReport> {
  const stores = { from: withOriginalTimes(source.events), to: withOriginalTimes(target.events) }
  const eventsMove = source.events !== target.events
  // First, as it is what tells a target that is in use already.
  if (eventsMove) await moveEvents(stores, (done) => onProgress('events', done))
  const vault =
    target.vault && (await moveVault(source.vault, target.vault, (done) => onProgress('vault', done)))
  const signals = target.queue ? await moveSignals(source.signals, target.queue) : 0
  onProgress('signals', signals)

  const reactedTo = await source.readStore.checkpoint(REACTIONS)
  // One of another width is the target's already: an earlier call went as far as this in the same read store.
  const isSources = reactedTo.length === (await source.events.head()).length
  const { toTarget, ...moved } = await compareEvents(stores, isSources ? [reactedTo] : [], (done) =>
    onProgress('check', done),
  )
  const unfinished: string[] = []
  if (eventsMove || source.readStore !== target.readStore) {
    for (const [index, projection] of projections.entries()) {
      if (!(await rebuilt(stores.to, target.readStore, projection))) unfinished.push(projection.name)
      onProgress('read models', index + 1)
    }
    const position = toTarget.get(reactedTo)
    if (position !== undefined) await target.readStore.write([], { projection: REACTIONS, position })
  }
  const readModels = projections.length - unfinished.length
  return { ...moved, credentials: 0, calendars: 0, ...vault, signals, readModels, unfinished }
}

async function moveVault(
  from: VaultContents,
  open: NonNullable<MigrationTarget['vault']>,
  onProgress: (done: number) => void,
): Promise<{ credentials: number; calendars: number }> {
  let calendarKey = ''
  const to = open(() => calendarKey)
  let [calendars, credentials] = [0, 0]
  const inOrder = [...from.calendars()].sort(
    (a, b) => Number(isInOneCase(b.address)) - Number(isInOneCase(a.address)),
  )
  for (const calendar of inOrder) {
    ;({ calendarKey } = calendar)
    // It is made under the key that events name it by, or found under it.
    const known = await to.calendars.keyOf(calendar.address)
    const isItsOwn = known === calendarKey
    if (!isItsOwn && (await to.calendars.keyOfCase(calendar.address)) !== calendarKey)
      throw new MigrationRefused(
        'CALENDAR_HAS_OTHER_KEY',
        `The vault to move to knows the calendar ${calendarKey} under another key: move to an empty one.`,
      )
    onProgress(++calendars)
  }
  for (const { calendarKey: key, joinedTo } of inOrder)
    if (joinedTo !== undefined) await to.calendars.join(key, joinedTo)
  for (const { credentialId, credential } of from.credentials()) {
    if (!(await to.has(credentialId))) await to.put(credentialId, credential)
    onProgress(calendars + ++credentials)
  }
  return { credentials, calendars }
}

const SIGNALS_AT_ONCE = 500

async function moveSignals(contents: SignalContents, queue: SignalQueue): Promise<number> {
  const cause = { poll: true, reason: 'FULL_SYNC' } as const
  const signals = contents().map((one) => ({ ...one, cause, dueInMs: 0 }))
  for (let at = 0; at < signals.length; at += SIGNALS_AT_ONCE)
    await queue.signalMany(signals.slice(at, at + SIGNALS_AT_ONCE))
  return signals.length
}

/** False where the projection cannot take an event; then it is as far as the page before. */
async function rebuilt(events: EventStore, readStore: ReadStore, projection: Projection): Promise<boolean> {
  await readStore.prepare([projection.collection])
  const head = await events.head()
  if (head !== '' && (await readStore.checkpoint(projection.collection.name)) === head) return true
  try {
    await rebuild({ events, readStore, projection })
    return true
  } catch (error) {
    if (error instanceof PoisonEventFound) return false
    throw error
  }
}
