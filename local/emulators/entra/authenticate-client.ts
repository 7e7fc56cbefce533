import { createHash, timingSafeEqual } from 'node:crypto'
import { EntraRefusal } from './aadsts.js'
import { checkAssertion, type PresentedAssertion } from './client-assertion.js'
import type { EntraState } from './entra-state.js'

/** Proves that the caller is this registration: secret, assertion, or nothing for a public client. */
export async function authenticateClient(
  state: EntraState,
  presented: PresentedAssertion,
  basicSecret: string | undefined,
): Promise<void> {
  const { app, form } = presented
  const secret = form.get('client_secret') ?? basicSecret
  const assertion = form.get('client_assertion') !== null
  const isPublic = app.secrets.length + app.certificates.length + app.federated.length === 0
  if (isPublic) {
    if (secret || assertion) throw new EntraRefusal(700025)
    return
  }
  if (assertion) return checkAssertion(state, presented)
  if (!secret) throw new EntraRefusal(7000218)
  const found = app.secrets.find((s) => same(s.value, secret))
  if (!found) throw new EntraRefusal(7000215, `Application '${app.clientId}'.`)
  if (found.expiresAt !== undefined && found.expiresAt <= state.now()) {
    throw new EntraRefusal(7000222, `Application '${app.clientId}'.`)
  }
}

/** Client id and secret of HTTP Basic authentication, percent-decoded as RFC 6749 section 2.3.1 says. */
export function basicCredentials(header: string | undefined): { id: string; secret: string } | undefined {
  const match = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '')
  if (!match) return undefined
  const [id = '', secret = ''] = Buffer.from(match[1]!, 'base64').toString().split(':')
  return { id: decodeURIComponent(id), secret: decodeURIComponent(secret) }
}

const digest = (text: string) => createHash('sha256').update(text).digest()
const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))
