// Documents that the status cannot tell of: named in place of what they would have said, they keep nothing else untold.
import { errorText } from '../../infrastructure/logging/error-facts.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import type { NeedsPerson } from './need.ts'

/** The names by which an entry says which document it is of. */
type Names = Pick<NeedsPerson, 'bookingUid' | 'calendarKey' | 'calendarSyncId'>

/** The most characters of an error that are told. */
const FIRST_WORDS = 200

/** Tells of each item. An item that `tell` fails on is named instead. Rejects with StoreUnavailable alone. */
export async function tellEach<Item>(
  items: readonly Item[],
  namesOf: (item: Item) => Names,
  tell: (item: Item) => readonly NeedsPerson[] | Promise<readonly NeedsPerson[]>,
): Promise<NeedsPerson[]> {
  const told = items.map(async (item) => {
    try {
      return await tell(item)
    } catch (error) {
      const names = namesOf(item)
      return [unreadable(Object.values(names).join(', '), error, names)]
    }
  })
  return (await Promise.all(told)).flat()
}

/** Gives the answer of `ask`. If it fails, gives `otherwise` and adds `what` to `untold`. Rejects with StoreUnavailable alone. */
export async function unlessUnreadable<Value, Otherwise>(
  { what, otherwise, untold }: { what: string; otherwise: Otherwise; untold: NeedsPerson[] },
  ask: () => Value | Promise<Value>,
): Promise<Value | Otherwise> {
  try {
    return await ask()
  } catch (error) {
    untold.push(unreadable(what, error))
    return otherwise
  }
}

function unreadable(what: string, error: unknown, names: Names = {}): NeedsPerson {
  if (error instanceof StoreUnavailable) throw error
  return {
    code: 'DOCUMENT_UNREADABLE',
    sentence: `The status cannot tell of ${what.toWellFormed()} (${errorText(error).slice(0, FIRST_WORDS).toWellFormed()}).`,
    next: 'Look at what was stored of it, and send it again as it should be. All else is told as usual.',
    ...names,
  }
}
