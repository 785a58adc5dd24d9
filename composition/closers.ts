import type { Logger } from '../ports/logger.ts'

/** What was opened, closed in the opposite order; one that fails to close does not keep the others open. */
export type Closers = { add(name: string, close: () => Promise<unknown>): void; closeAll(): Promise<void> }

export function closers(log: Logger): Closers {
  const open: { name: string; close: () => Promise<unknown> }[] = []
  return {
    add: (name, close) => void open.push({ name, close }),
    async closeAll() {
      for (let one = open.pop(); one !== undefined; one = open.pop())
        try {
          await one.close()
        } catch (error) {
          log.error({ err: error, part: one.name }, 'part of the service did not close as it should')
        }
    },
  }
}
