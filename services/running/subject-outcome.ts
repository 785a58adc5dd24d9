import type { Document } from '../../ports/read-store/read-store.ts'

/** The outcome of work on one leased subject; the worker tells the queue. */
export type SubjectOutcome =
  /**
   * `changed`: a fetch that found something of a booking's. `againInMs`: it is done, and worth doing once more a little later.
   * `memo` is what the subject remembers of it.
   */
  | { kind: 'done'; syncToken?: string | null; changed?: boolean; memo?: Document; againInMs?: number }
  /** Nothing is wrong, but it must be looked at once more after a while. */
  | { kind: 'again'; inMs: number; memo: Document }
  /** It could not be done now. `memo` replaces what the subject remembers. `words` are those of an error nobody foresaw. */
  | { kind: 'failed'; code: string; retryInMs: number; memo?: Document; words?: string }
  /** Nobody needs it any more. */
  | { kind: 'unneeded' }

export const done: SubjectOutcome = { kind: 'done' }
