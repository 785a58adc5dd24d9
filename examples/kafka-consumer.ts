// Applies what is published to Kafka. Ids that were seen are skipped, so no offset has to be kept beside Kafka's own.
import { Kafka, logLevel } from 'kafkajs'
import { Pool } from 'pg'
import { applyEvent, type BookingEvent } from './apply-event.ts'
import { reportOutcomes } from './report-outcomes.ts'

const { DATABASE_URL, CALENDAR_SYNC_URL = '', CALENDAR_SYNC_TOKEN = '' } = process.env
const { KAFKA_BROKERS = '', KAFKA_TOPIC = 'booking-events', KAFKA_GROUP = 'cal-com' } = process.env
const service = { url: CALENDAR_SYNC_URL, token: CALENDAR_SYNC_TOKEN }
const pool = new Pool({ connectionString: DATABASE_URL })

const kafka = new Kafka({
  clientId: 'cal-com',
  brokers: KAFKA_BROKERS.split(','),
  logLevel: logLevel.ERROR,
})
// Reads what was committed, which is kafkajs's default; Java's is another.
const consumer = kafka.consumer({ groupId: KAFKA_GROUP, readUncommitted: false })
await consumer.connect()
await consumer.subscribe({ topic: KAFKA_TOPIC, fromBeginning: true })
await reportOutcomes(pool, service)
await consumer.run({
  // One that throws is given again, and holds up its partition: the order of a booking's events is kept.
  async eachMessage({ message: { headers = {}, value } }) {
    const { ce_id: id, ce_type: type } = headers
    if (!id || !value) return
    const event = { id: String(id), type: String(type), data: JSON.parse(String(value)) }
    await applyEvent(pool, event as BookingEvent /* as its schema says, which ce_dataschema names */)
    await reportOutcomes(pool, service)
  },
})

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, async () => {
    await consumer.disconnect()
    await pool.end()
  })
