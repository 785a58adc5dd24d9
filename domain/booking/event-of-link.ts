// The event whose description has Cal.com's link to the booking. It is the booking's only if nothing else could be meant.
import type { ExternalEvent } from '../external-event.ts'
import { sameTimes, type Times } from '../times.ts'
import type { FlagCode } from './decisions.ts'

/** Why no event is taken for the booking's. A person is told, and Google is not searched again. */
export type LinkDoubt = Extract<FlagCode, 'LINK_AMBIGUOUS' | 'LINK_OF_OTHERS' | 'LINK_AT_OTHER_TIMES'>
export const linkDoubts: readonly LinkDoubt[] = ['LINK_AMBIGUOUS', 'LINK_OF_OTHERS', 'LINK_AT_OTHER_TIMES']

/** Told until the booking has an event that Cal.com, or somebody else, named. */
export const linkFlags: readonly FlagCode[] = ['LINK_NOT_FOUND', ...linkDoubts]

/**
 * The one event that has the link, at the booking's times, in its organiser's copy. Undefined: none has the link yet. One
 * that is handed on from the booking before is the booking's at any time: the link says that Cal.com took it over.
 */
export function eventOfLink(
  hits: readonly ExternalEvent[],
  times: Times,
  isHandedOn: (externalEventId: string) => boolean = () => false,
): ExternalEvent | { doubt: LinkDoubt } | undefined {
  const [hit, another] = hits.filter(({ status }) => status !== 'cancelled')
  if (hit === undefined) return undefined
  if (another !== undefined) return { doubt: 'LINK_AMBIGUOUS' }
  if (hit.organizerSelf !== true) return { doubt: 'LINK_OF_OTHERS' }
  const isThen = hit.times !== undefined && !hit.times.allDay && sameTimes(hit.times, times)
  return isThen || isHandedOn(hit.id) ? hit : { doubt: 'LINK_AT_OTHER_TIMES' }
}
