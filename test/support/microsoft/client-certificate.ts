/** Keys and certificates with which an application signs its assertions; making one takes a moment, so they are kept. */
import { generate } from 'selfsigned'

export interface ClientCertificate {
  privateKey: string
  certificate: string
}

interface Wish {
  /** Of two keys with the same wish. */
  which?: 'one' | 'another'
  bits?: number
  /** Milliseconds since the epoch. */
  from?: number
  until?: number
}

const made = new Map<string, Promise<ClientCertificate>>()
const day = 86_400_000

export function clientCertificate(wish: Wish = {}): Promise<ClientCertificate> {
  const key = JSON.stringify(wish)
  const found = made.get(key) ?? make(wish)
  made.set(key, found)
  return found
}

async function make({ bits = 2048, from = Date.now() - day, until = from + 400 * day }: Wish) {
  const { private: privateKey, cert: certificate } = await generate(
    [{ name: 'commonName', value: 'Mailbox Gateway' }],
    {
      keyType: 'rsa',
      keySize: bits,
      algorithm: 'sha256',
      notBeforeDate: new Date(from),
      notAfterDate: new Date(until),
    },
  )
  return { privateKey, certificate }
}
