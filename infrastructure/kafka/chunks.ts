import { type Message, Partitioners } from 'kafkajs'
import { mostBytesOf } from './booking-event-message.ts'
import type { FoundTopics } from './kafka-topics.ts'

/** A broker's limit, unless it says otherwise, for one batch for one partition. */
const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588
/** The limit of one request to all partitions together: far below what brokers take (100 MiB), and little memory. */
const MAX_REQUEST_BYTES = 8 * 1024 * 1024

const partitioner = Partitioners.DefaultPartitioner()

/** By the key, as Java's clients do it: others who write with the same key find the same partition. */
export function partitionsFor(partitions: number): (message: Message) => number {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 0,
    replicas: [],
    isr: [],
  }))
  return (message) => partitioner({ topic: '', partitionMetadata, message })
}

/**
 * The messages in requests, in order, each with its partition written into it. kafkajs makes one batch of all that a
 * request has for a partition, and a broker refuses one that is too large. A message that is too large by itself is
 * alone for its partition.
 */
export function inChunks(
  messages: readonly Message[],
  { partitions, maxMessageBytes }: FoundTopics,
): Message[][] {
  const most = (maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES) * 0.9
  const partitionOf = partitionsFor(partitions)
  const chunks: Message[][] = []
  let chunk: Message[] = []
  let bytes = 0
  const bytesOf = new Array<number>(partitions).fill(0)
  for (const message of messages) {
    const size = mostBytesOf(message)
    const partition = partitionOf(message)
    const already = bytesOf[partition] ?? 0
    if ((already > 0 && already + size > most) || (bytes > 0 && bytes + size > MAX_REQUEST_BYTES)) {
      chunks.push(chunk)
      chunk = []
      bytes = 0
      bytesOf.fill(0)
    }
    message.partition = partition
    chunk.push(message)
    bytes += size
    bytesOf[partition] = (bytesOf[partition] ?? 0) + size
  }
  if (chunk.length > 0) chunks.push(chunk)
  return chunks
}
