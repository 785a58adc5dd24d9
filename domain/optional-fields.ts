/** The fields that have a value, so that an optional field without one is absent, not undefined. */
export function defined<Fields extends object>(fields: Fields): Defined<Fields> {
  const kept: Partial<Fields> = {}
  for (const name in fields) if (fields[name] !== undefined) kept[name] = fields[name]
  // None of them is undefined.
  return kept as Defined<Fields>
}

/** The value made into another; undefined where there is none. */
export const ifDefined = <Value, Made>(
  value: Value | undefined,
  make: (value: Value) => Made,
): Made | undefined => (value === undefined ? undefined : make(value))

type Defined<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> }
