import type { Cause } from '../../domain/event-metadata.ts'

/** The cause that stands when `next` comes after `before`: a push gives way to another push only. */
export function newerCause(before: Cause | undefined, next: Cause): Cause {
  return before !== undefined && isPush(before) && !isPush(next) ? before : next
}

export const isPush = (cause: Cause): boolean => 'channelId' in cause
