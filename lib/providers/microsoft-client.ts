/** The MSAL client of a registration: how it proves itself, and what is wrong when it cannot. */
import {
  ConfidentialClientApplication,
  type INetworkModule,
  type NodeAuthOptions,
  PublicClientApplication,
} from '@azure/msal-node'
import { GatewayError } from '../errors.js'
import type { Registration } from '../model/registration.js'
import type { RegisteredClient } from '../ports/memory.js'
import type { OwnIdentity } from '../ports/own-identity.js'
import { keyPairOf } from '../protocol/key-pair.js'
import { cloudAt } from './microsoft-clouds.js'

export type MicrosoftClient = ConfidentialClientApplication | PublicClientApplication

export interface ClientOptions {
  network: INetworkModule
  identity: OwnIdentity | undefined
}

/** `authority`: where the token is asked for, when that is not the registration's own. */
export async function clientOf(
  { registration, credential, authority = registration.authority }: RegisteredClient & { authority?: string },
  { network, identity }: ClientOptions,
): Promise<MicrosoftClient> {
  const auth = { clientId: registration.clientId, authority }
  const system = { networkClient: network }
  if (registration.credential === 'none') return new PublicClientApplication({ auth, system })
  const proof = await proofOf({ registration, credential }, identity)
  return new ConfidentialClientApplication({ auth: { ...auth, ...proof }, system })
}

type Proof = Pick<NodeAuthOptions, 'clientSecret' | 'clientCertificate' | 'clientAssertion'>

/**
 * With a key, MSAL signs an assertion of its own for each call (PS256, `x5t#S256`). The token of the managed identity is
 * fetched before MSAL is there, which would hide why there is none.
 */
async function proofOf(
  { registration, credential }: RegisteredClient,
  identity: OwnIdentity | undefined,
): Promise<Proof> {
  if (registration.credential === 'secret') return { clientSecret: credential?.reveal() ?? '' }
  if (registration.credential === 'managed-identity') {
    if (identity === undefined) throw new Error('This process has no identity')
    return { clientAssertion: (await identity.token(cloudAt(registration.authority).tokenExchange)).reveal() }
  }
  const pair = credential && keyPairOf(credential)
  if (pair === undefined) throw keyUnreadable(registration)
  const thumbprintSha256 = pair.certificate.fingerprint256.replaceAll(':', '')
  return { clientCertificate: { thumbprintSha256, privateKey: pair.privateKey.reveal() } }
}

export function credentialNeeded(registration: Registration): GatewayError {
  return new GatewayError('registration_without_secret', 'needs-admin', {
    hint: 'operator',
    description: `The registration "${registration.name}" has neither a client secret nor a certificate, so the application cannot sign in without a person.`,
    remedy: 'Save the registration with a client secret or a certificate.',
  })
}

function keyUnreadable(registration: Registration): GatewayError {
  return new GatewayError('registration_key_unreadable', 'needs-admin', {
    hint: 'operator',
    description: `What is stored as key and certificate of the registration "${registration.name}" cannot be read.`,
    remedy: 'Save the registration again with its key and certificate.',
  })
}
