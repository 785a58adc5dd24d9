import type { Cause } from '../../domain/event-metadata.ts'

/** The cause that stands when `next` comes after `before`: a push gives way to another push only. */
export function newerCause(before: Cause | undefined, next: Cause): Cause {
  return before !== undefined && 'channelId' in before && !('channelId' in next) ? before : next
}
