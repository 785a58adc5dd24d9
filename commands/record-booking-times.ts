import { z } from 'zod'
import { recordBookingTimes } from '../domain/booking/facts.ts'
import { bookingAggregate } from './aggregates.ts'
import { bookingUid, startBeforeEnd, startBeforeEndProblem, times } from './body-fields.ts'
import { defineCommand, orNotFound } from './command.ts'
import { execute } from './execute.ts'

export const RecordBookingTimes = defineCommand({
  name: 'RecordBookingTimes',
  summary: "Records the booking's times as they are in Cal.com.",
  schema: z.object({ bookingUid, ...times }).refine(startBeforeEnd, startBeforeEndProblem),
  handle: async (body, ports, context) =>
    orNotFound(
      await execute(ports, context, bookingAggregate, body.bookingUid, (state) =>
        recordBookingTimes(state, { times: body, at: ports.now().toString() }),
      ),
      'BOOKING_NOT_TRACKED',
    ),
})
