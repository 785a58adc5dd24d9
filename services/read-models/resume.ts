// The way out of STORE_REWOUND for the read models: they are forgotten, and made anew from the events that are there.
import { z } from 'zod'
import type { Position } from '../../ports/event-store/event-store.ts'
import type { Stores } from '../../ports/port-groups.ts'
import { allProjections } from '../../projections/all-projections.ts'
import { calendarsWithSyncs } from '../../projections/calendar-syncs.ts'
import { calendarsSelected } from '../../projections/selected-calendars.ts'
import { parkedEvents } from './parked-events.ts'
import { whyRewound } from './rewound-store.ts'

export const ResumedReadModels = z.object({
  state: z
    .enum(['NOT_STOPPED', 'READY', 'RESUMED'])
    .describe('READY: nothing was changed; RESUMED: the read models are forgotten'),
  reason: z.string().nullable().describe('why they stand still'),
  calendars: z.int().min(0).describe('to be read in full at the next start'),
})
export type ResumedReadModels = z.infer<typeof ResumedReadModels>

/**
 * Says whether the read models are of this event store. With `write`, where they are not, it forgets them, and up to
 * where the reactions and the calendars were read. The next start makes the read models from the first event on, and
 * reads each calendar in full: what was decided after the copy was made is decided anew. No process may run on these
 * stores meanwhile. It may be interrupted and repeated. Rejects with StoreUnavailable.
 */
export async function resumeReadModels(
  { events, readStore, queue }: Pick<Stores, 'events' | 'readStore' | 'queue'>,
  { write, beside, now }: { write: boolean; beside: readonly string[]; now: Temporal.Instant },
): Promise<ResumedReadModels> {
  const collections = allProjections.map(({ collection }) => collection)
  await readStore.prepare([...collections, parkedEvents])
  const names = [...collections.map(({ name }) => name), ...beside]
  const checkpoints: Position[] = await Promise.all(names.map((name) => readStore.checkpoint(name)))
  const reason = await whyRewound(events, checkpoints)
  const keys = new Set<string>()
  for await (const { calendarKey } of calendarsWithSyncs(readStore)) keys.add(calendarKey)
  for await (const { calendarKey } of calendarsSelected(readStore)) keys.add(calendarKey)
  for (const { key } of await queue.completedBefore(now.add({ hours: 24 }), MOST)) keys.add(key)
  if (reason === undefined) return { state: 'NOT_STOPPED', reason: null, calendars: 0 }
  if (!write) return { state: 'READY', reason, calendars: keys.size }
  for (const key of keys) await queue.remove({ kind: 'calendar', key })
  const [first] = collections
  // A checkpoint is forgotten with a collection: that of no projection goes with the first.
  for (const name of beside) if (first) await readStore.clear(first.name, name)
  for (const { name } of collections) await readStore.clear(name, name)
  return { state: 'RESUMED', reason, calendars: keys.size }
}

const MOST = 100_000
