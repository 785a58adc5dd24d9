// The state of an aggregate as JSON, so that a read model folds with the domain's own `evolve` and cannot drift from it.

/** The JSON of a state: instants as RFC 3339 text in UTC, all else as it is. */
export type StoredState<State> = State extends Temporal.Instant
  ? string
  : State extends object
    ? { [Field in keyof State]: StoredState<State[Field]> }
    : State

/** Fields that are undefined are left out. A state holds nothing but plain objects, lists, instants and JSON's values. */
export const storeState = <State extends object>(state: State): StoredState<State> =>
  // Field by field what the type says; a round trip through JSON text takes several times as long.
  stored(state) as StoredState<State>

function stored(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Temporal.Instant) return value.toString()
  if (Array.isArray(value)) return value.map(stored)
  const result: { [field: string]: unknown } = {}
  for (const [field, inner] of Object.entries(value)) if (inner !== undefined) result[field] = stored(inner)
  return result
}

export const instant = (text: string): Temporal.Instant => Temporal.Instant.from(text)
