/** What the API answers about tenants and what belongs to one as a whole. */
import * as z from 'zod'
import { credentialKinds } from '../credential.js'
import { signInProviders } from '../providers.js'
import { clientAuthentications } from '../registration.js'
import { count, id, listOf, nextPage, oneOf, orNull, tenantId, text, time, triedProblem } from './answer-fields.js'

const nullable = <S extends z.ZodType>(schema: S) => schema.nullable().meta(z.globalRegistry.get(schema) ?? {})

export const tenant = z
  .object({
    id: tenantId,
    name: text('Name that people read when they connect a mailbox.', 'Contoso Ltd'),
    createdAt: time('When it was created.'),
    state: oneOf(['active', 'removing'], 'removing: the gateway accepts no more calls.', 'active'),
  })
  .meta({ id: 'Tenant', description: 'A customer, with its own mailboxes, mail, keys and logs.' })

export const tenantPage = z
  .object({ tenants: listOf(tenant, 'In order of id.'), next: nextPage })
  .meta({ id: 'TenantPage', description: 'One page of tenants.' })

export const tenantRemoval = z
  .object({
    id: tenantId,
    state: oneOf(['removing', 'removed'], 'removing: the rest follows within minutes.', 'removing'),
  })
  .meta({ id: 'TenantRemoval', description: 'Progress of the removal of a tenant.' })

const holder = z
  .object({
    id: text(
      'SHA-256 of the address in lower case, in hex.',
      '5f4dcc3b5aa765d61d8327deb882cf995f4dcc3b5aa765d61d8327deb882cf99',
    ),
    environment: text('Environment that holds it.', 'prod'),
    tenant: tenantId,
    mailboxId: id('The mailbox that holds it.', 'q7m2ztn4kc5xw3hdrjfvbeuags'),
    since: time('Since when.'),
  })
  .meta({ id: 'Holder', description: 'Who holds a mail address, across all environments of the storage account.' })

export const holderPage = z
  .object({ holders: listOf(holder, 'The holder; empty when nobody holds it.'), next: nextPage })
  .meta({ id: 'HolderPage', description: 'Who holds one address: always one page.' })

const keyFields = {
  id: text('Id of the key: its third part.', 'k3v9qa2m'),
  name: text('What it is for.', 'shop'),
  role: oneOf(
    ['app', 'tenant-admin', 'operator'],
    'app: sign-ins, mail, reading. tenant-admin: also keys, webhooks, registrations and changes. operator: all tenants.',
    'app',
  ),
  createdAt: time('When it was created.'),
  expiresAt: nullable(time('When it expires; null: never.', '2027-01-31T08:00:00.000Z')),
}

export const apiKey = z.object(keyFields).meta({ id: 'ApiKey', description: 'An API key without its secret.' })
export const apiKeyPage = z
  .object({ keys: listOf(apiKey, 'In order of id.'), next: nextPage })
  .meta({ id: 'ApiKeyPage', description: 'One page of keys.' })
export const newApiKey = z
  .object({ ...keyFields, key: text('The key itself, shown only this once.', 'mbg_contoso_k3v9qa2m_…') })
  .meta({ id: 'NewApiKey', description: 'A new API key.' })

export const returnUrl = z
  .object({
    id: id('Id of the return URL.', 'u4x7mq2zkw5tn3hdrjfvbeuags'),
    url: text('Compared as a whole string.', 'https://app.example.com/connected'),
  })
  .meta({ id: 'ReturnUrl', description: 'Where a browser may return after a sign-in.' })
export const returnUrlPage = z
  .object({ returnUrls: listOf(returnUrl, 'In order of id.'), next: nextPage })
  .meta({ id: 'ReturnUrlPage', description: 'One page of return URLs.' })

const webhookFields = {
  id: id('Id of the endpoint.', 'w4x7mq2zkc5tn3hdrjfvbeuags'),
  url: text('Where the gateway posts events.', 'https://app.example.com/events'),
  createdAt: time('When it was added.'),
}
export const webhook = z.object(webhookFields).meta({ id: 'Webhook', description: 'A webhook endpoint.' })
export const webhookPage = z
  .object({ webhooks: listOf(webhook, 'In order of id.'), next: nextPage })
  .meta({ id: 'WebhookPage', description: 'One page of webhooks.' })
