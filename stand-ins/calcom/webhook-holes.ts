import type { CalcomSettings } from './settings.ts'

type Payload = Record<string, unknown>

/**
 * Takes fields out that were missing in somebody's deliveries. A payload without a uid, as a test sends it, stays whole.
 */
export function withHoles(payload: object, settings: CalcomSettings): object {
  const holed: Payload = { ...payload }
  if (!('uid' in holed)) return payload
  if (!settings.payloadUid) holed.uid = null
  if (!settings.payloadBookingId) delete holed.bookingId
  if (!settings.payloadOrganizerId && isObject(holed.organizer)) {
    const { id: _, ...organizer } = holed.organizer
    holed.organizer = organizer
  }
  const { destinationCalendar } = holed
  if (settings.payloadDestinations === 'null') holed.destinationCalendar = null
  if (settings.payloadDestinations === 'empty') holed.destinationCalendar = []
  if (settings.payloadDestinations === 'object' && Array.isArray(destinationCalendar)) {
    holed.destinationCalendar = destinationCalendar[0] ?? null
  }
  return holed
}

const isObject = (value: unknown): value is Payload => typeof value === 'object' && value !== null
