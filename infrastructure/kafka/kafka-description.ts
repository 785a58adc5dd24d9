import type { PublisherDescription } from '../publisher/booking-event-publisher.ts'
import { type KafkaClientOptions, kafkaClient, LOOK_RETRY } from './kafka-client.ts'
import { failureOf } from './kafka-failure.ts'
import { type KafkaTopics, lookAtTopics } from './kafka-topics.ts'

/** Looks whether the brokers answer, let this user in, and have the topics as they have to be. Changes nothing. */
export async function describeKafka(
  options: KafkaClientOptions,
  topics: KafkaTopics,
): Promise<PublisherDescription> {
  const { brokers } = options.configuration
  const admin = kafkaClient(options, LOOK_RETRY).admin()
  try {
    await admin.connect()
    const [cluster, { missing, found }] = await Promise.all([
      admin.describeCluster(),
      lookAtTopics(admin, topics),
    ])
    const state =
      found === undefined
        ? `${missing.join(' and ')} will be created`
        : `${topics.events} has ${found.partitions} partitions`
    return { ok: true, sentence: `Kafka answers (${cluster.brokers.length} brokers); ${state}.` }
  } catch (error) {
    const failure = failureOf(error, `Kafka at ${brokers.join(', ')}`)
    return {
      ok: false,
      problem: failure.error === 'FENCED' ? 'OTHER' : failure.problem,
      message: failure.message,
    }
  } finally {
    await admin.disconnect().catch(() => undefined)
  }
}
