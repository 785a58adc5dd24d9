/**
 * One row a subject, see ports/signal-queue/signal-record.ts, with milliseconds of the given clock. `ready_at` is what
 * `readyAt` says there.
 */
export const SIGNAL_TABLE = `
  CREATE TABLE IF NOT EXISTS signal (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    signalled INTEGER NOT NULL,
    due_at INTEGER,
    not_before INTEGER NOT NULL DEFAULT 0,
    lease_token TEXT,
    lease_until INTEGER,
    failures INTEGER NOT NULL DEFAULT 0,
    cause TEXT,
    arrived_cause TEXT,
    memo TEXT,
    arrived_memo TEXT,
    sync_token TEXT,
    completed_at INTEGER NOT NULL DEFAULT 0,
    ready_at INTEGER GENERATED ALWAYS AS (
      CASE WHEN lease_token IS NOT NULL THEN lease_until WHEN due_at IS NOT NULL THEN max(due_at, not_before) END
    ) VIRTUAL,
    PRIMARY KEY (kind, key)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS signal_ready ON signal (kind, ready_at) WHERE ready_at IS NOT NULL;
  CREATE INDEX IF NOT EXISTS signal_completed ON signal (kind, completed_at);
`

const ARRIVALS = `
  signalled, due_at AS dueAt, not_before AS notBefore, arrived_cause AS arrivedCause, arrived_memo AS arrivedMemo`
const COLUMNS = `
  ${ARRIVALS}, kind, key, failures, lease_token AS leaseToken, lease_until AS leaseUntil, cause, memo,
  sync_token AS syncToken, completed_at AS completedAt`

export const FIND_ARRIVALS = `SELECT ${ARRIVALS} FROM signal WHERE kind = ? AND key = ?`

/** Keeps what a signal changes. */
export const KEEP_ARRIVALS = `
  INSERT INTO signal (kind, key, signalled, due_at, not_before, arrived_cause, arrived_memo)
  VALUES (:kind, :key, :signalled, :dueAt, :notBefore, :arrivedCause, :arrivedMemo)
  ON CONFLICT DO UPDATE SET signalled = excluded.signalled, due_at = excluded.due_at,
    not_before = excluded.not_before, arrived_cause = excluded.arrived_cause, arrived_memo = excluded.arrived_memo`

export const FIND = `SELECT ${COLUMNS} FROM signal WHERE kind = ? AND key = ?`

/** The subject of one kind that has been ready longest. */
export const FIRST_READY = `
  SELECT ready_at AS readyAt, ${COLUMNS} FROM signal WHERE kind = ? AND ready_at <= ? ORDER BY ready_at LIMIT 1`

export const KEEP = `
  UPDATE signal SET signalled = :signalled, due_at = :dueAt, not_before = :notBefore, arrived_cause = :arrivedCause,
    arrived_memo = :arrivedMemo, failures = :failures, lease_token = :leaseToken, lease_until = :leaseUntil,
    cause = :cause, memo = :memo, sync_token = :syncToken, completed_at = :completedAt
  WHERE kind = :kind AND key = :key`

export const NEXT_READY = `
  SELECT ready_at AS readyAt FROM signal WHERE kind = ? AND ready_at IS NOT NULL ORDER BY ready_at LIMIT 1`

export const REMOVE = 'DELETE FROM signal WHERE kind = ? AND key = ?'

export const COMPLETED_BEFORE = `
  SELECT kind, key FROM signal WHERE kind = 'calendar' AND completed_at < ? AND ready_at IS NULL
  ORDER BY completed_at, key LIMIT ?`

/** Takes the keys as a JSON array. */
export const KNOWN = 'SELECT key FROM signal WHERE kind = ? AND key IN (SELECT value FROM json_each(?))'

/** Looks at subjects that wait or are leased only: the partial index holds no others. */
export const STATUS = `
  SELECT count(*) FILTER (WHERE ready_at <= :now) AS due,
    count(*) FILTER (WHERE ready_at > :now AND lease_token IS NOT NULL) AS leased,
    count(*) FILTER (WHERE ready_at > :now AND lease_token IS NULL) AS waiting,
    min(ready_at) FILTER (WHERE ready_at <= :now) AS oldestDueAt
  FROM signal INDEXED BY signal_ready WHERE kind = :kind AND ready_at IS NOT NULL`
