// The state of an aggregate as JSON, so that a read model folds with the domain's own `evolve` and cannot drift from it.

/** The JSON of a state: instants as RFC 3339 text in UTC, all else as it is. */
export type StoredState<State> = State extends Temporal.Instant
  ? string
  : State extends object
    ? { [Field in keyof State]: StoredState<State[Field]> }
    : State

export const storeState = <State extends object>(state: State): StoredState<State> =>
  // An Instant's JSON is its text; fields that are undefined are left out.
  JSON.parse(JSON.stringify(state)) as StoredState<State>

export const instant = (text: string): Temporal.Instant => Temporal.Instant.from(text)
