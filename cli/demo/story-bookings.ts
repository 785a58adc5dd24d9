import { STAND_IN_HOST } from '../../stand-ins/stand-ins.ts'
import { span, type Teller } from './teller.ts'
import { StepFailed, type World } from './world.ts'

/** A booking with the calendar event that Cal.com wrote for it. Times in RFC 3339, UTC. */
export type BookedMeeting = {
  name: string
  bookingUid: string
  calendarId: string
  eventId: string
  start: string
  end: string
}

export type Meetings = { first: BookedMeeting; second: BookedMeeting; third: BookedMeeting }

/** A second host, whom nobody registers: the booking itself does. */
const SECOND_HOST = { userId: 2, calendarId: 'second-host@example.com', credentialId: 'second-host' }

/** Two bookings with the first host and one with the second, each told of by webhook and linked to its event. */
export async function bookThree(world: World, teller: Teller): Promise<Meetings> {
  teller.step('Three bookings are made in Cal.com')
  await furnishSecondHost(world)
  const userId = Number(STAND_IN_HOST.userId)
  const { calendarId } = STAND_IN_HOST
  const meetings = {
    first: await book(world, teller, 'the first booking', { userId, calendarId, hour: 10 }),
    second: await book(world, teller, 'the second booking', { userId, calendarId, hour: 13 }),
    third: await book(world, teller, 'the third booking', { ...SECOND_HOST, hour: 15 }),
  }
  await webhooksTaken(world, teller)
  await secondCalendarLive(world, teller)
  await settled(world, 'the looks that follow a link')
  return meetings
}

/** Waits until nothing is due, under way or set for later. */
export const settled = (world: World, what: string): Promise<true> =>
  world.until(`An idle queue after ${what}`, async (complain) => {
    const { queue } = await world.status()
    const busy = queue.filter(({ due, leased, waiting }) => due + leased + waiting > 0)
    complain(JSON.stringify(busy))
    return busy.length === 0 ? true : undefined
  })

async function furnishSecondHost(world: World): Promise<void> {
  const { userId, calendarId, credentialId } = SECOND_HOST
  await world.google.post('/calendars', { id: calendarId, timeZone: 'Europe/London' })
  await world.calcom.post('/users', {
    id: userId,
    name: 'The second host',
    email: calendarId,
    timeZone: 'Europe/London',
    destination: { externalCalendarId: calendarId, credentialId },
  })
  // As the connect page does when a host gives consent.
  const credential = { kind: 'oauth', refreshToken: 'refresh-token-of-the-second-host' }
  await world.service.put(`/credentials/${credentialId}`, credential)
}

async function book(
  world: World,
  teller: Teller,
  name: string,
  { userId, calendarId, hour }: { userId: number; calendarId: string; hour: number },
): Promise<BookedMeeting> {
  const day = Temporal.Now.plainDateISO('Europe/London').add({ days: 2 })
  const start = day.toZonedDateTime({ timeZone: 'Europe/London', plainTime: { hour } }).toInstant().toString()
  const booked = await world.calcom.post<{ uid: string; start: string; end: string }>('/bookings', {
    userId,
    start,
    wait: false,
  })
  const reference = await world.until(`The calendar event of ${name}, looked at`, async (complain) => {
    const known = await world.booking(booked.uid)
    const confirmed = known?.references.find((each) => each.confirmed)
    complain(known ? (confirmed ? 'an event not looked at' : 'a booking without reference') : 'no booking')
    return known?.lastDecision ? confirmed : undefined
  })
  const { externalEventId: eventId, externalCalendarId } = reference
  if (externalCalendarId !== calendarId)
    throw new StepFailed(`${name} is linked to the calendar ${externalCalendarId}, not to ${calendarId}`)
  const meeting = { name, bookingUid: booked.uid, calendarId, eventId, start: booked.start, end: booked.end }
  teller.true(`${name}, ${span(meeting)}, with ${calendarId}`)
  teller.detail(`booking ${booked.uid} → Google event ${eventId}, as Cal.com names it`)
  return meeting
}

async function webhooksTaken(world: World, teller: Teller): Promise<void> {
  const { items } = await world.calcom.get<{ items: { trigger: string; status?: number }[] }>('/deliveries')
  const created = items.filter(({ trigger }) => trigger === 'BOOKING_CREATED')
  if (created.length !== 3 || created.some(({ status }) => status !== 200))
    throw new StepFailed(`Three BOOKING_CREATED were to be answered 200: ${JSON.stringify(created)}`)
  teller.true('Cal.com told of each by a signed BOOKING_CREATED, and each was answered 200')
}

async function secondCalendarLive(world: World, teller: Teller): Promise<void> {
  const { calendarId, userId } = SECOND_HOST
  const sync = (await world.syncs()).find(({ externalCalendarId }) => externalCalendarId === calendarId)
  if (sync?.userId !== String(userId)) throw new StepFailed(`${calendarId} is not registered`)
  await world.until(`An ACTIVE subscription to ${calendarId}`, async (complain) => {
    const one = (await world.subscriptions()).find((each) => each.externalCalendarId === calendarId)
    complain(one?.status ?? 'no subscription')
    return one?.status === 'ACTIVE' ? one : undefined
  })
  teller.true(`Nobody registered ${calendarId}: the booking did, and its channel is ACTIVE`)
}
