import { defined } from '../../domain/optional-fields.ts'
import type { BookingStore } from './booking-store.ts'
import type { CalcomBooking, CalcomReference } from './calcom-state.ts'
import { eventWrite, eventWriteAt } from './event-write.ts'
import type { CalendarEventWrite, GoogleSide } from './google-side.ts'
import type { HoldPoint } from './holds.ts'
import { assumedInstances, instanceFor } from './series-instances.ts'
import type { CalcomSettings } from './settings.ts'

/** Writes bookings' events and stores their references. A chain of bookings shares one event, changed in turn. */
export type CalendarWriter = {
  /** Writes the event, and a while later stores the reference: the race. */
  insert(booking: CalcomBooking): Promise<void>
  /** One series for all of them, an instance each. */
  insertSeries(bookings: readonly CalcomBooking[], rule: string): Promise<void>
  /** The event of `old` gets the times of `booking`, and stays the same event. */
  takeOver(old: CalcomBooking, booking: CalcomBooking): Promise<void>
  /** The whole event as the database has it, times included, over whatever the calendar says. */
  rewrite(booking: CalcomBooking): Promise<void>
  delete(booking: CalcomBooking): Promise<void>
  /** The series that the booking's event is an instance of. */
  deleteSeries(booking: CalcomBooking): Promise<void>
  /** The event is deleted where it was and made anew in the calendar of the booking's present host. */
  handOver(booking: CalcomBooking): Promise<void>
}

/** Whatever happens to the event, Cal.com's booking stands: `calendarError` tells of it, nothing is thrown. */
export function calendarWriter(options: {
  google: GoogleSide
  store: BookingStore
  settings: CalcomSettings
  pause: (point: HoldPoint, booking: CalcomBooking) => Promise<void>
}): CalendarWriter {
  const { google, store, settings, pause } = options
  const turns = new Map<string, Promise<void>>()
  const inTurn = (booking: CalcomBooking, work: () => Promise<void>): Promise<void> => {
    const key = booking.iCalUID
    const turn: Promise<void> = (turns.get(key) ?? Promise.resolve()).then(work).finally(() => {
      if (turns.get(key) === turn) turns.delete(key)
    })
    turns.set(key, turn)
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
  const writeOf = (booking: CalcomBooking): CalendarEventWrite | undefined =>
    eventWrite(store.subject(booking), settings)

  const addReference = (
    booking: CalcomBooking,
    write: CalendarEventWrite,
    event: { eventId: string; recurringEventId?: string },
  ): void => {
    const { externalCalendarId, credentialId } = write
    store.addReference(
      booking,
      {
        externalEventId: event.eventId,
        recurringEventId: event.recurringEventId,
        ...(settings.referenceCalendarStored ? { externalCalendarId } : {}),
        ...defined({ credentialId }),
      },
      settings.referenceUid === 'empty',
    )
  }

  const insert = async (booking: CalcomBooking): Promise<void> => {
    await pause('BEFORE_EVENT', booking)
    const write = writeOf(booking)
    if (write === undefined || booking.status !== 'accepted') return
    const inserted = await onCalendar(booking, () => google.insert(write))
    if (inserted === undefined) return
    await pause('BEFORE_REFERENCES', booking)
    addReference(booking, write, inserted)
  }

  const insertSeries = async (bookings: readonly CalcomBooking[], rule: string): Promise<void> => {
    const [first] = bookings
    if (first === undefined) return
    await pause('BEFORE_EVENT', first)
    const write = writeOf(first)
    if (write === undefined) return
    const made = await onCalendar(first, () => google.insert({ ...write, recurrence: [rule] }))
    if (made === undefined) return
    const series = { externalCalendarId: write.externalCalendarId, eventId: made.eventId }
    const known = await onCalendar(first, async () => google.instances?.(series))
    const instances = known ?? assumedInstances(made.eventId, bookings)
    await pause('BEFORE_REFERENCES', first)
    for (const booking of bookings) {
      const eventId = instanceFor(booking, instances)
      if (eventId !== undefined) addReference(booking, write, { eventId, recurringEventId: made.eventId })
    }
  }

  const updateAll = async (references: readonly CalcomReference[], booking: CalcomBooking): Promise<void> => {
    const write = writeOf(booking)
    if (write === undefined) return
    for (const reference of references) {
      await onCalendar(booking, () => google.update(reference.uid, eventWriteAt(reference, write)))
    }
  }

  const takeOver = async (old: CalcomBooking, booking: CalcomBooking): Promise<void> => {
    const references = present(old)
    if (references.length === 0) return insert(booking)
    await pause('BEFORE_EVENT', booking)
    await updateAll(references, booking)
    await pause('BEFORE_REFERENCES', booking)
    for (const reference of references) store.copyReference(booking, reference)
  }

  const rewrite = async (booking: CalcomBooking): Promise<void> => {
    await pause('BEFORE_EVENT', booking)
    await updateAll(present(booking), booking)
  }

  const deleteEvent = async (
    booking: CalcomBooking,
    reference: CalcomReference,
    eventId: string,
  ): Promise<void> => {
    const externalCalendarId =
      reference.externalCalendarId ?? store.user(booking.userId)?.destination?.externalCalendarId
    if (externalCalendarId === undefined) return
    const { credentialId } = reference
    await onCalendar(booking, () =>
      google.delete({
        externalCalendarId,
        eventId,
        ...defined({ credentialId }),
      }),
    )
  }

  const deleteEvents = async (booking: CalcomBooking): Promise<void> => {
    for (const reference of present(booking)) {
      await deleteEvent(booking, reference, reference.uid)
      store.deleteReference(reference)
    }
  }

  const deleteSeries = async (booking: CalcomBooking): Promise<void> => {
    for (const reference of present(booking)) {
      await deleteEvent(booking, reference, reference.thirdPartyRecurringEventId ?? reference.uid)
      store.deleteReference(reference)
    }
  }

  /**
   * Two statements replace the references, and nothing holds them together (calcom/cal.com,
   * packages/features/ee/round-robin/handleRescheduleEventManager.ts).
   */
  const handOver = async (booking: CalcomBooking): Promise<void> => {
    const former = present(booking)
    await pause('BEFORE_EVENT', booking)
    for (const reference of former) await deleteEvent(booking, reference, reference.uid)
    const write = writeOf(booking)
    const inserted = write && (await onCalendar(booking, () => google.insert(write)))
    await pause('BEFORE_REFERENCES', booking)
    for (const reference of former) store.deleteReference(reference)
    await pause('BETWEEN_REFERENCES', booking)
    if (write === undefined || inserted === undefined) return
    addReference(booking, write, inserted)
    store.update(booking, { iCalUID: `${inserted.eventId}@google.com` })
  }

  return {
    insert: (booking) => inTurn(booking, () => insert(booking)),
    insertSeries: (bookings, rule) => insertSeries(bookings, rule),
    takeOver: (old, booking) => inTurn(booking, () => takeOver(old, booking)),
    rewrite: (booking) => inTurn(booking, () => rewrite(booking)),
    delete: (booking) => inTurn(booking, () => deleteEvents(booking)),
    deleteSeries: (booking) => inTurn(booking, () => deleteSeries(booking)),
    handOver: (booking) => inTurn(booking, () => handOver(booking)),
  }
}

const present = (booking: CalcomBooking): CalcomReference[] =>
  booking.references.filter(({ deleted }) => !deleted)
