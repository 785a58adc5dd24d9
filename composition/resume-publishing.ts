import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import { publicationParking } from '../services/publishing/parking.ts'
import { type ResumeOptions, resumePublishing } from '../services/publishing/resume.ts'
import type { ResumeReport } from '../services/publishing/resume-report.ts'
import { EVENTS_FILE } from './backup.ts'
import { closers } from './closers.ts'
import { StartRefused } from './start-refused.ts'
import { type OpenStores, openStores } from './stores.ts'

type Parts = { clock: Clock; log: Logger }

/** With stores that are open already; with connections of its own to the brokers. See `resumePublishing`. */
export async function resumeOn(
  configuration: NonNullable<Configuration['kafka']>,
  stores: Pick<OpenStores, 'events' | 'readStore'>,
  options: ResumeOptions,
  { clock, log }: Parts,
): Promise<ResumeReport> {
  const { kafkaPublisher } = await import('../infrastructure/kafka/kafka-publisher.ts')
  const publisher = kafkaPublisher({ configuration, clock, log })
  try {
    const parking = publicationParking({ ...stores, now: clock.now })
    return await resumePublishing({ events: stores.events, publisher, parking }, options)
  } finally {
    await publisher.close()
  }
}

/** The same where no service runs on the data folder. Throws StartRefused and what `resumePublishing` throws. */
export async function resumeAlone(
  configuration: Configuration,
  options: ResumeOptions,
  parts: Parts,
): Promise<ResumeReport> {
  const { kafka, eventStore, data } = configuration
  if (kafka === undefined) throw new StartRefused('KAFKA_BROKERS is not set: nothing is published to Kafka.')
  if (eventStore === undefined && !existsSync(join(data.folder, EVENTS_FILE)))
    throw new StartRefused(`${data.folder} is no data folder of this service.`)
  await using opened = closers(parts.log)
  const stores = await openStores({ configuration, newId: () => '', opened, ...parts })
  return await resumeOn(kafka, stores, options, parts)
}
