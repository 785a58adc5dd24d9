import type { BookingStore } from './booking-store.ts'
import type { CalcomBooking, CalcomReference } from './calcom-state.ts'
import type { CalendarEventWrite, GoogleSide } from './google-side.ts'
import type { CalcomSettings } from './settings.ts'
import type { PayloadSubject } from './webhook-payload.ts'

/** Writes bookings' events and stores their references. A chain of bookings shares one event, changed in turn. */
export type CalendarWriter = {
  /** Writes the event, and a while later stores the reference: the race. */
  insert(booking: CalcomBooking): Promise<void>
  /** The event of `old` gets the times of `booking`, and stays the same event. */
  takeOver(old: CalcomBooking, booking: CalcomBooking): Promise<void>
  delete(booking: CalcomBooking): Promise<void>
}

/** Whatever happens to the event, Cal.com's booking stands: `calendarError` tells of it, nothing is thrown. */
export function calendarWriter(options: {
  google: GoogleSide
  store: BookingStore
  settings: CalcomSettings
  wait: (ms: number) => Promise<void>
}): CalendarWriter {
  const { google, store, settings, wait } = options

  const turns = new Map<string, Promise<void>>()
  const inTurn = (booking: CalcomBooking, work: () => Promise<void>): Promise<void> => {
    const turn: Promise<void> = (turns.get(booking.iCalUID) ?? Promise.resolve()).then(work).finally(() => {
      if (turns.get(booking.iCalUID) === turn) turns.delete(booking.iCalUID)
    })
    turns.set(booking.iCalUID, turn)
    return turn
  }

  const onCalendar = async <T>(booking: CalcomBooking, write: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await write()
    } catch (error) {
      store.update(booking, { calendarError: error instanceof Error ? error.message : String(error) })
      return undefined
    }
  }

  const insert = async (booking: CalcomBooking): Promise<void> => {
    await wait(settings.beforeCalendarMs)
    const write = eventWrite(store.subject(booking))
    if (write === undefined || booking.status !== 'accepted') return
    const inserted = await onCalendar(booking, () => google.insert(write))
    if (inserted === undefined) return
    await wait(settings.beforeReferencesMs)
    store.addReference(booking, { ...write, externalEventId: inserted.eventId })
  }

  const takeOver = async (old: CalcomBooking, booking: CalcomBooking): Promise<void> => {
    const references = old.references.filter(({ deleted }) => !deleted)
    if (references.length === 0) return insert(booking)
    await wait(settings.beforeCalendarMs)
    const write = eventWrite(store.subject(booking))
    for (const reference of references) {
      if (write !== undefined) {
        await onCalendar(booking, () => google.update(reference.uid, at(reference, write)))
      }
    }
    await wait(settings.beforeReferencesMs)
    for (const reference of references) store.copyReference(booking, reference)
  }

  const deleteEvents = async (booking: CalcomBooking): Promise<void> => {
    for (const reference of booking.references.filter(({ deleted }) => !deleted)) {
      const { externalCalendarId, credentialId, uid: eventId } = reference
      if (externalCalendarId !== undefined) {
        await onCalendar(booking, () =>
          google.delete({
            externalCalendarId,
            eventId,
            ...(credentialId === undefined ? {} : { credentialId }),
          }),
        )
      }
      store.deleteReference(reference)
    }
  }

  return {
    insert: (booking) => inTurn(booking, () => insert(booking)),
    takeOver: (old, booking) => inTurn(booking, () => takeOver(old, booking)),
    delete: (booking) => inTurn(booking, () => deleteEvents(booking)),
  }
}

/** The event as a booking wants it; undefined where its host has no calendar to write into. */
function eventWrite({ booking, user }: PayloadSubject): CalendarEventWrite | undefined {
  if (user.destination === undefined) return undefined
  const { externalCalendarId, credentialId } = user.destination
  return {
    externalCalendarId,
    ...(credentialId === undefined ? {} : { credentialId }),
    summary: booking.title,
    start: Temporal.Instant.from(booking.start),
    end: Temporal.Instant.from(booking.end),
    timeZone: user.timeZone,
    organizer: { email: user.email, displayName: user.name },
    attendees: booking.attendees.map(({ email, name }) => ({ email, displayName: name })),
  }
}

/** The event stays in the calendar it was written into, even where the host has chosen another since. */
function at(reference: CalcomReference, write: CalendarEventWrite): CalendarEventWrite {
  return { ...write, externalCalendarId: reference.externalCalendarId ?? write.externalCalendarId }
}
