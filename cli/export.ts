import { createWriteStream, existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { exportAlone, signingKeysOf } from '../composition/audit.ts'
import { StartRefused } from '../composition/start-refused.ts'
import { defined } from '../domain/optional-fields.ts'
import { systemClock } from '../infrastructure/clock/system-clock.ts'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { keptServiceAddress } from '../infrastructure/config/service-address.ts'
import { errorText } from '../infrastructure/logging/error-facts.ts'
import { createLogger } from '../infrastructure/logging/logger.ts'
import { StoreUnavailable } from '../ports/store-unavailable.ts'
import { BookingUnknown, type ExportSelection } from '../services/audit/selected-events.ts'
import { configurationOrExplain } from './configured.ts'
import { folderRefusal } from './folder-refusal.ts'
import { streamFromService } from './running-service.ts'

type ExportOptions = {
  selection: ExportSelection
  /** Undefined: standard output. */
  output: string | undefined
}

/** An export that ended before its manifest. */
class CutShort extends Error {}

/**
 * Writes the selected events and their signed manifest: through the service where one runs on the data folder, else from
 * stores opened here. Resolves with the exit code. 0: the export is whole. 1: there is none; no file is left. 2: the
 * configuration or the selection is not usable.
 */
export async function exportEvents({ selection, output }: ExportOptions): Promise<number> {
  const { from, to } = selection
  if (from && to && Temporal.Instant.compare(from, to) >= 0) {
    console.error(`--from ${from} is not before --to ${to}: nothing lies between.`)
    return 2
  }
  const configuration = configurationOrExplain()
  if (configuration === undefined) return 2
  if (output !== undefined && existsSync(output)) {
    console.error(`${output} is there already: name another file.`)
    return 1
  }
  try {
    const lines = whole(await linesFrom(configuration, selection))
    if (output === undefined) await pipeline(Readable.from(lines), process.stdout, { end: false })
    else await writeTo(output, lines)
    return 0
  } catch (error) {
    const refusal = refusalOf(error, configuration.data.folder)
    if (refusal === undefined) throw error
    console.error(refusal)
    return 1
  }
}

/** Prints the public key that exports of this deployment are signed with (PEM). Exit codes as of `exportEvents`. */
export function printPublicKey(): number {
  const configuration = configurationOrExplain()
  if (configuration === undefined) return 2
  try {
    process.stdout.write(signingKeysOf(configuration)[0].publicKey)
    return 0
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error
    console.error(error.message)
    return 1
  }
}

async function linesFrom(
  configuration: Configuration,
  selection: ExportSelection,
): Promise<AsyncIterable<string>> {
  const running = keptServiceAddress(configuration.data.folder) !== undefined
  const answer = running ? await streamFromService(configuration, pathOf(selection)) : undefined
  if (answer?.ok) return answer.text
  if (answer !== undefined && answer.code !== 'NOT_RUNNING') throw new StartRefused(answer.message)
  const log = createLogger({ level: configuration.log.level })
  return exportAlone(configuration, selection, { clock: systemClock, log })
}

function pathOf({ from, to, category, bookingUid }: ExportSelection): string {
  const query = defined({ from: from?.toString(), to: to?.toString(), category, bookingUid })
  return `/audit/export?${new URLSearchParams(query)}`
}

/** Throws CutShort where the last line is no manifest. */
async function* whole(texts: AsyncIterable<string>): AsyncGenerator<string, void> {
  let lineBegins = ''
  let atLineStart = true
  try {
    for await (const text of texts) {
      const ends = text.endsWith('\n')
      const lines = ends ? text.slice(0, -1) : text
      const last = lines.lastIndexOf('\n') + 1
      const begun = last > 0 || atLineStart ? '' : lineBegins
      lineBegins = `${begun}${lines.slice(last, last + MANIFEST.length)}`.slice(0, MANIFEST.length)
      atLineStart = ends
      yield text
    }
  } catch (error) {
    if (error instanceof TypeError) throw new CutShort(errorText(error))
    throw error
  }
  if (!atLineStart || lineBegins !== MANIFEST) throw new CutShort('it has no manifest')
}

const MANIFEST = '{"manifest":'

/** The file is there once it is whole. */
async function writeTo(path: string, lines: AsyncIterable<string>): Promise<void> {
  const unfinished = `${path}.part`
  try {
    await pipeline(Readable.from(lines), createWriteStream(unfinished, { flags: 'wx', flush: true }))
    await rename(unfinished, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
      await rm(unfinished, { force: true })
    throw error
  }
}

function refusalOf(error: unknown, folder: string): string | undefined {
  if (error instanceof StartRefused) return error.message
  if (error instanceof BookingUnknown) return `${error.message}.`
  if (error instanceof StoreUnavailable)
    return `A store does not answer: ${error.message}. The export is not whole.`
  if (error instanceof CutShort)
    return `The export broke off: ${error.message}. What was written is not whole.`
  return folderRefusal(error, folder)
}
