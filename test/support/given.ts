import * as assert from 'uvu/assert'
import type { Aggregate } from '../../commands/execute.ts'
import type { Category, EventsOf } from '../../domain/domain-event.ts'

type Decided<Event> = { ok?: boolean; code?: string; events?: readonly Event[] }

/** A story of one aggregate: what had happened, what is commanded, what comes of it. */
export type Story<C extends Category, State> = {
  state: State
  /** Everything that has happened in it. */
  history: readonly EventsOf[C][]
  /** What the last command came to. */
  last: readonly EventsOf[C][]
  when(decide: (state: State) => Decided<EventsOf[C]>): Story<C, State>
  /** The last command came to events of these types, in this order; none: it changed nothing. */
  gives(...types: EventsOf[C]['type'][]): Story<C, State>
  /** The last event of the last command has (at least) these fields. */
  saying(fields: Record<string, unknown>): Story<C, State>
  /** The last command broke this rule, or was decided by it. */
  by(code: string): Story<C, State>
}

export function given<C extends Category, State>(
  aggregate: Aggregate<C, State>,
  events: readonly EventsOf[C][] = [],
): Story<C, State> {
  return chapter(aggregate, events, {})
}

function chapter<C extends Category, State>(
  aggregate: Aggregate<C, State>,
  history: readonly EventsOf[C][],
  decided: Decided<EventsOf[C]>,
): Story<C, State> {
  const state = history.reduce(aggregate.evolve, aggregate.initial)
  const last = decided.events ?? []
  const story: Story<C, State> = {
    state,
    history,
    last,
    when(decide) {
      const decision = decide(state)
      return chapter(aggregate, [...history, ...(decision.events ?? [])], decision)
    },
    gives(...types) {
      assert.equal(
        last.map(({ type }) => type),
        types,
      )
      return story
    },
    saying(fields) {
      const data: Record<string, unknown> = { ...last.at(-1)?.data }
      assert.equal(Object.fromEntries(Object.keys(fields).map((name) => [name, data[name]])), fields)
      return story
    },
    by(code) {
      assert.is(decided.code, code)
      return story
    },
  }
  return story
}
