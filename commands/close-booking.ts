import { z } from 'zod'
import { closeBooking } from '../domain/booking/facts.ts'
import { defined } from '../domain/optional-fields.ts'
import { bookingAggregate } from './aggregates.ts'
import { bookingUid, text } from './body-fields.ts'
import { defineCommand } from './command.ts'
import { execute } from './execute.ts'

export const CloseBooking = defineCommand({
  name: 'CloseBooking',
  summary: 'Records that the booking was cancelled in Cal.com, or rescheduled to another one.',
  schema: z
    .object({
      bookingUid,
      reason: text(255).default('CANCELLED_IN_CALCOM'),
      rescheduledToUid: bookingUid.optional(),
    })
    .refine((body) => body.rescheduledToUid !== body.bookingUid, {
      message: 'a booking cannot go on as itself',
      path: ['rescheduledToUid'],
    }),
  handle: (body, ports, context) =>
    execute(ports, context, bookingAggregate, body.bookingUid, (state) =>
      closeBooking(state, {
        bookingUid: body.bookingUid,
        reason: body.reason,
        ...defined({ rescheduledToUid: body.rescheduledToUid }),
        at: ports.now().toString(),
      }),
    ),
})
