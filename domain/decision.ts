/**
 * What a command comes to: events to append (none: it is already so, which makes every command safe to send twice), or
 * the stable code of the rule it would break.
 */
export type Decision<Event> = { ok: true; events: Event[] } | Rejection
export type Rejection = { ok: false; code: string; detail: string }

export const accept = <Event>(...events: Event[]): Decision<Event> => ({ ok: true, events })
export const reject = (code: string, detail: string): Rejection => ({ ok: false, code, detail })
