import type { DirectoryAnswer } from '../../ports/booking-directory.ts'
import type { BookingWriter, WritableBooking } from '../../ports/booking-writer.ts'

/** Longer than any chain of reschedules that nobody told of. */
const MOST_LINKS = 10

/** The booking as Cal.com has it now: where it was rescheduled away, the booking that it goes on as. */
export async function readAtCalcom(
  writer: BookingWriter,
  { bookingUid, userId }: { bookingUid: string; userId: string },
  options: { withLength: boolean },
  signal: AbortSignal,
): Promise<DirectoryAnswer<WritableBooking>> {
  let answer = await writer.booking(bookingUid, userId, options, signal)
  for (let links = 0; links < MOST_LINKS && answer.ok; links++) {
    const next = answer.value.rescheduledToUid
    if (next === undefined || next === answer.value.bookingUid) return answer
    answer = await writer.booking(next, userId, { withLength: false }, signal)
  }
  return answer
}
