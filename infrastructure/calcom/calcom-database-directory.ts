import type { QueryResultRow } from 'pg'
import { defined } from '../../domain/optional-fields.ts'
import { aborted } from '../../ports/aborted.ts'
import type { BookingDirectory, DirectoryAnswer, DirectoryError } from '../../ports/booking-directory.ts'
import {
  type CalcomDatabaseTimes,
  calcomDatabasePool,
  complaintOf,
  type DatabaseComplaint,
  directoryErrorOf,
} from './calcom-database.ts'
import {
  bookingOfRow,
  idOfRow,
  referenceOfRow,
  SELECT_BOOKING,
  SELECT_FUTURE,
  SELECT_REFERENCES,
} from './calcom-view.ts'

export type DatabaseTroubles = {
  /** What failed when this process last asked the database. Empty once it answers again. */
  databaseComplaints(): DatabaseComplaint[]
}
export type CalcomDatabaseDirectory = BookingDirectory & DatabaseTroubles & { close(): Promise<void> }

const BAD_ANSWER: DirectoryError = { ok: false, code: 'BAD_ANSWER' }

/**
 * Cal.com's view of bookings by its own database, through the views of docs/calcom-view.sql. There are no keys: the answer is
 * the same whoever is the host. Never throws; no text of the database's is passed on, since it may name people.
 */
export function calcomDatabaseDirectory(
  options: {
    url: string
    /** Bookings a page; 250 unless given. */
    pageSize?: number
  } & CalcomDatabaseTimes,
): CalcomDatabaseDirectory {
  const pool = calcomDatabasePool(options.url, options)
  const take = options.pageSize ?? 250
  let complaint: DatabaseComplaint | undefined

  async function rowsOf(statement: string, values: unknown[]): Promise<DirectoryAnswer<QueryResultRow[]>> {
    try {
      const { rows } = await pool.query(statement, values)
      complaint = undefined
      return { ok: true, value: rows }
    } catch (error) {
      complaint = complaintOf(error)
      return directoryErrorOf(complaint)
    }
  }

  /** Whoever ends meanwhile does not wait; the question ends by itself. */
  async function ask(
    statement: string,
    values: unknown[],
    signal: AbortSignal | undefined,
  ): Promise<DirectoryAnswer<QueryResultRow[]>> {
    const unavailable: DirectoryError = { ok: false, code: 'UNAVAILABLE' }
    if (signal?.aborted) return unavailable
    const answer = rowsOf(statement, values)
    if (signal === undefined) return answer
    const answered = new AbortController()
    const over = aborted(AbortSignal.any([signal, answered.signal])).then(() => unavailable)
    return Promise.race([answer, over]).finally(() => answered.abort())
  }

  return {
    databaseComplaints: () => (complaint === undefined ? [] : [complaint]),
    close: () => pool.end(),

    async booking(bookingUid, _userId, signal) {
      const answer = await ask(SELECT_BOOKING, [bookingUid], signal)
      if (!answer.ok) return answer
      const [row] = answer.value
      if (row === undefined) return { ok: false, code: 'NOT_FOUND' }
      const booking = bookingOfRow(row)
      return booking === undefined ? BAD_ANSWER : { ok: true, value: booking }
    },

    async references(bookingUid, _userId, signal) {
      const answer = await ask(SELECT_REFERENCES, [bookingUid], signal)
      if (!answer.ok) return answer
      if (answer.value.length === 0) return { ok: false, code: 'NOT_FOUND' }
      return { ok: true, value: answer.value.flatMap(referenceOfRow) }
    },

    async futureBookings({ from, userId, after = '0' }, signal) {
      const answer = await ask(SELECT_FUTURE, [from.toString(), after, userId ?? null, take], signal)
      if (!answer.ok) return answer
      const last = answer.value.at(-1)
      const next = last !== undefined && answer.value.length === take ? idOfRow(last) : undefined
      const bookings = answer.value.flatMap((row) => bookingOfRow(row) ?? [])
      // One that was rescheduled away is over, whatever its status says.
      const open = bookings.filter(({ status }) => status !== 'CANCELLED')
      return { ok: true, value: { bookings: open, ...defined({ next }) } }
    },
  }
}
