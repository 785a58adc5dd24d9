import { type Engine, type EngineCondition, openEngines } from '../../composition/engines.ts'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import type { Configuration } from '../../infrastructure/config/configuration.ts'
import { createLogger } from '../../infrastructure/logging/logger.ts'
import { type Finding, note, ok, wrong } from './finding.ts'

const VARIABLES = {
  EventStoreDB: 'EVENTSTORE_URL',
  MongoDB: 'MONGODB_URL',
  Kafka: 'KAFKA_BROKERS',
} satisfies { [Name in Engine['name']]: string }

/** Each server that the configuration names, asked by a connection of its own; also while the service runs. */
export async function lookAtEngines(configuration: Configuration): Promise<Finding[]> {
  const log = createLogger({ level: 'silent' })
  const { engines, close } = await openEngines(configuration, { clock: systemClock, log })
  try {
    return await Promise.all(
      engines.map(async (engine) => finding(VARIABLES[engine.name], await engine.describe())),
    )
  } finally {
    await close()
  }
}

function finding(variable: string, { ok: answers, sentence, problem }: EngineCondition): Finding {
  if (answers && problem === undefined) return ok(variable, sentence)
  return (answers ? note : wrong)(variable, sentence, mending(variable, problem ?? ''))
}

function mending(variable: string, problem: string): string {
  switch (problem) {
    case 'DNS':
      return `Correct the host name in ${variable}, or the name resolution of this machine.`
    case 'REFUSED':
      return `Start the server, or correct host and port in ${variable}; a firewall may be in between.`
    case 'TIMEOUT':
      return `See whether the server is overloaded or hangs, whether a firewall drops what is sent, and whether ${variable} names its port.`
    case 'TLS':
      return variable === 'KAFKA_BROKERS'
        ? 'Let KAFKA_SSL and the listener of the brokers agree, and trust its authority (NODE_EXTRA_CA_CERTS=FILE).'
        : `Let ${variable} (tls=…) and the server agree on TLS, and trust its authority (NODE_EXTRA_CA_CERTS=FILE, or tlsCAFile=FILE in ${variable}).`
    case 'PROTOCOL':
      return `Correct host and port in ${variable}: they lead to another kind of server.`
    case 'AUTHENTICATION':
      return `Correct user and password in ${variable === 'KAFKA_BROKERS' ? 'KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD' : variable}, and what this user may do.`
    case 'AUTHORIZATION':
      return 'Give the user the rights that docs/operations.md names.'
    case 'TOPIC':
      return 'Make the topics as docs/operations.md says, or set another KAFKA_TOPIC.'
    case 'NOT_A_REPLICA_SET':
      return 'Initiate a replica set, also of one member, and name it in MONGODB_URL (?replicaSet=NAME).'
    case 'TOO_OLD':
      return 'Upgrade the server: docs/operations.md says which versions are supported.'
    default:
      return `Look at the server's own log, and at ${variable}.`
  }
}
