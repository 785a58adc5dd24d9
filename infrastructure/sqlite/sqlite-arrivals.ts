import type { DatabaseSync } from 'node:sqlite'
import type { Cause } from '../../domain/event-metadata.ts'
import { isPush } from '../../ports/signal-queue/causes.ts'
import type { Kind, Subject } from '../../ports/signal-queue/signal-queue.ts'

/**
 * Signals for one subject that came one after another: `count` of them. `dueAt` is the earliest of their times, `cause`
 * the JSON of the cause that stands.
 */
export type Arrival = Subject & { count: number; dueAt: number; cause: string }

/**
 * Signals that are durable but not yet counted with their subjects. A burst over many calendars would otherwise write
 * as many pages as there are signals. One after the other in a table of their own, they fill a page or two. A look at a
 * subject, or a change of it, counts them in first.
 */
export type Arrivals = {
  /** Keeps one more. Inside a write. */
  add(arrival: Subject & { dueAt: number; cause: Cause }): void
  /** How many there are. */
  size(): number
  /** The earliest time of those of the given kinds. */
  firstDueAt(kinds: readonly Kind[]): number | undefined
  /** Takes all out, those of one subject as one. Inside a write. */
  takeAll(): Arrival[]
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

/** Facts for which a process that has the file to itself need not ask the table. */
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
    add({ kind, key, dueAt, cause }) {
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
      const bySubject = new Map<string, Arrival & { isPush: boolean }>()
      for (const row of all.iterate()) {
        const [key, cause, dueAt, isPush] = [
          String(row.key),
          String(row.cause),
          Number(row.dueAt),
          row.isPush === 1,
        ]
        const name = `${row.kind} ${key}`
        const before = bySubject.get(name)
        if (before === undefined) {
          // Only `add` writes the column, from a Kind.
          bySubject.set(name, { kind: row.kind as Kind, key, dueAt, cause, isPush, count: 1 })
          continue
        }
        before.count += 1
        before.dueAt = Math.min(before.dueAt, dueAt)
        // As in `newerCause`: a push gives way to another push only.
        if (isPush || !before.isPush) Object.assign(before, { cause, isPush })
      }
      take.run()
      known = { size: 0, firstDueAt: new Map() }
      return [...bySubject.values()]
    },
    forgetNotes() {
      known = undefined
    },
  }
}
