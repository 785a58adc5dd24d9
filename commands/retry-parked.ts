import { z } from 'zod'
import { text } from './body-fields.ts'
import { defineCommand, notFound } from './command.ts'

export const RetryParked = defineCommand({
  name: 'RetryParked',
  summary: 'Tries a parked event again.',
  schema: z.object({ projection: text(255), position: text(64) }),
  async handle(body, ports) {
    const parked = await ports.parked.retry(body.projection, body.position)
    if (parked === undefined) return notFound('PARKED_EVENT_UNKNOWN', 'No such event is parked.')
    return { ok: true, id: `${body.projection}@${body.position}`, ...parked, events: [] }
  },
})
