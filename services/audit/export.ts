import { createHash } from 'node:crypto'
import { categoryOf } from '../../domain/domain-event.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { SigningKey } from '../../infrastructure/config/signing-key.ts'
import type { EventStore, RecordedEvent } from '../../ports/event-store/event-store.ts'
import { nextTurn } from '../../ports/turns.ts'
import { lineHashes } from './line-hashes.ts'
import { manifestLine } from './manifest.ts'
import { type ExportSelection, selectedEvents } from './selected-events.ts'

export type ExportParts = { events: EventStore; key: SigningKey; now: () => Temporal.Instant }

/**
 * The selected events as lines of JSON, in their order, and a signed manifest as the last line. It ends with the events
 * that were there at the beginning. Pulled: pieces of text, each of whole lines. Rejects with StoreUnavailable, and with
 * BookingUnknown before the first piece; without its manifest it is not whole.
 */
export async function* exportLines(
  { events, key, now }: ExportParts,
  selection: ExportSelection,
): AsyncGenerator<string, void> {
  const madeAt = now().toString()
  const upTo = await events.head()
  const whole = createHash('sha256')
  const lines = lineHashes()
  const categories: Record<string, number> = {}
  let count = 0
  let first: string | null = null
  let last: string | null = null
  for await (const page of selectedEvents(events, selection, upTo)) {
    let text = ''
    for (const event of page) {
      const line = lineOf(event)
      lines.add(line)
      text += `${line}\n`
      const category = categoryOf(event.stream)
      categories[category] = (categories[category] ?? 0) + 1
      first ??= event.position
      last = event.position
    }
    count += page.length
    whole.update(text)
    yield text
    await nextTurn()
  }
  const { category, bookingUid, from, to } = selection
  const manifest = {
    format: 'calendar-sync-export' as const,
    version: 1 as const,
    madeAt,
    selection: defined({ from: from?.toString(), to: to?.toString(), category, bookingUid }),
    upTo,
    events: count,
    categories,
    first,
    last,
    sha256: whole.digest('hex'),
    lines: lines.bytes().toString('base64'),
    key: key.id,
  }
  yield `${manifestLine(manifest, key.sign)}\n`
}

/** The fields in this order, each as it is stored. */
const lineOf = ({ stream, revision, position, recordedAt, id, type, data, metadata }: RecordedEvent) =>
  JSON.stringify({ stream, revision, position, recordedAt, id, type, data, metadata })
