// Carries the newest published change of a chain of reschedules out in Cal.com, by one call at a time: read the booking and
// its event again, decide, call, record. A call that nobody heard the end of is found done by the next reading.
import type { CommandContext } from '../../commands/command.ts'
import { modeFor } from '../../commands/look-context.ts'
import { type Outcome, recordOutcome } from '../../commands/report-booking-event-outcome.ts'
import { type Application, decideApplication } from '../../domain/booking/application.ts'
import type { CancelledBooking, OpenBooking } from '../../domain/booking/state.ts'
import { reasonText } from '../../domain/explain/explanation.ts'
import { defined } from '../../domain/optional-fields.ts'
import { readTimes, sameTimes } from '../../domain/times.ts'
import type { DirectoryBooking, DirectoryError } from '../../ports/booking-directory.ts'
import type { BookingWriter, WritableBooking, WriteAnswer } from '../../ports/booking-writer.ts'
import type { Lease } from '../../ports/signal-queue/signal-queue.ts'
import { lastOfChain } from '../calcom/chain.ts'
import { flag } from '../calcom/flag.ts'
import type { PublishedChange } from '../calcom/published-changes.ts'
import { isStopped } from '../publishing/emergency-stop.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { done, type SubjectOutcome } from '../running/subject-outcome.ts'
import { readAtCalcom } from './at-calcom.ts'
import { eventNow } from './event-now.ts'
import { isOfKey, waitingSince, waits, waitsForCalcom } from './waiting.ts'

/** A booking that Cal.com has not known for so long was deleted there. */
const GONE_MS = 10 * 60_000
/** Cal.com has announced the booking's end, and is asked whether it is over. */
const CLOSING_AGAIN_MS = 1_000

type Applying = {
  ports: ServicePorts
  writer: BookingWriter
  context: CommandContext
  lease: Lease
  booking: OpenBooking | CancelledBooking
  change: PublishedChange
  signal: AbortSignal
}

/** Works on one chain. Only the newest change is carried out; those before it are superseded by it. */
export async function applyChain(
  ports: ServicePorts,
  writer: BookingWriter,
  lease: Lease,
  signal: AbortSignal,
): Promise<SubjectOutcome> {
  const { state: booking, unreported } = await lastOfChain(ports, lease.key)
  if (booking.kind !== 'OPEN' && booking.kind !== 'CANCELLED') return done
  if (booking.kind === 'OPEN' && booking.closing)
    return { kind: 'again', inMs: CLOSING_AGAIN_MS, memo: lease.memo ?? {} }
  const change = unreported.at(-1)
  if (change === undefined) return done
  // When that ends, all that waits is signalled.
  if (await isOff(ports, booking, change)) return done
  const context = contextOf(ports, 'applier', lease.cause)
  const applying: Applying = { ports, writer, context, lease, booking, change, signal }
  const isAmong = (changes: readonly { sequence: number }[] = []) =>
    changes.some(({ sequence }) => sequence === change.sequence)
  if (!isAmong(booking.unanswered)) return isAmong(booking.withdrawn) ? takenBack(applying, unreported) : done
  const earlier = unreported.slice(0, -1)
  const outcome = await applyNewest(applying, earlier)
  return signal.aborted && outcome.kind === 'failed' ? { ...outcome, code: 'ABORTED', retryInMs: 0 } : outcome
}

async function isOff(
  ports: ServicePorts,
  booking: OpenBooking | CancelledBooking,
  { event }: PublishedChange,
): Promise<boolean> {
  if (await isStopped(ports.events)) return true
  return (await modeFor(ports, booking, event.data.calendarKey)) !== 'apply'
}

async function applyNewest(applying: Applying, earlier: readonly PublishedChange[]): Promise<SubjectOutcome> {
  const { ports, lease, booking, change } = applying
  const read = await readNow(applying)
  if (!read.ok)
    return read.code === 'NOT_FOUND' ? unknownAtCalcom(applying) : waitsForCalcom(ports, lease, read)
  const decided = await decide(applying, read.value)
  if (decided.do === 'WAIT') {
    // A look at the booking decides what holds now, and publishes it.
    await ports.queue.signal(
      { kind: 'booking', key: booking.bookingUid },
      { cause: { poll: true, reason: 'LOOK_AGAIN' }, dueInMs: 0 },
    )
    return waits(ports, lease, decided)
  }
  for (const one of earlier) await record(applying, one, { outcome: 'SUPERSEDED' })
  if (decided.do === 'REPORT') return report(applying, decided, read.value)
  const answer = await call(applying, decided, read.value)
  if (answer.ok) return recordDone(applying, answer.value)
  if (isOfKey(answer) || answer.code !== 'REFUSED')
    return answer.code === 'NOT_FOUND' ? unknownAtCalcom(applying) : waitsForCalcom(ports, lease, answer)
  // Somebody may have acted between reading and call; then that is what counts.
  const after = await readNow(applying)
  if (!after.ok) return waitsForCalcom(ports, lease, after)
  const then = decideApplication(change, atCalcom(applying, after.value), 'AS_DECIDED')
  if (then.do === 'REPORT') return report(applying, then, after.value)
  await record(applying, change, {
    outcome: 'REFUSED',
    code: 'REFUSED_BY_CALCOM',
    ...defined({ words: answer.words }),
  })
  return done
}

