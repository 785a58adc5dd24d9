// Certificates for servers of the tests, as few bytes of X.509 (RFC 5280) as Node's TLS takes.
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** PEM. */
export type Certified = { key: string; cert: string }

export type Authority = {
  /** PEM of its own certificate: who has this trusts what it issues. */
  cert: string
  /** A certificate for names and IPv4 addresses, valid from yesterday until `expires` (in a day). */
  issue(names: readonly string[], options?: { expires?: Temporal.Instant }): Certified
}

/** An authority that nobody trusts yet. */
export function someAuthority(): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = `test authority ${randomBytes(4).toString('hex')}`
  const isAuthority = extension('551d13', sequence(der(0x01, Buffer.from([0xff]))))
  const cert = certificate({
    issuer: name,
    subject: name,
    publicKey: own.publicKey,
    signer: own.privateKey,
    expires: hoursFromNow(24),
    extensions: [isAuthority],
  })
  return {
    cert,
    issue(names, { expires = hoursFromNow(24) } = {}) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const alternatives = extension('551d11', sequence(...names.map(generalName)))
      const [subject = 'nobody'] = names
      return {
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        cert: certificate({
          issuer: name,
          subject,
          publicKey,
          signer: own.privateKey,
          expires,
          extensions: [alternatives],
        }),
      }
    },
  }
}

const hoursFromNow = (hours: number) => Temporal.Now.instant().add({ hours })

function certificate(given: {
  issuer: string
  subject: string
  publicKey: KeyObject
  signer: KeyObject
  expires: Temporal.Instant
  extensions: Buffer[]
}): string {
  // ECDSA with SHA-256.
  const algorithm = sequence(der(0x06, Buffer.from('2a8648ce3d040302', 'hex')))
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    distinguishedName(given.issuer),
    sequence(time(hoursFromNow(-24 * 10)), time(given.expires)),
    distinguishedName(given.subject),
    given.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...given.extensions)),
  )
  const signature = sign('sha256', signed, given.signer)
  const whole = sequence(signed, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64')}\n-----END CERTIFICATE-----\n`
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...parts: Buffer[]) => der(0x30, Buffer.concat(parts))

/** One common name. */
const distinguishedName = (name: string) =>
  sequence(der(0x31, sequence(der(0x06, Buffer.from('550403', 'hex')), der(0x0c, Buffer.from(name)))))

const extension = (oid: string, content: Buffer) =>
  sequence(der(0x06, Buffer.from(oid, 'hex')), der(0x04, content))

const generalName = (name: string) =>
  /^[\d.]+$/.test(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name))

/** UTCTime: years from 1950 to 2049. */
const time = (instant: Temporal.Instant) =>
  der(0x17, Buffer.from(`${instant.toString({ smallestUnit: 'second' }).replace(/[-:T]/g, '').slice(2)}`))
