/** Facts of a log line. Put an error under `err`. */
export type LogFields = { readonly [name: string]: unknown }

type Log = {
  (message: string): void
  (fields: LogFields, message: string): void
}

/** The log. Code that logs depends on this alone. */
export type Logger = {
  readonly debug: Log
  readonly info: Log
  readonly warn: Log
  readonly error: Log
  /** A logger whose every line has `fields` too. */
  child(fields: LogFields): Logger
}
