/**
 * One row a subject. Times are milliseconds since 1970 of the given clock. The claim's part (`cause`, `memo`) is kept
 * apart from what arrived since (`arrived_…`). The next claim merges them, so that a completion, which settles the one,
 * cannot lose the other. `due_at` is emptied by a claim and set by the next signal. `completed_at` is 0 for never.
 * `ready_at` is when a claim may succeed: at the lease's end, else when due and no longer held back, else not at all.
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

const OURS = 'kind = :kind AND key = :key AND lease_token = :leaseToken AND lease_until > :now'

/** `:count` signals: the earlier due time stands, and a push gives way to another push only. */
export const SIGNAL = `
  INSERT INTO signal (kind, key, signalled, due_at, arrived_cause, arrived_memo)
  VALUES (:kind, :key, :count, :dueAt, :cause, :memo)
  ON CONFLICT DO UPDATE SET
    signalled = signalled + excluded.signalled,
    due_at = min(coalesce(due_at, excluded.due_at), excluded.due_at),
    arrived_cause = CASE
      WHEN arrived_cause ->> 'channelId' IS NOT NULL AND excluded.arrived_cause ->> 'channelId' IS NULL
      THEN arrived_cause ELSE excluded.arrived_cause END,
    arrived_memo = coalesce(excluded.arrived_memo, arrived_memo),
    not_before = CASE WHEN :atOnce THEN 0 ELSE not_before END`

export const ARRIVED_MEMO = 'SELECT arrived_memo AS memo FROM signal WHERE kind = ? AND key = ?'

/** The subject of one kind that has been ready longest. */
export const FIRST_READY = `
  SELECT ready_at AS readyAt, kind, key, failures, cause, arrived_cause AS arrivedCause, memo,
    arrived_memo AS arrivedMemo, sync_token AS syncToken
  FROM signal WHERE kind = ? AND ready_at <= ? ORDER BY ready_at LIMIT 1`

export const LEASE = `
  UPDATE signal SET lease_token = :leaseToken, lease_until = :leaseUntil, due_at = NULL, cause = :cause, memo = :memo,
    arrived_cause = NULL, arrived_memo = NULL
  WHERE kind = :kind AND key = :key`

export const RENEW = `UPDATE signal SET lease_until = :leaseUntil WHERE ${OURS}`

/** `:keepToken` 1 keeps the sync token that is there. */
export const COMPLETE = `
  UPDATE signal SET lease_token = NULL, lease_until = NULL, not_before = 0, failures = 0, completed_at = :now,
    due_at = min(coalesce(due_at, :againAt), coalesce(:againAt, due_at)),
    cause = CASE WHEN :againAt IS NOT NULL THEN cause END,
    memo = :memo,
    sync_token = CASE WHEN :keepToken THEN sync_token ELSE :syncToken END
  WHERE ${OURS}`

export const FAIL = `
  UPDATE signal SET lease_token = NULL, lease_until = NULL, failures = failures + 1,
    due_at = :retryAt, not_before = :retryAt, memo = coalesce(:memo, memo)
  WHERE ${OURS}`

export const RELEASE = `UPDATE signal SET lease_token = NULL, lease_until = NULL, due_at = :now WHERE ${OURS}`

export const NEXT_READY = `
  SELECT ready_at AS readyAt FROM signal WHERE kind = ? AND ready_at IS NOT NULL ORDER BY ready_at LIMIT 1`

export const REMOVE = 'DELETE FROM signal WHERE kind = ? AND key = ?'

export const REMOVE_IDLE = `${REMOVE} AND lease_token IS NULL AND due_at IS NULL`

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
