import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Certified } from './certificates.ts'
import { endableServer, type RunningServer } from './endable-server.ts'

const SASL_HANDSHAKE = 17
const API_VERSIONS = 18
const SASL_AUTHENTICATE = 36
const SASL_AUTHENTICATION_FAILED = 58

/** OLD: has nothing that later clients need. REFUSES_CREDENTIALS: takes SASL PLAIN, and nobody's password. */
export type KafkaKind = 'OLD' | 'REFUSES_CREDENTIALS'

/** A server of Kafka's protocol that answers no more than what shows its kind. */
export function kafkaDouble(
  kind: KafkaKind,
  { certified }: { certified?: Certified } = {},
): Promise<RunningServer> {
  const serve = (socket: Socket) => {
    let received = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes])
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const end = 4 + received.readInt32BE(0)
        socket.write(answerTo(received.subarray(4, end), kind))
        received = received.subarray(end)
      }
    })
  }
  return endableServer(certified ? createTlsServer(certified, serve) : createServer(serve))
}

/** A request: which, in what version, its number; then what is not looked at here. */
function answerTo(request: Buffer, kind: KafkaKind): Buffer {
  const body = said(request.readInt16BE(0), request.readInt16BE(2), kind)
  const header = Buffer.alloc(8)
  header.writeInt32BE(4 + body.length, 0)
  request.copy(header, 4, 4, 8)
  return Buffer.concat([header, body])
}

function said(request: number, version: number, kind: KafkaKind): Buffer {
  switch (request) {
    case API_VERSIONS: {
      const known =
        kind === 'OLD'
          ? [[API_VERSIONS, 0, 0]]
          : [
              [3, 0, 8],
              [SASL_HANDSHAKE, 0, 1],
              [API_VERSIONS, 0, 2],
              [SASL_AUTHENTICATE, 0, 1],
            ]
      const throttled = version > 0 ? int32(0) : Buffer.alloc(0)
      return Buffer.concat([int16(0), int32(known.length), ...known.flat().map(int16), throttled])
    }
    case SASL_HANDSHAKE:
      return Buffer.concat([int16(0), int32(1), text('PLAIN')])
    default: {
      const why = text('Authentication failed: Invalid username or password')
      return Buffer.concat([
        int16(SASL_AUTHENTICATION_FAILED),
        why,
        int32(0),
        Buffer.alloc(version > 0 ? 8 : 0),
      ])
    }
  }
}

const int16 = (value: number) => Buffer.from([(value >> 8) & 0xff, value & 0xff])
const int32 = (value: number) => Buffer.concat([int16(value >> 16), int16(value)])
const text = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)])