export const newWebhook = z
  .object({
    ...webhookFields,
    signingKey: text(
      'Key of the signatures (Standard Webhooks); it starts with whsec_. Keep it secret.',
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw0000000000=',
    ),
  })
  .meta({ id: 'NewWebhook', description: 'A webhook endpoint with its signing key.' })

const mailServer = (what: string) =>
  z
    .object({
      host: text('Host name or IP address.', 'mail.example.com'),
      port: count('Port.', 993),
      tls: oneOf(['implicit', 'starttls'], 'How it is encrypted.', 'implicit'),
      ca: text('PEM certificate of a private authority.', '-----BEGIN CERTIFICATE-----').optional(),
    })
    .optional()
    .describe(what)
const oauthServer = z
  .object({
    endpoints: z
      .object({
        authorization: text('Where people sign in.', 'https://login.example.com/authorize'),
        token: text('Where tokens are issued.', 'https://login.example.com/token'),
        userinfo: text('What says who signed in.', 'https://login.example.com/userinfo').optional(),
      })
      .optional()
      .describe('As they were given; absent when the metadata of the server names them.'),
    clientAuthentication: oneOf(clientAuthentications, 'How the client proves itself.', 'client_secret_basic'),
    scopes: z.array(z.string()).describe('Permissions that a sign-in asks for.'),
    imap: mailServer('IMAP server of its accounts; absent when the public mail settings of an address name it.'),
    smtp: mailServer('SMTP server of its accounts; absent when the public mail settings of an address name it.'),
  })
  .optional()
  .describe('With kind oauth2: what is known of the server.')

export const registration = z
  .object({
    id: id('Id of the registration.', 'r4x7mq2zkw5tn3hdcjfvbeuags'),
    name: text('Display name.', 'Contoso mail'),
    tenant: text('Id of the tenant; ~ when it belongs to the deployment and serves every tenant.', 'contoso'),
    kind: oneOf(signInProviders, 'Identity provider.', 'microsoft'),
    authority: text('Where people sign in.', 'https://login.microsoftonline.com/organizations'),
    clientId: text('Application (client) id.', '0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0'),
    credential: oneOf(
      credentialKinds,
      "private-key: a key with its certificate. managed-identity: a token of the gateway's own identity. none: a public client.",
      'secret',
    ),
    secretExpiresAt: text(
      'When the client secret expires, as given, or the certificate, as it says itself; absent when unknown.',
      '2027-01-31T00:00:00Z',
    ).optional(),
    redirectUri: text('Register exactly this URI at the provider.', 'https://mail.example.com/oauth/callback'),
    server: oauthServer,
    secretFingerprint: orNull(
      text(
        "First 12 hex digits of the SHA-256 of the client secret, or of the certificate's thumbprint (SHA-1); null without either.",
        '9f86d081884c',
      ),
    ),
  })
  .meta({ id: 'Registration', description: 'An OAuth client at an identity provider, without its secret.' })
export const savedRegistration = registration
  .extend({
    credentialTried: oneOf(
      ['accepted', 'not-tried', 'none'],
      'What the provider said about the credential before it was saved; not-tried: the provider did not answer, so whether the credential works is unknown; none: there is no credential.',
      'accepted',
    ),
  })
  .meta({ id: 'SavedRegistration', description: 'The saved registration.' })
export const triedRegistration = z
  .object({
    credentialTried: oneOf(
      ['accepted', 'not-tried', 'none', 'refused'],
      'What the provider said about the credential; not-tried: the provider did not answer; none: there is no credential.',
      'accepted',
    ),
    problem: triedProblem,
    connections: count('Connections that waited for an administrator; the gateway retries them now.', 3),
  })
  .meta({ id: 'TriedRegistration', description: 'What the provider said when it was asked just now.' })
export const registrationPage = z
  .object({ registrations: listOf(registration, "The tenant's own first, then the deployment's."), next: nextPage })
  .meta({ id: 'RegistrationPage', description: 'One page of registrations.' })
