import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A real process that runs a script of the tests and talks by lines on its standard output. */
export type Child = {
  readonly process: ChildProcess
  /** Everything that it said, in order; ends when it has ended, however it ended. */
  readonly lines: AsyncIterableIterator<string>
  /** The next line; rejects if it ends before. */
  nextLine(): Promise<string>
  /** Ends it with SIGKILL, if it still runs, and waits until it is gone. */
  kill(): Promise<void>
}

/**
 * Starts the script at `url` with the same Node. Its standard error is this process's own. `fileSizeLimitKiB` is the
 * size that the system lets its files grow to, `openFiles` how many it may hold open (POSIX only).
 */
export function startChild(
  url: URL,
  args: readonly string[] = [],
  options: { fileSizeLimitKiB?: number; openFiles?: number } = {},
): Child {
  const command = [process.execPath, url.pathname, ...args]
  // `ulimit -f` counts blocks of 512 bytes in a POSIX shell.
  const limit = options.fileSizeLimitKiB === undefined ? '' : `ulimit -f ${options.fileSizeLimitKiB * 2} && `
  const descriptors = options.openFiles === undefined ? '' : `ulimit -n ${options.openFiles} && `
  const child = spawn('/bin/sh', ['-c', `${limit}${descriptors}exec "$@"`, 'sh', ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const gone = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    process: child,
    lines,
    async nextLine() {
      const next = await lines.next()
      if (next.done) throw new Error(`${url.pathname} ended early`)
      return next.value
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
  }
}
