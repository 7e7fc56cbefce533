/** What administrators send of a registration, compiled once at load: at each provider what stands in its facts. */
import * as z from 'zod'
import { name } from './admin-schemas.js'
import type { CredentialKind } from './credential.js'
import { type OAuthServerInput, oauthServerFields } from './oauth-server-schema.js'
import { providerFacts, type SignInProvider, signInPages } from './providers.js'

export interface RegistrationInput extends OAuthServerInput {
  name: string
  kind: SignInProvider
  clientId: string
  /** Left out by whoever changes something else: the authority stays. */
  directory?: string | undefined
  /** Left out: as it is, else the usual one. */
  cloud?: string | undefined
  /** Left out: as what is given says, else as it is. */
  credential?: CredentialKind | undefined
  clientSecret?: string | undefined
  clientSecretExpiresAt?: string | undefined
  privateKey?: string | undefined
  certificate?: string | undefined
}

const kindWords: Record<CredentialKind, string> = {
  secret: 'secret: a client secret',
  'private-key': 'private-key: a key with its certificate',
  'managed-identity': "managed-identity: a token of the gateway's own identity, so there is no secret (operators only)",
  none: 'none: a public client',
}

function registrationAt(kind: SignInProvider) {
  const { clientId, directory, clouds, credentials, ownServer } = providerFacts[kind].registration!
  const has = (one: CredentialKind): boolean => credentials.includes(one)
  return z.strictObject({
    name: name.describe('Name shown to people; 1 to 100 characters.'),
    kind: z.literal(kind).describe('The identity provider.'),
    clientId: z.string().regex(clientId.pattern, clientId.message).describe(clientId.description),
    ...(directory && {
      directory: z
        .string()
        .refine((text) => directory.pattern.test(text), directory.message)
        .describe(directory.description),
    }),
    ...(clouds && {
      cloud: z
        .enum(clouds as [string, ...string[]])
        .optional()
        .describe(`Cloud of the provider: ${clouds.join(', ')}. Left out, as it is stored, else ${clouds[0]}.`),
    }),
    ...(ownServer && oauthServerFields),
    credential: z
      .enum(credentials as [CredentialKind, ...CredentialKind[]])
      .optional()
      .describe(
        `How the gateway proves that it is this client. ${credentials.map((one) => kindWords[one]).join('. ')}. Left out, as the other fields say; without them, as it is stored, or none.`,
      ),
    clientSecret: z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .describe('1 to 1000 characters; left out, the stored secret is kept.'),
    clientSecretExpiresAt: z.iso
      .datetime()
      .optional()
      .describe('Time in UTC at which the secret expires; the gateway warns beforehand.'),
    ...(has('private-key') && {
      privateKey: z
        .string()
        .max(10_000)
        .optional()
        .describe(
          'RSA key of 2048 to 4096 bits as PEM without a passphrase; it is stored in the vault and never shown. Left out, the stored key is kept.',
        ),
      certificate: z
        .string()
        .max(20_000)
        .optional()
        .describe('Certificate of the key as PEM; its own end is the day of which the gateway warns.'),
    }),
  })
}

const [firstPage, ...morePages] = signInPages.map(registrationAt)
const atAnyPage = morePages.length === 0 ? firstPage! : z.discriminatedUnion('kind', [firstPage!, ...morePages])

export const registrationSchema = (atAnyPage as z.ZodType<RegistrationInput>).meta({
  id: 'RegistrationInput',
  description: 'An OAuth client at an identity provider.',
  examples: [
    {
      name: 'Contoso mail',
      kind: 'microsoft',
      clientId: '5a0f3c1e-6f2a-4c7d-8e55-0d1f2a3b4c5d',
      directory: 'organizations',
      credential: 'none',
    },
    {
      name: 'Example mail',
      kind: 'oauth2',
      clientId: 'mailbox-gateway',
      issuer: 'https://login.example.com',
      scopes: ['openid', 'email', 'offline_access', 'mail'],
      imap: { host: 'imap.example.com', port: 993, tls: 'implicit' },
      smtp: { host: 'smtp.example.com', port: 587, tls: 'starttls' },
    },
  ],
})
