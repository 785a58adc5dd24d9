// The other end of the story: what people see in Cal.com, where the service itself has carried the changes out.
import type { BookedMeeting, Meetings } from './story-bookings.ts'
import { span, type Teller } from './teller.ts'
import { StepFailed, type World } from './world.ts'

/** A booking as Cal.com's stand-in shows it. */
type InCalcom = { uid: string; status: string; start: string; end: string; rescheduledToUid?: string }

/** A move and a cancellation are in Cal.com, each once; a length that its API cannot express is told to a person. */
export async function carriedOut(
  world: World,
  teller: Teller,
  { first, second, third }: Meetings,
): Promise<void> {
  teller.step(
    "The service has carried them out in Cal.com, by its API (CALCOM_APPLY=api, the stand-ins' default)",
  )
  const [published] = (await world.feed()).filter(({ subject }) => subject === first.bookingUid)
  const next = published?.type === 'BookingRescheduled' ? published.data.next.start : ''
  const moved = await world.until(`${first.name}, moved in Cal.com`, async (complain) => {
    const { rescheduledToUid } = await inCalcom(world, first)
    complain(rescheduledToUid === undefined ? 'the booking as it was' : rescheduledToUid)
    return rescheduledToUid === undefined
      ? undefined
      : await inCalcom(world, { bookingUid: rescheduledToUid })
  })
  if (!Temporal.Instant.from(moved.start).equals(Temporal.Instant.from(next)))
    throw new StepFailed(`${first.name} was to be at ${next} in Cal.com, not at ${moved.start}`)
  teller.true(`${first.name} is at ${span(moved)} in Cal.com, as the booking ${moved.uid}`)
  await world.until(`${third.name}, cancelled in Cal.com`, async (complain) => {
    const { status } = await inCalcom(world, third)
    complain(status)
    return status === 'cancelled' ? true : undefined
  })
  teller.true(`${third.name} is cancelled in Cal.com`)
  const told = await world.until(`A person told of ${second.name}`, async (complain) => {
    const { needsPerson } = await world.status()
    complain(needsPerson.map(({ code }) => code).join(', ') || 'nothing')
    return needsPerson.find(({ bookingUid }) => bookingUid === second.bookingUid)
  })
  if (told.code !== 'CANNOT_RESIZE')
    throw new StepFailed(`CANNOT_RESIZE was expected of ${second.name}, not ${told.code}`)
  teller.true(`${second.name} is as long as before in Cal.com: a person is told (${told.code})`)
  teller.detail(told.sentence)
  teller.detail(told.next)
}

const inCalcom = (world: World, { bookingUid }: Pick<BookedMeeting, 'bookingUid'>) =>
  world.calcom.get<InCalcom>(`/bookings/${bookingUid}`)
