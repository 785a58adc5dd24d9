import type { Admin, Kafka } from 'kafkajs'

/**
 * The stretch of a partition that can be read: from the oldest message that was not deleted, up to the first open
 * transaction. The answer to a commit comes before every partition shows it; once the next producer has taken over, all
 * do.
 */
export type PartitionSpan = { partition: number; low: bigint; high: bigint }

/** Every partition of a topic that is there. */
export async function spansOf(admin: Admin, topic: string): Promise<PartitionSpan[]> {
  const offsets = await admin.fetchTopicOffsets(topic)
  return offsets.map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }))
}

/** Connects for the time of `work`. */
export async function withAdmin<Result>(
  kafka: Kafka,
  work: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}
