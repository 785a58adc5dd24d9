import type { Cause } from '../../domain/event-metadata.ts'
import type { Document } from '../read-store/read-store.ts'

/** The kinds of work. A subject is one document of the queue; several signals for it become one. */
export const workKinds = ['calendar', 'booking', 'references', 'host', 'apply'] as const
export type WorkKind = (typeof workKinds)[number]
export type Kind = WorkKind | RoleKind | ParkedRequestKind
/** The process that runs a role, or the next run of the daily looks. Leased only to those who ask for it by name. */
export type RoleKind = `role-${'projections' | 'publisher' | 'applier' | 'daily-looks'}`
/** A person's request about a parked event. Leased only to those who ask for it by name. */
export type ParkedRequestKind = `parked-${'projections' | 'publication'}`
/**
 * `key` is unique within the kind: a calendar's key, a booking's uid, a host's user id, the first uid of a chain of
 * reschedules, a role, a parked event.
 */
export type Subject = { kind: Kind; key: string }

/** A lease on one subject. The last completion stored `memo` and `syncToken`. */
export type Lease = Subject & {
  leaseToken: string
  /** Failed tries since the last completion. */
  failures: number
  /** The newest push since the last completion, else the newest other cause. */
  cause: Cause
  memo?: Document
  syncToken?: string
}

/** See `signal`. Milliseconds. */
export type SignalOptions = { cause: Cause; dueInMs?: number; memo?: Document; atOnce?: boolean }

export type Signal = { subject: Subject } & SignalOptions

/** How many subjects of a kind are due, leased, or wait; `oldestDueAt`: since when the one due longest is. */
export type QueueStatus = {
  kind: WorkKind
  due: number
  leased: number
  waiting: number
  oldestDueAt?: Temporal.Instant
}

/**
 * Requests that a subject be worked on: durable, one per subject, leased. Times are those of the clock that the store was
 * given (its own clock on a server). If the whole queue is lost, every calendar is read in full, and nothing else is lost.
 * Every method may reject with StoreUnavailable.
 */
export interface SignalQueue {
  /**
   * Counts a signal and makes the subject due `dueInMs` from now. A subject that is due already stays so: a steady
   * stream of signals cannot put it off, though an earlier time counts. A push as `cause` is not replaced by another
   * kind of cause before the subject is completed. `memo` is merged, key by key, into the stored one. `atOnce`
   * cancels a retry delay: a person asks, or the missing thing is there now. Durable when resolved.
   */
  signal(subject: Subject, options: SignalOptions): Promise<void>
  /** As `signal`, for many at once, all or nothing. */
  signalMany(signals: readonly Signal[]): Promise<void>
  /** The subject of the given kinds (all work, no roles) that has been due longest and is free, under a new lease. */
  lease(options: { leaseMs: number; kinds?: readonly Kind[] }): Promise<Lease | undefined>
  /** Prolongs the lease; false if it is no longer ours. */
  renew(lease: Lease, leaseMs: number): Promise<boolean>
  /**
   * Ends the lease as done. Stores the sync token (undefined keeps the old one, null drops it), and replaces the memo
   * (undefined drops it). If more signals came since the lease began, the subject is due again. With
   * `againInMs` it is due again anyway after that time, with the same cause. With `forget` a subject for which nothing
   * new came is taken out, so that the queue holds only what there is to do. False if the lease is no longer ours: then
   * nothing is changed.
   */
  complete(
    lease: Lease,
    result: { syncToken?: string | null; memo?: Document; againInMs?: number; forget?: boolean },
  ): Promise<boolean>
  /** Ends the lease as not done: counts a failure, due again after `retryInMs`, not before. */
  fail(lease: Lease, options: { retryInMs: number; memo?: Document }): Promise<boolean>
  /** Gives the lease back untouched (shutdown): due at once, no failure counted. */
  release(lease: Lease): Promise<boolean>
  /** Milliseconds until a subject can be leased (0: now); undefined if nothing waits. */
  nextDueInMs(kinds?: readonly Kind[]): Promise<number | undefined>
  /** Takes the subject out, whatever its state. */
  remove(subject: Subject): Promise<void>
  /**
   * Calendars last completed before `before`, least recently first, for the reconciler. Left out are those that are
   * due, waiting or leased: they are read without anybody's help, a failing one at its next try.
   */
  completedBefore(before: Temporal.Instant, limit: number): Promise<Subject[]>
  /** Which of these it has a record of, whatever their state. */
  known(kind: Kind, keys: readonly string[]): Promise<ReadonlySet<string>>
  status(): Promise<QueueStatus[]>
  /** Called in this process after each committed signal; returns how to stop listening. */
  onSignal(listener: () => void): () => void
  close(): Promise<void>
}
