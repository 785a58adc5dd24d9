import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import type { KafkaConfiguration } from '../../infrastructure/kafka/kafka-configuration.ts'
import { createLogger } from '../../infrastructure/logging/logger.ts'
import type { Logger } from '../../ports/logger.ts'

/** A Kafka that answers; topics are created by those who use it. */
export type KafkaForTests = { brokers: string[]; stop(): Promise<unknown> }

const IMAGE = 'apache/kafka:4.1.0'

/**
 * The brokers of KAFKA_BROKERS; without it one broker in a container, where Docker answers; else undefined, and a line
 * says what would run the tests.
 */
export async function kafkaForTests(): Promise<KafkaForTests | undefined> {
  const given = process.env.KAFKA_BROKERS?.trim()
  if (given) return { brokers: given.split(/\s*,\s*/), stop: async () => {} }
  // Takes a while to load, which nobody should wait for who has brokers.
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
  try {
    await getContainerRuntimeClient()
  } catch {
    console.log('SKIP set KAFKA_BROKERS, or start Docker, to run the tests of publishing to Kafka')
    return undefined
  }
  const port = await freePort()
  const container = await new GenericContainer(IMAGE)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_LISTENERS: 'PLAINTEXT://0.0.0.0:9092,CONTROLLER://0.0.0.0:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start()
  return { brokers: [`127.0.0.1:${port}`], stop: () => container.stop() }
}

/** A topic that no other test uses. */
export const someTopic = () => `test-${randomBytes(6).toString('hex')}`

/** How to reach the brokers for one topic, without encryption. */
export const configurationFor = (brokers: readonly string[], topic = someTopic()): KafkaConfiguration => ({
  brokers,
  topic,
  ssl: false,
  sasl: undefined,
})

/** Says nothing, but for what LOG_LEVEL asks for. */
export const quietLog = (): Logger =>
  createLogger({ level: process.env.LOG_LEVEL === 'debug' ? 'debug' : 'silent' })

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
