import { z } from 'zod'
import { NamedEvent, type PublicationComparison } from './comparison.ts'

/** Before the first event, as an operator writes it. */
export const FROM_START = 'start'

const count = z.int().min(0)

/** How the event store and the topic compare, and what follows from it. */
export const ResumeReport = z
  .object({
    state: z
      .enum(['NOT_STOPPED', 'UNDECIDED', 'READY', 'RESUMED'])
      .describe(
        'NOT_STOPPED: the store is the one that was published from; UNDECIDED: the topic does not tell where to go on, `after` has to; READY: it would go on there; RESUMED: the position was written',
      ),
    reason: z.string().nullable().describe('why nothing is published; null for NOT_STOPPED'),
    doubts: z.array(z.string()).describe('what speaks against going on as the topic tells'),
    goesOnAfter: z.string().describe('a position, or `start`'),
    leavesOutNoneAfter: z.string().nullable().describe('an earlier one, from which nothing is left out'),
    inStore: count.describe('booking events in the event store'),
    inTopic: count.describe('how many of them are in the topic'),
    unknownToStore: count.describe('events in the topic that the event store does not have'),
    toPublish: count.describe('events after `goesOnAfter`'),
    repeated: count.describe('how many of those are in the topic already'),
    first: NamedEvent.nullable().describe('the first of those'),
    waiting: count.describe('before it, not in the topic: parked, or behind what is'),
    expired: count.describe('before it, not in the topic: deleted there for their age'),
    leftOut: count.describe('before it, not in the topic, for no reason that can be seen'),
    firstLeftOut: NamedEvent.nullable(),
  })
  .meta({ id: 'ResumePublishing' })
export type ResumeReport = z.infer<typeof ResumeReport>

/** The report on a comparison. */
export function reportOf(
  state: ResumeReport['state'],
  reason: string | null,
  doubts: string[],
  { mark, behind, ahead, unknownToStore }: PublicationComparison,
): ResumeReport {
  const size = (tally: typeof behind) => tally.inTopic + tally.waiting + tally.maybeExpired + tally.absent
  return {
    state,
    reason,
    doubts,
    goesOnAfter: mark.position || FROM_START,
    leavesOutNoneAfter: behind.beforeAbsent && (behind.beforeAbsent.position || FROM_START),
    inStore: size(behind) + size(ahead),
    inTopic: behind.inTopic + ahead.inTopic,
    unknownToStore,
    toPublish: size(ahead),
    repeated: ahead.inTopic,
    first: ahead.first,
    waiting: behind.waiting,
    expired: behind.maybeExpired,
    leftOut: behind.absent,
    firstLeftOut: behind.firstAbsent,
  }
}
