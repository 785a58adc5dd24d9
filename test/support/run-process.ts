import { execFile } from 'node:child_process'

/** How a process ended, and what it wrote. `code` is undefined where a signal ended it. */
export type EndedProcess = {
  code: number | undefined
  signal: string | undefined
  stdout: string
  stderr: string
}

/** Runs a program to its end, without input, in `cwd`, with the variables of `env` alone. */
export function runProcess(
  file: string,
  args: readonly string[],
  options: { cwd: string; env: { [variable: string]: string } },
): Promise<EndedProcess> {
  return new Promise((resolve) => {
    const child = execFile(file, args, options, (_error, stdout, stderr) => {
      const { exitCode, signalCode } = child
      resolve({ code: exitCode ?? undefined, signal: signalCode ?? undefined, stdout, stderr })
    })
    child.stdin?.end()
  })
}
