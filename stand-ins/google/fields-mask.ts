import { refusal } from './api-error.ts'

/** Which fields of an object are wanted; `true` stands for all below. */
export type FieldsMask = true | Map<string, FieldsMask>

const parsed = new Map<string, FieldsMask>()

/**
 * Reads the `fields` parameter (partial responses): `items(id,start/dateTime),nextPageToken`, `*` for everything.
 * Throws 400 invalidParameter for what cannot be read.
 */
export function parseFields(text: string): FieldsMask {
  const ready = parsed.get(text)
  if (ready) return ready
  let at = 0
  const mask = list()
  if (at < text.length) throw invalid(text)
  if (parsed.size > 1000) parsed.clear()
  parsed.set(text, mask)
  return mask

  function list(): FieldsMask {
    const fields = new Map<string, FieldsMask>()
    do {
      const name = /^[A-Za-z0-9_*-]+/.exec(text.slice(at))?.[0]
      if (name === undefined) throw invalid(text)
      at += name.length
      const below = rest()
      fields.set(name, join(fields.get(name), below))
    } while (text[at] === ',' && ++at)
    return fields.get('*') === true ? true : fields
  }

  function rest(): FieldsMask {
    if (text[at] === '/') {
      at++
      const name = /^[A-Za-z0-9_*-]+/.exec(text.slice(at))?.[0]
      if (name === undefined) throw invalid(text)
      at += name.length
      const below = rest()
      return name === '*' && below === true ? true : new Map([[name, below]])
    }
    if (text[at] !== '(') return true
    at++
    const below = list()
    if (text[at] !== ')') throw invalid(text)
    at++
    return below
  }
}

const invalid = (text: string) =>
  refusal('invalidParameter', { message: `Invalid field selection ${text}`, locationType: 'parameter' })

function join(one: FieldsMask | undefined, other: FieldsMask): FieldsMask {
  if (one === undefined) return other
  if (one === true || other === true) return true
  const both = new Map(one)
  for (const [name, below] of other) both.set(name, join(both.get(name), below))
  return both
}

/** The value with only the fields wanted; lists are masked item by item. */
export function applyFields(value: unknown, mask: FieldsMask): unknown {
  if (mask === true || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => applyFields(item, mask))
  const every = mask.get('*')
  const kept: [string, unknown][] = []
  for (const [name, field] of Object.entries(value)) {
    const below = mask.get(name) ?? every
    if (below !== undefined) kept.push([name, applyFields(field, below)])
  }
  return Object.fromEntries(kept)
}
