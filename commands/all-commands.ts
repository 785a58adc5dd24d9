import { ActivateSubscription } from './activate-subscription.ts'
import { ApplyExternalEventChange } from './apply-external-event-change.ts'
import { CloseBooking } from './close-booking.ts'
import type { Command } from './command.ts'
import { DiscardHeldChanges } from './discard-held-changes.ts'
import { FetchNow } from './fetch-now.ts'
import { PauseCalendarSync } from './pause-calendar-sync.ts'
import { RecordBookingTimes } from './record-booking-times.ts'
import { RegisterCalendarSync } from './register-calendar-sync.ts'
import { RegisterSelectedCalendar } from './register-selected-calendar.ts'
import { ReleaseHeldChanges } from './release-held-changes.ts'
import { RemoveCalendarSync } from './remove-calendar-sync.ts'
import { RemoveSelectedCalendar } from './remove-selected-calendar.ts'
import { RenewSubscription } from './renew-subscription.ts'
import { ReportBookingEventOutcome } from './report-booking-event-outcome.ts'
import { RequestSubscription } from './request-subscription.ts'
import { ResumeCalendarSync } from './resume-calendar-sync.ts'
import { RetryParked } from './retry-parked.ts'
import { SetSyncPolicy } from './set-sync-policy.ts'
import { SkipParked } from './skip-parked.ts'
import { StopChannel } from './stop-channel.ts'
import { TrackBooking } from './track-booking.ts'

/** A command whose body is checked by its own schema before it is handled. */
export type AnyCommand = Omit<Command, 'handle' | 'schema'> & {
  schema: Command['schema']
  /** `body` is what `schema` gave. */
  handle: Command<string, never>['handle']
}

/** Every command that the outside can send, by name. */
export const allCommands = [
  RegisterCalendarSync,
  RemoveCalendarSync,
  PauseCalendarSync,
  ResumeCalendarSync,
  RegisterSelectedCalendar,
  RemoveSelectedCalendar,
  SetSyncPolicy,
  RequestSubscription,
  ActivateSubscription,
  RenewSubscription,
  StopChannel,
  TrackBooking,
  RecordBookingTimes,
  CloseBooking,
  ApplyExternalEventChange,
  ReportBookingEventOutcome,
  FetchNow,
  RetryParked,
  SkipParked,
  ReleaseHeldChanges,
  DiscardHeldChanges,
] as const satisfies readonly AnyCommand[]