const readNow = ({ writer, booking, change, signal }: Applying) =>
  readAtCalcom(writer, booking, { withLength: change.next !== undefined }, signal)

const atCalcom = (
  { booking }: Applying,
  { bookingUid, status, start, end, lengthMinutes }: WritableBooking,
) => ({
  isSuccessor: bookingUid !== booking.bookingUid,
  status,
  times: { start, end },
  ...defined({ lengthMinutes }),
})

/** Decides; the calendar is read again only where the change would be carried out. */
async function decide(applying: Applying, read: WritableBooking): Promise<Application> {
  const { ports, context, booking, change, signal } = applying
  const calcom = atCalcom(applying, read)
  const first = decideApplication(change, calcom, 'AS_DECIDED')
  const isSettled = first.do === 'REPORT' && first.outcome !== 'REFUSED'
  return isSettled
    ? first
    : decideApplication(change, calcom, await eventNow(ports, context, booking, signal))
}

async function call(
  { writer, booking: { bookingUid, userId }, change, signal }: Applying,
  decided: Extract<Application, { do: 'CALL' }>,
  { hostEmail: by }: WritableBooking,
): Promise<WriteAnswer<DirectoryBooking | undefined>> {
  const reason = reasonText(change.event)
  if (decided.call === 'cancel') return writer.cancel(bookingUid, userId, { reason }, signal)
  const request = { start: decided.start, ...defined({ by }), reason }
  return writer.reschedule(bookingUid, userId, request, signal)
}

/** Records what is so already. */
async function report(
  applying: Applying,
  decided: Extract<Application, { do: 'REPORT' }>,
  read: WritableBooking,
): Promise<SubjectOutcome> {
  const { change } = applying
  const { start, end, status } = read
  if (decided.outcome === 'APPLIED') return recordDone(applying, change.next ? read : undefined)
  const { outcome } = decided
  if (outcome === 'REFUSED') await record(applying, change, { outcome, code: decided.code })
  else if (status === 'CANCELLED' || status === 'REJECTED') await record(applying, change, { outcome })
  else await record(applying, change, { outcome, times: { start, end }, ...successorOf(applying, read) })
  return done
}

/** Records that the change is in Cal.com, and follows the booking that it goes on as at once. */
async function recordDone(applying: Applying, now: DirectoryBooking | undefined): Promise<SubjectOutcome> {
  const { change } = applying
  const isElsewhere = now && change.next && !sameTimes(readTimes(change.next), now)
  await record(applying, change, {
    outcome: 'APPLIED',
    ...(isElsewhere && { times: { start: now.start, end: now.end } }),
    ...(now && successorOf(applying, now)),
  })
  return done
}

const successorOf = ({ booking }: Applying, { bookingUid }: DirectoryBooking) =>
  bookingUid === booking.bookingUid ? {} : { newBookingUid: bookingUid }

async function record(
  { ports, context }: Applying,
  { id: eventId, bookingUid, sequence }: PublishedChange,
  outcome: Outcome,
): Promise<void> {
  await recordOutcome(ports, context, { eventId, bookingUid, sequence }, outcome)
  const { newBookingUid: key } = outcome
  if (key === undefined) return
  // Cal.com answers once it has stored the new booking's references.
  await ports.queue.signal(
    { kind: 'references', key },
    { cause: { poll: true }, dueInMs: 0, memo: { since: ports.now().toString(), tries: 0 }, atOnce: true },
  )
}

/** Cal.com does not know the booking. It was deleted there if that lasts. */
async function unknownAtCalcom(applying: Applying): Promise<SubjectOutcome> {
  const { ports, lease, change } = applying
  const now = ports.now()
  if (now.since(waitingSince(lease, now)).total('milliseconds') < GONE_MS)
    return waits(ports, lease, { code: 'CALCOM_NOT_FOUND' })
  await record(applying, change, { outcome: 'REFUSED', code: 'NOT_IN_CALCOM' })
  return done
}

/**
 * The calendar shows Cal.com's times again, and the move will not be carried out. Where Cal.com has changed the booking
 * since, an edit there may have written the event back, and the host is told.
 */
async function takenBack(
  applying: Applying,
  unreported: readonly PublishedChange[],
): Promise<SubjectOutcome> {
  const { ports, lease, context, booking, change } = applying
  const read = await readNow(applying)
  if (!read.ok) return waitsForCalcom(ports, lease, read as DirectoryError)
  const { updatedAt } = read.value
  const isEdited =
    updatedAt !== undefined && Temporal.Instant.compare(updatedAt, Temporal.Instant.from(change.at)) > 0
  if (isEdited) await flag(ports, context, booking.bookingUid, { code: 'OVERTAKEN', raised: true })
  for (const one of unreported) await record(applying, one, { outcome: 'SUPERSEDED' })
  return done
}
