import type { Decision } from '../domain/decision.ts'
import { type Category, type EventsOf, streamName } from '../domain/domain-event.ts'
import { defined } from '../domain/optional-fields.ts'
import { decode, encode } from '../ports/event-store/event-codec.ts'
import type { EventStore, Position } from '../ports/event-store/event-store.ts'
import { StoreUnavailable } from '../ports/store-unavailable.ts'
import { inTurns } from '../ports/turns.ts'
import { type CommandContext, type CommandPorts, type CommandResult, metadataOf } from './command.ts'

/** An aggregate as a fold: its category, its first state, and how each event changes the state. */
export type Aggregate<C extends Category, State> = {
  category: C
  initial: State
  evolve(state: State, event: EventsOf[C]): State
}

export type Loaded<State> = { stream: string; state: State; revision: number }

/** Folds the stream of one aggregate. Throws UnknownEventType if a newer version has written to it. */
export async function load<C extends Category, State>(
  events: EventStore,
  aggregate: Aggregate<C, State>,
  id: string,
): Promise<Loaded<State>> {
  const stream = streamName(aggregate.category, id)
  const recorded = await events.readStream(stream)
  let state = aggregate.initial
  await inTurns(recorded, (event) => {
    state = aggregate.evolve(state, decode(aggregate.category, event))
  })
  return { stream, state, revision: recorded.at(-1)?.revision ?? -1 }
}

/** Appends events decided on a loaded state; 'CONFLICT' if another writer was there since. No events are no conflict. */
export async function append<C extends Category, State>(
  ports: Pick<CommandPorts, 'events' | 'newId'>,
  context: CommandContext,
  { stream, revision }: Loaded<State>,
  events: readonly EventsOf[C][],
): Promise<{ revision: number; position?: Position } | 'CONFLICT'> {
  if (events.length === 0) return { revision }
  const metadata = metadataOf(context)
  const appended = await ports.events.append(
    stream,
    revision < 0 ? 'no-stream' : revision,
    events.map((event) => encode<C>(event, ports.newId(), metadata)),
  )
  return appended.ok ? appended : 'CONFLICT'
}

const ATTEMPTS = 20

/**
 * Loads, decides, appends, and begins again if another writer was faster. The decision may be asked more than once, so it
 * must be pure. A broken rule is a 409 unless `statusOf` says otherwise.
 */
export async function execute<C extends Category, State>(
  ports: Pick<CommandPorts, 'events' | 'newId'>,
  context: CommandContext,
  aggregate: Aggregate<C, State>,
  id: string,
  decide: (state: State) => Decision<EventsOf[C]>,
): Promise<CommandResult> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const loaded = await load(ports.events, aggregate, id)
    const decision = decide(loaded.state)
    if (!decision.ok) return { ...decision, status: 409 }
    const { events } = decision
    const appended = await append<C, State>(ports, context, loaded, events)
    if (appended === 'CONFLICT') continue
    const { revision, position } = appended
    return {
      ok: true,
      id,
      stream: loaded.stream,
      revision,
      events,
      ...defined({ position }),
    }
  }
  throw new StoreUnavailable(`too many writers on one stream: gave up after ${ATTEMPTS} attempts`)
}
