/** What the API answers about tenants and what belongs to one as a whole. */
import * as z from 'zod'
import { id, listOf, nextPage, oneOf, orNull, tenantId, text, time } from './answer-fields.js'

const nullable = <S extends z.ZodType>(schema: S) => schema.nullable().meta(z.globalRegistry.get(schema) ?? {})

export const tenant = z
  .object({
    id: tenantId,
    name: text('Name that people read when they connect a mailbox.', 'Contoso Ltd'),
    createdAt: time('When it was created.'),
    state: oneOf(['active', 'removing'], 'removing: no call is accepted any more.', 'active'),
  })
  .meta({ id: 'Tenant', description: 'A customer: mailboxes, mail, keys and logs of their own.' })

export const tenantPage = z
  .object({ tenants: listOf(tenant, 'In the order of their ids.'), next: nextPage })
  .meta({ id: 'TenantPage', description: 'One page of tenants.' })

export const tenantRemoval = z
  .object({
    id: tenantId,
    state: oneOf(['removing', 'removed'], 'removing: the rest follows within minutes.', 'removing'),
  })
  .meta({ id: 'TenantRemoval', description: 'How far removing a tenant is.' })

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
  .object({ holders: listOf(holder, 'The holder, or nobody.'), next: nextPage })
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
  expiresAt: nullable(time('When it ends; null: never.', '2027-01-31T08:00:00.000Z')),
}

export const apiKey = z.object(keyFields).meta({ id: 'ApiKey', description: 'An API key without its secret.' })
export const apiKeyPage = z
  .object({ keys: listOf(apiKey, 'In the order of their ids.'), next: nextPage })
  .meta({ id: 'ApiKeyPage', description: 'One page of keys.' })
export const newApiKey = z
  .object({ ...keyFields, key: text('The key itself, shown this one time.', 'mbg_contoso_k3v9qa2m_…') })
  .meta({ id: 'NewApiKey', description: 'A new API key.' })

export const returnUrl = z
  .object({
    id: id('Id of the return URL.', 'u4x7mq2zkw5tn3hdrjfvbeuags'),
    url: text('Compared as a whole string.', 'https://app.example.com/connected'),
  })
  .meta({ id: 'ReturnUrl', description: 'Where a browser may go back to after a sign-in.' })
export const returnUrlPage = z
  .object({ returnUrls: listOf(returnUrl, 'In the order of their ids.'), next: nextPage })
  .meta({ id: 'ReturnUrlPage', description: 'One page of return URLs.' })

const webhookFields = {
  id: id('Id of the endpoint.', 'w4x7mq2zkc5tn3hdrjfvbeuags'),
  url: text('Where events are posted to.', 'https://app.example.com/events'),
  createdAt: time('When it was added.'),
}
export const webhook = z.object(webhookFields).meta({ id: 'Webhook', description: 'A webhook endpoint.' })
export const webhookPage = z
  .object({ webhooks: listOf(webhook, 'In the order of their ids.'), next: nextPage })
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

export const registration = z
  .object({
    id: id('Id of the registration.', 'r4x7mq2zkw5tn3hdcjfvbeuags'),
    name: text('Name for people.', 'Contoso mail'),
    tenant: text("Id of the tenant; ~ when it is the deployment's and serves every tenant.", 'contoso'),
    kind: oneOf(['microsoft', 'google', 'oauth2'], 'Identity provider.', 'microsoft'),
    authority: text('Where people sign in.', 'https://login.microsoftonline.com/organizations'),
    clientId: text('Application (client) id.', '0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0'),
    credential: oneOf(['secret', 'none'], 'none: a public client.', 'secret'),
    secretExpiresAt: text(
      'When the client secret ends, as it was given; absent when unknown.',
      '2027-01-31T00:00:00Z',
    ).optional(),
    redirectUri: text('Register exactly this one at the provider.', 'https://mail.example.com/oauth/callback'),
    secretFingerprint: orNull(
      text('First 12 hex digits of the SHA-256 of the client secret; null without one.', '9f86d081884c'),
    ),
  })
  .meta({ id: 'Registration', description: 'An OAuth client at an identity provider, without its secret.' })
export const savedRegistration = registration
  .extend({
    credentialTried: oneOf(
      ['accepted', 'not-tried', 'none'],
      'What the provider said of the credential before it was saved; not-tried: it did not answer, so whether it works is not known; none: there is no credential.',
      'accepted',
    ),
  })
  .meta({ id: 'SavedRegistration', description: 'A registration as it was saved.' })
export const registrationPage = z
  .object({ registrations: listOf(registration, "The tenant's own first, then the deployment's."), next: nextPage })
  .meta({ id: 'RegistrationPage', description: 'One page of registrations.' })
