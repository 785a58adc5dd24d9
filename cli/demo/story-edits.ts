import { STAND_IN_HOST } from '../../stand-ins/stand-ins.ts'
import { type BookedMeeting, type Meetings, settled } from './story-bookings.ts'
import { clockTime, span, type Teller } from './teller.ts'
import { type PublishedEvent, StepFailed, type World } from './world.ts'

const eventPath = ({ calendarId, eventId }: Pick<BookedMeeting, 'calendarId' | 'eventId'>) =>
  `/calendars/${encodeURIComponent(calendarId)}/events/${eventId}`

const moved = ({ start, end }: BookedMeeting) => ({
  start: later(start, { hours: 24 }),
  end: later(end, { hours: 24 }),
})
const lengthened = ({ start, end }: BookedMeeting) => ({ start, end: later(end, { minutes: 45 }) })

const later = (at: string, by: { hours?: number; minutes?: number }): string =>
  Temporal.Instant.from(at).add(by).toString()

const sameInstant = (a: string, b: string): boolean =>
  Temporal.Instant.from(a).equals(Temporal.Instant.from(b))

const notBefore = (a: string, b: string): boolean =>
  Temporal.Instant.compare(Temporal.Instant.from(a), Temporal.Instant.from(b)) >= 0

/** An event's own word on when it was last changed. */
type Written = { updated: string }

/** The hosts' changes in Google Calendar. Resolves when Google has pushed and the service has fetched it all. */
export async function editCalendars(
  world: World,
  teller: Teller,
  { first, second, third }: Meetings,
): Promise<void> {
  teller.step('The hosts edit four events in Google Calendar')
  const dentist = await world.google.post<{ id: string }>(
    `/calendars/${encodeURIComponent(STAND_IN_HOST.calendarId)}/events`,
    { summary: 'Dentist', ...moved(second) },
  )
  await world.google.post(`${eventPath(first)}/move`, { start: moved(first).start })
  teller.happened(`${first.name} is dragged to ${span(moved(first))}`)
  await world.google.post(`${eventPath(second)}/resize`, { end: lengthened(second).end })
  teller.happened(`${second.name} is made longer: ${span(lengthened(second))}`)
  await world.google.delete(eventPath(third))
  teller.happened(`${third.name} is deleted`)
  const unrelated = { calendarId: STAND_IN_HOST.calendarId, eventId: dentist.id }
  const renamed = await world.google.patch<Written>(eventPath(unrelated), { summary: 'Dentist, at last' })
  teller.happened('"Dentist", which is no booking, is renamed')
  const deleted = await world.google.get<Written>(eventPath(third))

  for (const [calendarId, { updated }] of [
    [first.calendarId, renamed],
    [third.calendarId, deleted],
  ] as const)
    await world.until(`A fetch of ${calendarId} after the edits`, async (complain) => {
      const path = `/calendar/v3/calendars/${encodeURIComponent(calendarId)}/events`
      const { items } = await world.google.get<{ items: { path: string; at: string; status: number }[] }>(
        '/requests',
      )
      const list = items.findLast((one) => decodeURIComponent(one.path) === decodeURIComponent(path))
      complain(list ? `answered ${list.status} at ${list.at}` : 'no request')
      return list?.status === 200 && notBefore(list.at, updated) ? list : undefined
    })
  await settled(world, 'the edits')
  teller.true('Google pushed, the service fetched what changed, and nothing is left to be looked at')
}

/** Exactly the three events that the edits mean, each once: the queue is idle, so that nothing more can come. */
export async function publishedExactly(
  world: World,
  teller: Teller,
  { first, second, third }: Meetings,
): Promise<void> {
  teller.step('The booking events that come out: GET /booking-events')
  const events = await world.feed()
  for (const { type, time, data } of events) {
    teller.happened(`${clockTime(time)}  ${type}`)
    teller.detail(JSON.stringify(essentials(data)))
  }
  expectReschedule(events, first, moved(first))
  expectReschedule(events, second, lengthened(second))
  const cancelled = only(events, third, 'BookingCancelled')
  if (cancelled.data.reason !== 'DELETED_IN_CALENDAR')
    throw new StepFailed(`Cancelled: ${cancelled.data.reason}`)
  teller.true(`${third.name} is cancelled: ${cancelled.data.reason}`)
  if (events.length !== 3 || new Set(events.map(({ id }) => id)).size !== 3)
    throw new StepFailed(`Three events were expected, not ${events.map(({ type }) => type).join(', ')}`)
  teller.true('Each came once, and nothing came of the dentist')

  function expectReschedule(
    all: PublishedEvent[],
    meeting: BookedMeeting,
    next: { start: string; end: string },
  ) {
    const { data } = only(all, meeting, 'BookingRescheduled')
    const agrees =
      sameInstant(data.previous.start, meeting.start) &&
      sameInstant(data.previous.end, meeting.end) &&
      sameInstant(data.next.start, next.start) &&
      sameInstant(data.next.end, next.end)
    if (!agrees) throw new StepFailed(`${meeting.name} was to become ${span(next)}: ${JSON.stringify(data)}`)
    teller.true(`${meeting.name} is rescheduled: ${span(data.previous)} → ${span(data.next)}`)
  }
}

function only<Type extends PublishedEvent['type']>(
  events: readonly PublishedEvent[],
  { bookingUid, name }: BookedMeeting,
  type: Type,
): Extract<PublishedEvent, { type: Type }> {
  const ofBooking = events.filter(({ subject }) => subject === bookingUid)
  const [one] = ofBooking.filter((event) => isOf(event, type))
  if (one === undefined || ofBooking.length !== 1)
    throw new StepFailed(
      `${type} was expected of ${name}, not ${ofBooking.map((event) => event.type).join(', ') || 'nothing'}`,
    )
  return one
}

const isOf = <Type extends PublishedEvent['type']>(
  event: PublishedEvent,
  type: Type,
): event is Extract<PublishedEvent, { type: Type }> => event.type === type

function essentials(data: PublishedEvent['data']): object {
  const { bookingUid, sequence } = data
  if ('next' in data) return { bookingUid, sequence, previous: data.previous, next: data.next }
  return { bookingUid, sequence, reason: data.reason, start: data.start, end: data.end }
}
