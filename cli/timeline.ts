import { stripVTControlCharacters } from 'node:util'
import { Timeline, type TimelineCause, type TimelineEntry } from '../services/http/answers.ts'
import { askOrOpen } from './ask-or-open.ts'
import { configurationOrExplain } from './configured.ts'

/**
 * Prints what happened to a booking and why, from its events, oldest first; with `at`, as it was known then. Resolves
 * with the exit code. 0: the booking is known. 1: it is not, or nobody answers. 2: the configuration is not usable.
 */
export async function timeline(
  bookingUid: string,
  { at, json }: { at: Temporal.Instant | undefined; json: boolean },
): Promise<number> {
  const configuration = configurationOrExplain()
  if (configuration === undefined) return 2
  const query = at === undefined ? '' : `?${new URLSearchParams({ at: at.toString() })}`
  const answer = await askOrOpen(
    configuration,
    `/bookings/${encodeURIComponent(bookingUid)}/timeline${query}`,
  )
  if (!answer.ok) {
    console.error(answer.message)
    return 1
  }
  console.log(json ? JSON.stringify(answer.body) : readable(bookingUid, Timeline.parse(answer.body)))
  return 0
}

const readable = (bookingUid: string, { answer, entries }: Timeline): string =>
  stripVTControlCharacters([answer, '', ...entries.map((entry) => linesOf(bookingUid, entry))].join('\n'))

function linesOf(asked: string, { time, bookingUid, sentence, type, position, actor, cause }: TimelineEntry) {
  const of = bookingUid === asked ? '' : ` (booking ${bookingUid})`
  return `${time}  ${sentence}${of}\n  ${type} at ${position}, by ${actor}; ${causeOf(cause)}`
}

function causeOf({
  channelId,
  messageNumber,
  receivedAt,
  poll,
  reason,
  webhook,
  command,
  ...seen
}: TimelineCause) {
  const began =
    channelId !== undefined
      ? `Google pushed message ${messageNumber} on channel ${channelId} at ${receivedAt}`
      : webhook !== undefined
        ? `Cal.com sent ${webhook}, received at ${receivedAt}`
        : poll
          ? `the service looked by itself (${reason ?? 'POLL'})`
          : `command ${command ?? 'unknown'}`
  const version = [
    ...(seen.etag === undefined ? [] : [`etag ${seen.etag}`]),
    ...(seen.updated === undefined ? [] : [`updated ${seen.updated}`]),
  ]
  return version.length === 0 ? began : `${began}; the event's ${version.join(', ')}`
}
