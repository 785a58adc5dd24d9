import { defined } from '../../domain/optional-fields.ts'
import type { NewReference } from './booking-requests.ts'
import type { CalcomBooking, CalcomReference } from './calcom-state.ts'

/** The rows by which bookings name their events. */
export function referenceRows(options: { nextId: () => number; onChange: () => void }) {
  const { nextId, onChange } = options

  const rowOf = (reference: NewReference): CalcomReference => {
    const { externalEventId, externalCalendarId, recurringEventId, credentialId, deleted } = reference
    return {
      id: nextId(),
      type: 'google_calendar',
      uid: externalEventId,
      ...(externalCalendarId ? { externalCalendarId } : {}),
      ...(recurringEventId ? { thirdPartyRecurringEventId: recurringEventId } : {}),
      ...defined({ credentialId }),
      deleted: deleted ?? false,
    }
  }

  return {
    /** `withheld`: the event's id is left out, to be filled in later. */
    addReference(booking: CalcomBooking, reference: NewReference, withheld = false): void {
      const row = rowOf(reference)
      booking.references.push(withheld ? { ...row, uid: '', withheldUid: row.uid } : row)
      onChange()
    },

    copyReference(booking: CalcomBooking, reference: CalcomReference): void {
      booking.references.push({ ...reference, id: nextId() })
      onChange()
    },

    /** The row stays, as it does in Cal.com. */
    deleteReference(reference: CalcomReference): void {
      reference.deleted = true
      onChange()
    },

    /** The booking names these and no others. */
    replaceReferences(booking: CalcomBooking, references: readonly NewReference[]): void {
      booking.references = references.map(rowOf)
      onChange()
    },

    /** Empty rows get the id that was left out, or the one given. Gives how many. */
    fillReferences(booking: CalcomBooking, externalEventId?: string): number {
      const empty = booking.references.filter(({ uid, deleted }) => uid === '' && !deleted)
      for (const reference of empty) {
        reference.uid = externalEventId ?? reference.withheldUid ?? ''
        delete reference.withheldUid
      }
      onChange()
      return empty.length
    },
  }
}
