import { randomUUID } from 'node:crypto'
import type { PublisherDescription, PublisherProblem } from '../../ports/booking-event-publisher.ts'
import type { Clock } from '../../ports/clock.ts'
import { GREETING_ID, type Greeting, tellingMore, wayTo } from '../diagnosis/way-to-server.ts'
import { spansOf } from './kafka-admin.ts'
import { type KafkaClientOptions, kafkaClient, LOOK_RETRY } from './kafka-client.ts'
import { unavailable } from './kafka-failure.ts'
import { type KafkaTopics, lookAtTopics, mustHaveKept } from './kafka-topics.ts'
import { readMark } from './position-topic.ts'

type LookOptions = KafkaClientOptions & { clock: Clock }

/** Looks whether the brokers answer, let this user in, and have the topics as they have to be. Changes nothing. */
export const describeKafka = (options: LookOptions, topics: KafkaTopics): Promise<PublisherDescription> =>
  tellingMore<PublisherDescription>(askedDescription(options, topics), wayToBrokers(options), {
    isPrecise: (outcome) => !outcome.ok && PRECISE.has(outcome.problem),
    asOutcome: ({ problem, detail }) => ({ ok: false, problem, message: detail }),
  })

/** Problems that the brokers themselves told of. */
const PRECISE: ReadonlySet<PublisherProblem> = new Set([
  'AUTHENTICATION',
  'AUTHORIZATION',
  'TOPIC',
  'TOO_OLD',
])

/** ApiVersions (version 0), which every broker answers before it asks who is there. */
const greeting: Greeting = {
  kind: 'Kafka',
  bytes: Buffer.concat([
    Buffer.from([0, 0, 0, 10, 0, 18, 0, 0]),
    Buffer.from(GREETING_ID.toString(16), 'hex'),
    Buffer.from([0xff, 0xff]),
  ]),
  isAnswer: (answer) => answer.length >= 8 && answer.readInt32BE(4) === GREETING_ID,
  settings: { plain: 'KAFKA_SSL is not true', encrypted: 'KAFKA_SSL is true' },
}

function wayToBrokers({ configuration, route = (address) => address }: KafkaClientOptions) {
  const places = configuration.brokers.map((broker) => {
    const [, host = '', port] = /^(.*):(\d+)$/.exec(broker) ?? []
    return route({ host, port: Number(port) })
  })
  return wayTo(places, { tls: configuration.ssl ? {} : undefined, greeting })
}

async function askedDescription(options: LookOptions, topics: KafkaTopics): Promise<PublisherDescription> {
  const { brokers } = options.configuration
  const kafka = kafkaClient(options, LOOK_RETRY)
  const admin = kafka.admin()
  try {
    await admin.connect()
    const [cluster, { missing, found }] = await Promise.all([
      admin.describeCluster(),
      lookAtTopics(admin, topics),
    ])
    const [span] = found === undefined ? [] : await spansOf(admin, topics.position)
    if (found !== undefined && span !== undefined) {
      const groupId = (part: string) => `${topics.position}-${randomUUID()}-${part}`
      const stored = await readMark({ kafka, clock: options.clock, groupId, topic: topics.position, span })
      mustHaveKept(topics.events, stored?.partitions ?? found.partitions, found.partitions)
    }
    const state =
      found === undefined
        ? `${missing.join(' and ')} will be created`
        : `${topics.events} has ${found.partitions} partitions`
    return { ok: true, sentence: `Kafka answers (${cluster.brokers.length} brokers); ${state}.` }
  } catch (error) {
    const { problem, message } = unavailable(error, `Kafka at ${brokers.join(', ')}`)
    return { ok: false, problem, message }
  } finally {
    await admin.disconnect().catch(() => undefined)
  }
}
