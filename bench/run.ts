// `npm run bench -- NAME [ARGS…]` runs bench/NAME.ts; without a name, tells what there is.
import { readdirSync } from 'node:fs'
import type { ParseArgsOptionsConfig } from 'node:util'

/** What every benchmark exports. It prints its figures, and throws where what it measured was not right. */
export type Benchmark = { options?: ParseArgsOptionsConfig; run(args: string[]): Promise<void> }

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -3))
const [name = '', ...args] = process.argv.slice(2)

if (names.includes(name)) {
  // Every file here but this one is a benchmark.
  const benchmark = (await import(`./${name}.ts`)) as Benchmark
  if (args.includes('--help')) console.log(usage(benchmark.options ?? {}))
  else await benchmark.run(args)
} else {
  console.error(`Which benchmark? npm run bench -- NAME, where NAME is one of: ${names.join(', ')}`)
  process.exitCode = 2
}

function usage(options: ParseArgsOptionsConfig): string {
  const given = Object.entries(options).map(
    ([option, { default: usual }]) => ` [--${option} ${usual ?? 'VALUE'}]`,
  )
  return `Usage: npm run bench -- ${name}${given.join('')}`
}
