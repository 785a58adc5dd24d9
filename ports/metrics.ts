/** The counters. Every label has few values: no id is ever one. */
export type Metrics = {
  /** A push of Google's was answered with this HTTP status, `seconds` after it came in. */
  pushAnswered(status: number, seconds: number): void
  /** A look at an event was decided. */
  decided(code: string): void
  /**
   * A calendar was fetched: `changed` (a booking was concerned), `unchanged`, `unneeded`, `released` (by a process that
   * stops), or the code of what went wrong.
   */
  fetched(outcome: string): void
  /** A booking was looked at, or its references asked for: `done`, `again`, `released`, or what went wrong. */
  looked(kind: string, outcome: string): void
  /** Looks were signalled that are due by time alone: `DAILY`, or `BEFORE_START`. */
  askedForLooks(why: string, looks: number): void
  /** A signed delivery of Cal.com's came in, in a form whose version is known here or not. */
  calcomDelivered(outcome: 'read' | 'ignored' | 'unreadable', version: 'known' | 'unknown' | 'none'): void
  /** A command was handled: `accepted`, `unchanged`, or the code it was refused with. */
  commandHandled(command: string, outcome: string): void
  /** A booking event was published, `seconds` after it was decided. */
  published(seconds: number): void
  /** The client of a server failed with nobody waiting for it. */
  clientFailed(client: string): void
  /** A request was answered; `route` is the pattern, not the path. */
  httpAnswered(request: { method: string; route: string; status: number; seconds: number }): void
  /** All of it in Prometheus' text format, and that format's content type. */
  text(): Promise<string>
  readonly contentType: string
}
