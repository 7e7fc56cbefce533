/** What a registration says of an authorization server that may be anybody's. */
import * as z from 'zod'
import { httpsUrl } from './https-url.js'
import {
  type ClientAuthentication,
  clientAuthentications,
  type EncryptedServer,
  type OAuthServer,
} from './registration.js'
import { ca, host, listening, port, tls } from './server-schemas.js'

export interface OAuthServerInput {
  issuer?: string | undefined
  endpoints?: OAuthServer['endpoints'] | undefined
  clientAuthentication?: ClientAuthentication | undefined
  scopes?: string[] | undefined
  imap?: EncryptedServer | undefined
  smtp?: EncryptedServer | undefined
}

const encrypted = tls.exclude(['plain']).describe('implicit: TLS from the first byte. starttls: TLS before the login.')
const server = z.strictObject({ host, port: port.exactOptional(), tls: encrypted, ca })
const endpoint = (what: string) => httpsUrl.describe(`${what}: an https:// URL of at most 500 characters.`)

export const oauthServerFields = {
  issuer: httpsUrl.describe(
    'Issuer of the server, exactly as its metadata and its id_tokens name it: an https:// URL of at most 500 characters. Without `endpoints`, the gateway reads them at `{issuer}/.well-known/openid-configuration` (OpenID) or as RFC 8414 says.',
  ),
  endpoints: z
    .strictObject({
      authorization: endpoint('Where people sign in'),
      token: endpoint('Where tokens are issued'),
      userinfo: endpoint('What says who signed in, for a server without id_token').optional(),
    })
    .optional()
    .describe('For a server that publishes no metadata.'),
  clientAuthentication: z
    .enum(clientAuthentications)
    .optional()
    .describe('How the client proves itself; left out: `client_secret_basic` with a secret, `none` without.'),
  scopes: z
    .array(
      z
        .string()
        .regex(
          /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/,
          'must have 1 to 200 characters without spaces, quotes or backslashes',
        ),
    )
    .min(1)
    .max(30)
    .describe(
      'Permissions to ask for, 1 to 30, in the words of the server: those for mail, `openid` and `email` to learn who signed in, `offline_access` where a refresh token needs it.',
    ),
  imap: server
    .transform(listening('imap'))
    .optional()
    .describe('Its IMAP server; left out, the public mail settings of each address say.'),
  smtp: server
    .transform(listening('smtp'))
    .optional()
    .describe('Its SMTP server; left out, the public mail settings of each address say.'),
}
