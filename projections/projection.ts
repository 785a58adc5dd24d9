import type { Category } from '../domain/domain-event.ts'
import type { Json, Position, RecordedEvent } from '../ports/event-store/event-store.ts'
import type { Collection, Document } from '../ports/read-store/read-store.ts'

/**
 * A read model as data: which events it reads and what each of them changes. The projection runner decides when, in
 * which order and how safely it runs.
 */
export type Projection = {
  readonly name: string
  /** Raised with every change of what the documents or their keys are made of, the fold of the domain included. */
  readonly version: number
  /** `NAME.vVERSION`, so that a new version builds beside the old one. Also the name of its checkpoint. */
  readonly collection: Collection
  readonly categories: readonly Category[]
  /**
   * The documents that the event may change, in order. Pure. Throws UnknownEventType for an event of its categories
   * that this version does not know; events of other categories change nothing.
   */
  changes(event: RecordedEvent): readonly DocumentChange[]
  /** The JSON of a value that a change gave, and the value again. Pure. `store` never throws. */
  store(value: FoldedValue): Json
  restore(stored: Json): FoldedValue
}

/**
 * A document's value as events are folded into it: the projection's own affair. It is made JSON when it is written, and
 * not for each of the events before.
 */
export type FoldedValue = object

export type DocumentChange = {
  id: string
  /** The document after the event; undefined leaves it as it is. Pure: gives a new value, changes none. */
  change(value: FoldedValue | undefined): ChangedDocument | undefined
}

export type ChangedDocument =
  | { put: FoldedValue; keys: { [index: string]: readonly string[] } }
  /** Removed, it begins anew with the next event that puts it. */
  | 'remove'

/**
 * A document as it is stored: its value, and the position of the last event in it. An event that is read again after a
 * crash is therefore not folded twice.
 */
export type StoredDocument = { position: Position; value: Json }

export const toStored = (position: Position, value: Json): Document => ({ position, value })

/** Reads what `toStored` made. */
export const fromStored = (document: Document): StoredDocument =>
  // Only `toStored` makes the documents of a projection's collection.
  document as StoredDocument
