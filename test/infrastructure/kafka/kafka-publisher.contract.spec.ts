import { systemClock } from '../../../infrastructure/clock/system-clock.ts'
import { kafkaPublisher } from '../../../infrastructure/kafka/kafka-publisher.ts'
import type { BookingEventPublisher } from '../../../ports/booking-event-publisher.ts'
import { bookingEventPublisherContract } from '../../ports/booking-event-publisher.contract.ts'
import { configurationFor, kafkaForTests, quietLog } from '../../support/kafka.ts'
import { readTopic } from '../../support/topic-reader.ts'

const kafka = await kafkaForTests()

bookingEventPublisherContract(
  'publishing to Kafka',
  kafka &&
    (async () => {
      const configuration = configurationFor(kafka.brokers)
      const opened: BookingEventPublisher[] = []
      return {
        publisher() {
          const one = kafkaPublisher({ configuration, clock: systemClock, log: quietLog() })
          opened.push(one)
          return one
        },
        published: async () =>
          (await readTopic(kafka.brokers, configuration.topic)).map(({ key, headers }) => ({
            id: headers.ce_id ?? '',
            subject: key,
          })),
        tooManyBytes: 1_100_000,
        async close() {
          await Promise.all(opened.map((one) => one.close()))
        },
      }
    }),
)
