import type { DatabaseSync } from 'node:sqlite'
import type { Cause } from '../../domain/event-metadata.ts'
import { isPush } from '../../ports/signal-queue/causes.ts'
import type { Kind, Subject } from '../../ports/signal-queue/signal-queue.ts'
import type { Arrived } from '../../ports/signal-queue/signal-record.ts'

/**
 * Signals that are durable but not yet counted with their subjects. A burst over many calendars would otherwise write
 * as many pages as there are signals. One after the other in a table of their own, they fill a page or two. A look at a
 * subject, or a change of it, counts them in first.
 */
export type Arrivals = {
  /** Keeps one more. Inside a write. */
  add(subject: Subject, arrived: Pick<Arrived, 'dueAt' | 'cause'>): void
  /** How many there are. */
  size(): number
  /** The earliest time of those of the given kinds. */
  firstDueAt(kinds: readonly Kind[]): number | undefined
  /** Takes all out, those of one subject as one. Inside a write. */
  takeAll(): { subject: Subject; arrived: Arrived }[]
  /** A write failed, and what was noted of it with it: the table is asked again. */
  forgetNotes(): void
}

const TABLE = `
  CREATE TABLE IF NOT EXISTS signal_arrival (
    position INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    cause TEXT NOT NULL,
    is_push INTEGER NOT NULL
  )`
const ADD = 'INSERT INTO signal_arrival (kind, key, due_at, cause, is_push) VALUES (?, ?, ?, ?, ?)'
const ALL =
  'SELECT kind, key, due_at AS dueAt, cause, is_push AS isPush FROM signal_arrival ORDER BY position'
const TAKE = 'DELETE FROM signal_arrival'
const NOTES = 'SELECT kind, count(*) AS size, min(due_at) AS dueAt FROM signal_arrival GROUP BY kind'

type Row = Subject & { dueAt: number; cause: string; isPush: number }

/** Facts that a process with the file to itself need not ask the table for. */
type Notes = { size: number; firstDueAt: Map<Kind, number> }

export function sqliteArrivals(sql: DatabaseSync): Arrivals {
  sql.exec(TABLE)
  const add = sql.prepare(ADD)
  const all = sql.prepare(ALL)
  const take = sql.prepare(TAKE)
  const readNotes = sql.prepare(NOTES)
  let known: Notes | undefined

  function notes(): Notes {
    if (known) return known
    known = { size: 0, firstDueAt: new Map() }
    for (const { kind, size, dueAt } of readNotes.all()) {
      known.size += Number(size)
      // Only `add` writes the column, from a Kind.
      known.firstDueAt.set(kind as Kind, Number(dueAt))
    }
    return known
  }

  return {
    add({ kind, key }, { dueAt, cause }) {
      const { firstDueAt } = notes()
      add.run(kind, key, dueAt, JSON.stringify(cause), isPush(cause) ? 1 : 0)
      notes().size += 1
      firstDueAt.set(kind, Math.min(firstDueAt.get(kind) ?? dueAt, dueAt))
    },
    size: () => notes().size,
    firstDueAt(kinds) {
      const { firstDueAt } = notes()
      const times = kinds.map((kind) => firstDueAt.get(kind)).filter((time) => time !== undefined)
      return times.length === 0 ? undefined : Math.min(...times)
    },
    takeAll() {
      if (notes().size === 0) return []
      const bySubject = new Map<string, Row & { count: number }>()
      for (const row of all.iterate()) {
        // The columns that the statement names, as `add` wrote them.
        const { kind, key, dueAt, cause, isPush } = row as Row
        const name = `${kind} ${key}`
        const before = bySubject.get(name)
        if (before === undefined) {
          bySubject.set(name, { kind, key, dueAt, cause, isPush, count: 1 })
          continue
        }
        before.count += 1
        if (dueAt < before.dueAt) before.dueAt = dueAt
        // As in `newerCause`: a push gives way to another push only.
        if (isPush < before.isPush) continue
        before.cause = cause
        before.isPush = isPush
      }
      take.run()
      known = { size: 0, firstDueAt: new Map() }
      return Array.from(bySubject.values(), ({ kind, key, count, dueAt, cause }) => ({
        subject: { kind, key },
        // What `add` wrote: a Cause's JSON.
        arrived: { count, dueAt, cause: JSON.parse(cause) as Cause },
      }))
    },
    forgetNotes() {
      known = undefined
    },
  }
}
