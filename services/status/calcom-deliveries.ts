// Cal.com's signed deliveries that this process received and could not read.
import type { NeedsPerson } from './need.ts'

/** A person is told for this long after the last unreadable delivery. */
const TOLD_FOR_MS = 24 * 3_600_000
/** The most fields that are named. */
const FIELDS = 5

export type DeliveryLog = {
  /** A signed delivery was read. */
  read(): void
  /** A signed delivery could not be read: the faults by field. `template`: it does not have Cal.com's form at all. */
  unreadable(problems: readonly string[], template: boolean): void
  needsPerson(): NeedsPerson[]
}

/** Remembers unreadable deliveries for a day, or until one can be read. */
export function deliveryLog({ now }: { now(): Temporal.Instant }): DeliveryLog {
  let count = 0
  let first: Temporal.Instant | undefined
  let last: Temporal.Instant | undefined
  let templates = false
  const fields = new Set<string>()
  const forget = (): void => {
    count = 0
    first = undefined
    last = undefined
    templates = false
    fields.clear()
  }
  return {
    read() {
      // A template spoils every delivery, so a readable one shows that the template is gone. Holes are in some only.
      if (templates) forget()
    },
    unreadable(problems, template) {
      count += 1
      last = now()
      first ??= last
      templates ||= template
      for (const problem of problems) {
        const field = /^([\w.[\]]+): /.exec(problem)?.[1]
        if (field !== undefined && fields.size < FIELDS) fields.add(field)
      }
    },
    needsPerson() {
      if (first === undefined || last === undefined) return []
      if (now().since(last).total('milliseconds') > TOLD_FOR_MS) forget()
      if (count === 0) return []
      const many = count === 1 ? '1 signed delivery' : `${count} signed deliveries`
      const where = fields.size > 0 ? ` (${[...fields].join(', ')})` : ''
      return [
        {
          code: 'CALCOM_DELIVERIES_UNREADABLE',
          sentence: `${many} of Cal.com could not be read${where}: what they told is not known here.`,
          next: templates
            ? 'A payload template is probably set: take it out of the webhook in Cal.com, so that Cal.com sends its own form.'
            : "Look at the webhook's deliveries in Cal.com; if a payload template is set there, take it out.",
          since: first.toString(),
        },
      ]
    },
  }
}
