/** The brokers, how they are reached, and what is published to. */
export type KafkaConfiguration = {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly ssl: boolean
  readonly sasl:
    | {
        readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
        readonly username: string
        readonly password: string
      }
    | undefined
}
