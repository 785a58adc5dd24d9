import type { Document } from '../../ports/read-store/read-store.ts'
import type { SignalContents } from '../../ports/signal-queue/signal-contents.ts'
import type { Kind } from '../../ports/signal-queue/signal-queue.ts'
import type { SqliteDatabase } from './database.ts'

const SUBJECTS = `
  SELECT kind, key, memo, arrived_memo AS arrivedMemo FROM signal
  WHERE kind = 'calendar' OR due_at IS NOT NULL OR lease_token IS NOT NULL ORDER BY kind, key`

/**
 * The signals that the embedded queue would hand on. A calendar's memo is about a fetch from its sync token and is left
 * behind with it. `sqliteSignalQueue` has to have made the table.
 */
export const sqliteSignalContents =
  ({ sql }: SqliteDatabase): SignalContents =>
  () =>
    sql
      .prepare(SUBJECTS)
      .all()
      .map(({ kind, key, memo, arrivedMemo }) => {
        // Only the queue writes this column, from values of this type.
        const subject = { kind: kind as Kind, key: String(key) }
        if (kind === 'calendar' || (memo === null && arrivedMemo === null)) return { subject }
        return { subject, memo: { ...documentIn(memo), ...documentIn(arrivedMemo) } }
      })

const documentIn = (text: unknown): Document =>
  // Stored by the queue: a Document's JSON.
  typeof text === 'string' ? (JSON.parse(text) as Document) : {}
