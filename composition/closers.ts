import type { Logger } from '../ports/logger.ts'

/** Closes the parts in the opposite order of their opening. One that fails to close does not keep the others open. */
export type Closers = AsyncDisposable & {
  add(part: string, close: () => Promise<unknown>): void
  /** Takes all of it over: it stays open where this scope ends. */
  move(): Closers
}

export const closers = (log: Logger, open = new AsyncDisposableStack()): Closers => ({
  add: (part, close) =>
    open.defer(async () => {
      await Promise.try(close).catch((err: unknown) =>
        log.error({ err, part }, 'part of the service did not close as it should'),
      )
    }),
  move: () => closers(log, open.move()),
  [Symbol.asyncDispose]: () => open.disposeAsync(),
})
