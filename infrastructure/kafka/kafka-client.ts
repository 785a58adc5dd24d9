import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Kafka, logLevel, type RetryOptions, type SASLOptions } from 'kafkajs'
import { defined } from '../../domain/optional-fields.ts'
import type { Logger } from '../../ports/logger.ts'
import type { KafkaConfiguration } from './kafka-configuration.ts'

/** An address of a broker. */
export type BrokerAddress = { host: string; port: number }

export type KafkaClientOptions = {
  configuration: Pick<KafkaConfiguration, 'brokers' | 'ssl' | 'sasl'>
  log: Logger
  /** The way to a broker that says it is at `address`: for a tunnel or a proxy. */
  route?: ((address: BrokerAddress) => BrokerAddress) | undefined
}

/**
 * After each commit the broker answers CONCURRENT_TRANSACTIONS for some milliseconds: short first waits make
 * back-to-back transactions thirty times faster. All tries together end after about 20 s, well before the broker gives
 * up a transaction (60 s). The longest wait is short, so that the end of an outage is noticed at once.
 */
const RETRY: RetryOptions = {
  initialRetryTime: 2,
  multiplier: 1.5,
  factor: 0.2,
  maxRetryTime: 1_000,
  retries: 30,
}

/** For a look: an answer within seconds, whatever it is. */
export const LOOK_RETRY: RetryOptions = { initialRetryTime: 100, maxRetryTime: 500, retries: 2 }

const KEEP_ALIVE_MS = 60_000

/** A kafkajs client that reaches the brokers as configured and logs through `log`. */
export function kafkaClient(options: KafkaClientOptions, retry: RetryOptions = RETRY): Kafka {
  const { brokers, ssl, sasl } = options.configuration
  const { route = (address) => address } = options
  return new Kafka({
    clientId: 'calendar-sync',
    brokers: [...brokers],
    // Without this kafkajs names no `ssl` to the socket factory.
    ...(ssl && { ssl: true }),
    // The configuration's union of mechanisms is the one of kafkajs for a name and a password.
    ...(sasl && { sasl: { ...sasl } as SASLOptions }),
    connectionTimeout: 5_000,
    authenticationTimeout: 10_000,
    requestTimeout: 15_000,
    retry,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => relay(options.log, entry),
    socketFactory({ host, port, onConnect }) {
      const to = route({ host, port })
      // A certificate is for the name by which a broker is known, wherever it is reached; an IP address is no such name.
      const servername = /^[\d.]+$|:/.test(host) ? undefined : host
      const socket = ssl
        ? connectTls({ ...to, ...defined({ servername }) }, onConnect)
        : connectTcp(to, onConnect)
      return survivingNonsense(socket).setKeepAlive(true, KEEP_ALIVE_MS)
    },
  })
}

/** An answer of another kind of server makes kafkajs throw while it reads, which would end the process. */
function survivingNonsense(socket: Socket): Socket {
  const emit = socket.emit.bind(socket)
  socket.emit = (event: string | symbol, ...given: unknown[]): boolean => {
    if (event !== 'data') return emit(event, ...given)
    try {
      return emit(event, ...given)
    } catch (cause) {
      socket.destroy(new Error('what answers is not Kafka', { cause }))
      return true
    }
  }
  return socket
}

type Entry = {
  namespace: string
  level: logLevel
  log: { message: string; [field: string]: unknown }
}

/**
 * kafkajs logs each try that it will repeat as an error. The callers tell how it ended, so its own words are for those
 * who look for a cause.
 */
function relay(
  log: Logger,
  { namespace, log: { message, timestamp, logger, stack, ...fields } }: Entry,
): void {
  log.debug({ ...fields, kafkajs: namespace }, message)
}
