import { verifyAlone } from '../composition/audit.ts'
import { StartRefused } from '../composition/start-refused.ts'
import { systemClock } from '../infrastructure/clock/system-clock.ts'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { keptServiceAddress } from '../infrastructure/config/service-address.ts'
import { createLogger } from '../infrastructure/logging/logger.ts'
import { StoreUnavailable } from '../ports/store-unavailable.ts'
import type { Verification, VerificationParts } from '../services/audit/verification.ts'
import { VerificationAnswer } from '../services/http/verify-route.ts'
import { configurationOrExplain } from './configured.ts'
import { folderRefusal } from './folder-refusal.ts'
import { streamFromService } from './running-service.ts'

/**
 * Makes every read model anew, compares it with the live one, and checks the rules of streams: through the service where
 * one runs on the data folder, else with stores opened here. Resolves with the exit code. 0: all is as it should be. 1:
 * something differs, or it could not be looked at. 2: the configuration is not usable.
 */
export async function verify({ json }: { json: boolean }): Promise<number> {
  const configuration = configurationOrExplain()
  if (configuration === undefined) return 2
  const onProgress = process.stderr.isTTY && !json ? showProgress : undefined
  try {
    const found = await look(configuration, onProgress)
    if (onProgress) process.stderr.write('\r\u001b[K')
    if (json) console.log(JSON.stringify(found))
    else if (found.ok) console.log(sentencesOf(found).join('\n'))
    else console.error(sentencesOf(found).join('\n'))
    return found.ok ? 0 : 1
  } catch (error) {
    const refusal = refusalOf(error, configuration.data.folder)
    if (refusal === undefined) throw error
    console.error(refusal)
    return 1
  }
}

type OnProgress = VerificationParts['onProgress']

async function look(configuration: Configuration, onProgress: OnProgress): Promise<Verification> {
  const running = keptServiceAddress(configuration.data.folder) !== undefined
  const answer = running
    ? await streamFromService(configuration, '/audit/verify', 'text/event-stream')
    : undefined
  if (answer?.ok) return await resultOf(answer.text, onProgress)
  if (answer !== undefined && answer.code !== 'NOT_RUNNING') throw new StartRefused(answer.message)
  const log = createLogger({ level: configuration.log.level })
  return await verifyAlone(configuration, onProgress, { clock: systemClock, log })
}

/** Reads server-sent events up to the result. */
async function resultOf(texts: AsyncIterable<string>, onProgress: OnProgress): Promise<Verification> {
  let rest = ''
  try {
    for await (const text of texts) {
      const messages = `${rest}${text}`.split('\n\n')
      rest = messages.pop() ?? ''
      for (const message of messages) {
        const [, event, data = ''] = /^event: (\w+)\ndata: (.*)$/s.exec(message) ?? []
        if (event === 'result') return VerificationAnswer.parse(JSON.parse(data))
        if (event === 'progress') onProgress?.(JSON.parse(data))
        if (event === 'failed') throw new StoreUnavailable('the service could not read it')
      }
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
  throw new StartRefused('The service broke off before it was done: look at its log.')
}

function showProgress({ step, events }: { step: string; events: number }): void {
  process.stderr.write(`\r\u001b[K${step}: ${events} events`)
}

function sentencesOf({ ok, readModels, streams }: Verification): string[] {
  const events = `${streams.events} events`
  if (ok)
    return [
      `The ${readModels.length} read models are what ${events} make of them, and every stream keeps its rules.`,
      ...unsettledOf(readModels),
    ]
  return [
    `Not everything is what ${events} make of it:`,
    ...readModels.flatMap(({ name, differences, count, position, poison }) => [
      ...(poison === undefined ? [] : [`  ${poison}`]),
      ...differences.map(({ id, kind }) => `  ${name} up to ${position}: ${id} is ${KINDS[kind]}`),
      ...moreOf(count - differences.length, `of ${name}`),
    ]),
    ...streams.broken.map(({ stream, rule }) => `  stream ${stream}: ${rule}`),
    ...moreOf(streams.count - streams.broken.length, 'streams'),
    ...unsettledOf(readModels),
  ]
}

const KINDS = {
  MISSING: 'missing',
  SURPLUS: 'there, and should not be',
  DIFFERENT: 'not what its events make of it',
} as const

const moreOf = (more: number, what: string) => (more > 0 ? [`  and ${more} more ${what}`] : [])

const unsettledOf = (readModels: Verification['readModels']) =>
  readModels
    .filter(({ unsettled }) => unsettled > 0)
    .map(({ name, unsettled }) => `${unsettled} documents of ${name} went on changing and were not compared.`)

function refusalOf(error: unknown, folder: string): string | undefined {
  if (error instanceof StartRefused) return error.message
  if (error instanceof StoreUnavailable) return `A store does not answer: ${error.message}.`
  return folderRefusal(error, folder)
}
