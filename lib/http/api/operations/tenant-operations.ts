/** Tenants, and what belongs to one as a whole: keys, return URLs, webhooks, OAuth clients. */
import type { Operation } from '../operation.js'
import { act, adminBody, admins, all, list, operator, query, remove, tenantAnswer } from './operation-kinds.js'

export const tenantOperations = {
  tenantCreate: {
    name: 'tenant-create',
    method: 'POST',
    route: 'api/v1/tenants',
    roles: operator,
    tenant: false,
    summary: 'Creates a tenant and its events queue.',
    body: adminBody('tenantSchema'),
    answer: tenantAnswer('tenant'),
    success: [201, 'Created.'],
    errors: ['tenant_exists'],
  },
  tenantList: {
    ...list('tenant-list', 'tenants', {
      roles: operator,
      summary: 'All tenants, page by page.',
      answer: tenantAnswer('tenantPage'),
    }),
    tenant: false,
  },
  tenantRemove: {
    ...remove('tenant-remove', 'tenants/{id}', {
      roles: operator,
      summary:
        'Removes a tenant with all its mailboxes, mail, secrets and logs within minutes; its id is never used again.',
    }),
    tenant: false,
    answer: tenantAnswer('tenantRemoval'),
    success: [
      202,
      'Marked: the gateway accepts no more calls or mail for this tenant and removes the rest automatically.',
    ],
  },
  holderList: {
    name: 'holder-list',
    method: 'GET',
    route: 'api/v1/holders',
    roles: operator,
    tenant: false,
    summary:
      'Who holds a mail address, across the environments of the storage account; at most one holder, so always one page.',
    query: query('holderQuery'),
    answer: tenantAnswer('holderPage'),
    success: [200, 'The holder, or an empty list.'],
  },
  holderRelease: {
    ...remove('holder-release', 'holders/{id}', {
      roles: operator,
      summary: 'Releases a mail address, so that it can be connected elsewhere.',
    }),
    tenant: false,
  },
  tenantShow: {
    name: 'tenant-show',
    method: 'GET',
    route: 'api/v1/tenant',
    roles: all,
    tenant: true,
    summary: 'The tenant of the credential.',
    answer: tenantAnswer('tenant'),
    success: [200, 'Found.'],
  },
  keyCreate: {
    name: 'key-create',
    method: 'POST',
    route: 'api/v1/keys',
    roles: admins,
    tenant: true,
    deployment: true,
    summary: 'Creates an API key, which is shown only once.',
    body: adminBody('apiKeySchema'),
    answer: tenantAnswer('newApiKey'),
    success: [201, 'Created.'],
    errors: ['forbidden_role'],
  },
  keyList: {
    ...list('key-list', 'keys', {
      roles: admins,
      summary: 'API keys, without their secrets.',
      answer: tenantAnswer('apiKeyPage'),
    }),
    deployment: true,
  },
  keyRemove: {
    ...remove('key-remove', 'keys/{id}', { roles: admins, summary: 'Revokes an API key within a minute.' }),
    deployment: true,
    errors: ['not_found', 'key_in_use'],
  },
  returnUrlAdd: {
    name: 'return-url-add',
    method: 'POST',
    route: 'api/v1/return-urls',
    roles: admins,
    tenant: true,
    summary: 'Allows a return URL.',
    body: adminBody('returnUrlSchema'),
    answer: tenantAnswer('returnUrl'),
    success: [201, 'Added.'],
  },
  returnUrlList: list('return-url-list', 'return-urls', {
    roles: all,
    summary: 'Allowed return URLs.',
    answer: tenantAnswer('returnUrlPage'),
  }),
  returnUrlRemove: remove('return-url-remove', 'return-urls/{id}', {
    roles: admins,
    summary: 'Withdraws a return URL.',
  }),
  webhookAdd: {
    name: 'webhook-add',
    method: 'POST',
    route: 'api/v1/webhooks',
    roles: admins,
    tenant: true,
    summary: 'Adds a webhook endpoint, or returns the existing one for that address, with its signing key.',
    body: adminBody('webhookSchema'),
    answer: tenantAnswer('newWebhook'),
    success: [201, 'Added.'],
    otherwise: [200, 'The address is already an endpoint; its signing key is unchanged.'],
  },
  webhookList: list('webhook-list', 'webhooks', {
    roles: all,
    summary: 'Webhook endpoints.',
    answer: tenantAnswer('webhookPage'),
  }),
  webhookRemove: remove('webhook-remove', 'webhooks/{id}', { roles: admins, summary: 'Removes a webhook endpoint.' }),
  registrationCreate: {
    name: 'registration-create',
    limited: 'connect',
    method: 'POST',
    route: 'api/v1/registrations',
    roles: admins,
    tenant: true,
    deployment: true,
    summary: 'Adds an OAuth client at an identity provider.',
    body: adminBody('registrationSchema'),
    answer: tenantAnswer('savedRegistration'),
    success: [201, 'Created.'],
  },
  registrationSave: {
    name: 'registration-save',
    limited: 'connect',
    method: 'PUT',
    route: 'api/v1/registrations/{id}',
    roles: admins,
    tenant: true,
    deployment: true,
    summary:
      'Changes a registration; without clientSecret the stored secret stays. The gateway uses a new secret from the next token request on.',
    body: adminBody('registrationSchema'),
    answer: tenantAnswer('savedRegistration'),
    success: [200, 'Saved.'],
    errors: ['not_found', 'changed_meanwhile', 'registration_secret_refused'],
  },
  registrationList: {
    ...list('registration-list', 'registrations', {
      roles: all,
      summary:
        'Registrations that the tenant can use, with the redirect URI to register; secrets only as fingerprint and expiry.',
      answer: tenantAnswer('registrationPage'),
    }),
    deployment: true,
  },
  registrationRetry: {
    ...act('registration-retry', 'registrations/{id}/retry', {
      roles: admins,
      summary:
        'Shows the credential of a registration to the provider immediately, for instance after a repair there. Unless the provider refuses it, the gateway retries the connections that waited for an administrator, and their mailboxes fetch and send immediately.',
      answer: tenantAnswer('triedRegistration'),
    }),
    deployment: true,
    success: [200, 'Tried: what the provider said, and how many connections the gateway retries.'],
    limited: 'connect',
  },
  registrationRemove: {
    ...remove('registration-remove', 'registrations/{id}', {
      roles: admins,
      summary: 'Removes a registration and its secret.',
    }),
    deployment: true,
    query: query('forced'),
    errors: ['not_found', 'registration_in_use'],
  },
} as const satisfies Record<string, Operation>
