// The story that the demo plays: two hosts, three bookings, four edits in Google Calendar, three events published and
// carried out in Cal.com.
import type { RecordedEvent } from '../../ports/event-store/event-store.ts'
import { STAND_IN_HOST } from '../../stand-ins/stand-ins.ts'
import { type BookedMeeting, bookThree } from './story-bookings.ts'
import { editCalendars, publishedExactly } from './story-edits.ts'
import { carriedOut } from './story-outcomes.ts'
import { clockTime, span, type Teller } from './teller.ts'
import { StepFailed, type World } from './world.ts'

/** Reads a stream of the event store, oldest first: what a status was before is not asked for over HTTP. */
type ReadStream = (stream: string) => Promise<RecordedEvent[]>

/** Plays the story to its end. Rejects at the first step that does not come true. */
export async function playStory(world: World, teller: Teller, read: ReadStream): Promise<void> {
  const calendarKey = await registerCalendar(world, teller)
  await channelOpens(world, teller, calendarKey, read)
  const meetings = await bookThree(world, teller)
  await editCalendars(world, teller, meetings)
  await publishedExactly(world, teller, meetings)
  await carriedOut(world, teller, meetings)
  for (const meeting of [meetings.first, meetings.second, meetings.third])
    await tellTimeline(world, teller, meeting)
}

/** Resolves with the key by which the service knows the calendar. */
async function registerCalendar(world: World, teller: Teller): Promise<string> {
  const { userId, calendarId, credentialId } = STAND_IN_HOST
  teller.step(`The calendar of a host is registered: ${calendarId}`)
  const command = { userId, provider: 'google', externalCalendarId: calendarId, credentialId }
  teller.happened(`POST /commands/RegisterCalendarSync ${JSON.stringify(command)}`)
  const answer = await world.service.post<{ id: string; stream: string; events: string[] }>(
    '/commands/RegisterCalendarSync',
    command,
  )
  if (answer.events.join() !== 'CalendarSyncRegistered')
    throw new StepFailed(`CalendarSyncRegistered was expected of the command, not ${answer.events}`)
  teller.true(`CalendarSyncRegistered, in the stream ${answer.stream}`)
  const again = await world.service.post<{ events: string[] }>('/commands/RegisterCalendarSync', command)
  if (again.events.length > 0) throw new StepFailed(`Sent a second time the command changed ${again.events}`)
  teller.true('Sent a second time, the command changes nothing')
  const sync = await world.until('The calendar sync in GET /calendar-syncs', async () =>
    (await world.syncs()).find(({ calendarSyncId }) => calendarSyncId === answer.id),
  )
  return sync.calendarKey
}

async function channelOpens(
  world: World,
  teller: Teller,
  calendarKey: string,
  read: ReadStream,
): Promise<void> {
  teller.step('The crons open a push channel at Google')
  const active = await world.until('An ACTIVE subscription with a channel', async (complain) => {
    const one = (await world.subscriptions()).find((each) => each.calendarKey === calendarKey)
    complain(one ? `${one.status}, ${one.lastError ?? 'no error'}` : 'no subscription')
    return one?.status === 'ACTIVE' && one.channels.length > 0 ? one : undefined
  })
  const statuses: { [type: string]: string } = {
    SubscriptionRequested: 'PENDING',
    SubscriptionActivated: 'ACTIVE',
  }
  const events = await read(`calendarSubscription-${active.subscriptionId}`)
  const passed = events.flatMap(({ type }) => statuses[type] ?? [])
  if (passed.join() !== 'PENDING,ACTIVE')
    throw new StepFailed(`The subscription went ${passed.join(' → ')}, not PENDING → ACTIVE`)
  for (const { type, recordedAt, metadata } of events)
    teller.happened(
      `${clockTime(recordedAt)}  ${(statuses[type] ?? '').padEnd(7)}  ${type.padEnd(21)}  by ${metadata.actor}`,
    )
  const [channel] = active.channels
  teller.true(`PENDING → ACTIVE; channel ${channel?.channelId}`)
  teller.detail(`open until ${channel?.expiresAt}`)
}

async function tellTimeline(world: World, teller: Teller, meeting: BookedMeeting): Promise<void> {
  const { answer, entries } = await world.timeline(meeting.bookingUid)
  teller.step(`What happened to ${meeting.name}, and why: GET /bookings/${meeting.bookingUid}/timeline`)
  teller.happened(answer)
  for (const entry of entries)
    teller.detail(`${clockTime(entry.time)}  ${entry.type.padEnd(26)}  ${entry.sentence}`)
  const decisions = entries.filter(({ type }) => type === 'BookingRescheduled' || type === 'BookingCancelled')
  const [decision] = decisions
  if (decision === undefined || decisions.length > 1)
    throw new StepFailed(`${decisions.length} decisions are in the timeline, not one`)
  const { channelId, messageNumber, receivedAt } = decision.cause
  if (channelId === undefined || messageNumber === undefined || receivedAt === undefined)
    throw new StepFailed(`The decision names no push as its cause, but ${JSON.stringify(decision.cause)}`)
  teller.true(`${decision.type}, which was ${span(meeting)}, was caused by Google's push`)
  teller.detail(`channel ${channelId}, message ${messageNumber}, received at ${clockTime(receivedAt)} UTC`)
}
