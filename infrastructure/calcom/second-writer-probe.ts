import { BookingEntries, directoryBooking, readBookings } from './calcom-answers.ts'
import { type CalcomApiOptions, calcomApi } from './calcom-api-client.ts'

/** The newest bookings, and those that ended last. */
const LISTS = [
  { status: 'upcoming,recurring,unconfirmed', sortCreated: 'desc' },
  { status: 'cancelled', sortUpdatedAt: 'desc' },
]

/**
 * Whether Cal.com's own calendar sync made or ended one of the newest bookings that this key shows. False also where Cal.com
 * does not answer.
 */
export async function isSecondWriterSeen(options: CalcomApiOptions, key: string): Promise<boolean> {
  const api = calcomApi(options)
  for (const list of LISTS) {
    const path = `/v2/bookings?${new URLSearchParams({ ...list, take: '100' })}`
    const answer = await api(BookingEntries, { path, key })
    const read = answer.ok ? readBookings(answer.value.data) : []
    if (read.some((booking) => directoryBooking(booking, '')?.secondWriter)) return true
  }
  return false
}
