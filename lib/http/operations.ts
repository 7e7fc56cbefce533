/** The API, route by route. A new function adds its row here and is then in the OpenAPI document and the role matrix. */
import type { Operation } from './operation.js'

/** Schemas load with the first request that brings a body: compiling them is no part of a cold start. */
const adminBody = (name: keyof typeof import('../model/admin-schemas.js')) => async () =>
  (await import('../model/admin-schemas.js'))[name]
const apiBody = (name: 'signInStartSchema' | 'redeemSchema' | 'resolveSchema' | 'testMailSchema') => async () =>
  (await import('../model/api-schemas.js'))[name]

const all = ['operator', 'tenant-admin', 'app'] as const
const admins = ['operator', 'tenant-admin'] as const
const operator = ['operator'] as const

const list = (
  name: string,
  route: string,
  roles: Operation['roles'],
  summary: string,
  query?: Record<string, string>,
): Operation => ({
  name,
  method: 'GET',
  route: `api/v1/${route}`,
  roles,
  tenant: true,
  summary,
  success: [200, 'The list.'],
  ...(query ? { query } : {}),
})
const show = (name: string, route: string, summary: string): Operation => ({
  name,
  method: 'GET',
  route: `api/v1/${route}`,
  roles: all,
  tenant: true,
  summary,
  success: [200, 'Found.'],
  errors: ['not_found'],
})
const remove = (name: string, route: string, roles: Operation['roles'], summary: string): Operation => ({
  name,
  method: 'DELETE',
  route: `api/v1/${route}`,
  roles,
  tenant: true,
  summary,
  success: [204, 'Removed.'],
  errors: ['not_found'],
})
const act = (
  name: string,
  route: string,
  roles: Operation['roles'],
  summary: string,
  errors: string[] = [],
): Operation => ({
  name,
  method: 'POST',
  route: `api/v1/${route}`,
  roles,
  tenant: true,
  summary,
  success: [200, 'Done; the new state.'],
  errors: ['not_found', ...errors],
})

const purpose = { purpose: 'Purpose of mailboxes whose settings are meant; absent: those of the whole tenant.' }
const dryRun = { dryRun: 'true: checks and shows what would count, and changes nothing.' }
const forced = { force: 'true: although it is in use.' }
const paging = { limit: 'Rows to give, 1 to 200, default 50.' }

export const operations = {
  health: {
    name: 'health',
    method: 'GET',
    route: 'api/health',
    roles: [],
    tenant: false,
    summary: 'A verdict per dependency: storage, queue, vault.',
    success: [200, 'Everything works.'],
  },
  version: {
    name: 'version',
    method: 'GET',
    route: 'api/version',
    roles: [],
    tenant: false,
    summary: 'Version, commit, and what this build can do: providers, senders, receivers, webhooks.',
    success: [200, 'Version.'],
  },
  openapiShow: {
    name: 'openapi-show',
    method: 'GET',
    route: 'api/openapi.json',
    roles: [],
    tenant: false,
    summary: 'This document.',
    success: [200, 'OpenAPI 3.1.'],
  },

  tenantCreate: {
    name: 'tenant-create',
    method: 'POST',
    route: 'api/v1/tenants',
    roles: operator,
    tenant: false,
    summary: 'Creates a tenant and its events queue.',
    body: adminBody('tenantSchema'),
    success: [201, 'Created.'],
    errors: ['tenant_exists'],
  },
  tenantList: {
    name: 'tenant-list',
    method: 'GET',
    route: 'api/v1/tenants',
    roles: operator,
    tenant: false,
    summary: 'All tenants.',
    success: [200, 'The list.'],
  },
  tenantShow: {
    name: 'tenant-show',
    method: 'GET',
    route: 'api/v1/tenant',
    roles: all,
    tenant: true,
    summary: 'The tenant of the credential.',
    success: [200, 'Found.'],
  },
  keyCreate: {
    name: 'key-create',
    method: 'POST',
    route: 'api/v1/keys',
    roles: admins,
    tenant: true,
    deployment: true,
    summary: 'Creates an API key; it is shown once.',
    body: adminBody('apiKeySchema'),
    success: [201, 'Created.'],
    errors: ['forbidden_role'],
  },
  keyList: { ...list('key-list', 'keys', admins, 'API keys, without their secrets.'), deployment: true },
  keyRemove: {
    ...remove('key-remove', 'keys/{id}', admins, 'Revokes an API key within a minute.'),
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
    success: [201, 'Added.'],
  },
  returnUrlList: list('return-url-list', 'return-urls', all, 'Allowed return URLs.'),
  returnUrlRemove: remove('return-url-remove', 'return-urls/{id}', admins, 'Withdraws a return URL.'),
  webhookAdd: {
    name: 'webhook-add',
    method: 'POST',
    route: 'api/v1/webhooks',
    roles: admins,
    tenant: true,
    summary: 'Adds a webhook endpoint; the signing key is shown once.',
    body: adminBody('webhookSchema'),
    success: [201, 'Added.'],
  },
  webhookList: list('webhook-list', 'webhooks', all, 'Webhook endpoints.'),
  webhookRemove: remove('webhook-remove', 'webhooks/{id}', admins, 'Removes a webhook endpoint.'),
  registrationCreate: {
    name: 'registration-create',
    method: 'POST',
    route: 'api/v1/registrations',
    roles: admins,
    tenant: true,
    deployment: true,
    summary: 'Adds an OAuth client at an identity provider.',
    body: adminBody('registrationSchema'),
    success: [201, 'Created.'],
  },
  registrationSave: {
    name: 'registration-save',
    method: 'PUT',
    route: 'api/v1/registrations/{id}',
    roles: admins,
    tenant: true,
    deployment: true,
    summary:
      'Changes a registration; without clientSecret the stored secret stays. A new one counts from the next token call on.',
    body: adminBody('registrationSchema'),
    success: [200, 'Saved.'],
    errors: ['not_found', 'changed_meanwhile'],
  },
  registrationList: {
    ...list(
      'registration-list',
      'registrations',
      all,
      'Registrations usable by the tenant, with the redirect URI to register; secrets only as fingerprint and expiry.',
    ),
    deployment: true,
  },
  registrationRemove: {
    ...remove('registration-remove', 'registrations/{id}', admins, 'Removes a registration and its secret.'),
    deployment: true,
    query: forced,
    errors: ['not_found', 'registration_in_use'],
  },

  settingsShow: {
    ...show(
      'settings-show',
      'settings',
      'What the tenant or one of its purposes chose, and what counts, with its source.',
    ),
    query: purpose,
  },
  settingsSave: {
    name: 'settings-save',
    method: 'PUT',
    route: 'api/v1/settings',
    roles: admins,
    tenant: true,
    summary: 'Replaces what the tenant or one of its purposes chooses; names and limits: docs/configuration.md.',
    body: adminBody('settingsSchema'),
    query: { ...purpose, ...dryRun },
    success: [200, 'Saved; what counts now.'],
    errors: ['settings_refused'],
  },
  settingsReset: {
    ...remove('settings-reset', 'settings', admins, 'The tenant or one of its purposes chooses nothing any more.'),
    query: purpose,
  },
  mailboxSettingsShow: show(
    'mailbox-settings-show',
    'mailboxes/{id}/settings',
    'What a mailbox chose and what counts for it, with its source: mailbox, purpose, tenant, deployment or default.',
  ),
  mailboxSettingsSave: {
    name: 'mailbox-settings-save',
    method: 'PUT',
    route: 'api/v1/mailboxes/{id}/settings',
    roles: admins,
    tenant: true,
    summary: 'Replaces what a mailbox chooses; names and limits: docs/configuration.md.',
    body: adminBody('settingsSchema'),
    query: dryRun,
    success: [200, 'Saved; what counts now.'],
    errors: ['not_found', 'settings_refused'],
  },
  mailboxSettingsReset: remove(
    'mailbox-settings-reset',
    'mailboxes/{id}/settings',
    admins,
    'A mailbox chooses nothing any more.',
  ),

  signInStart: {
    name: 'sign-in-start',
    limited: 'connect',
    method: 'POST',
    route: 'api/v1/sign-ins',
    roles: all,
    tenant: true,
    summary: 'Starts connecting or reconnecting a mailbox; answers with the link to open.',
    body: apiBody('signInStartSchema'),
    success: [201, 'Started.'],
    errors: ['too_many_requests', 'return_url_not_registered', 'no_registration'],
  },
  signInShow: show('sign-in-show', 'sign-ins/{id}', 'State and verdicts of a sign-in.'),
  signInRedeem: {
    name: 'sign-in-redeem',
    method: 'POST',
    route: 'api/v1/sign-ins/{id}/redeem',
    roles: all,
    tenant: true,
    summary: 'Confirms a sign-in with its one-time result code and binding; the mailbox exists from here on.',
    body: apiBody('redeemSchema'),
    success: [200, 'Connected.'],
    errors: ['not_found', 'result_code_invalid', 'binding_mismatch'],
  },
  signInConfirm: act(
    'sign-in-confirm',
    'sign-ins/{id}/confirm',
    admins,
    'A tenant administrator confirms a sign-in that was made through a link.',
  ),

  connectionList: list(
    'connection-list',
    'connections',
    all,
    'Connections with last and next refresh and when their authority would end, never the authority itself.',
  ),
  mailboxList: list('mailbox-list', 'mailboxes', all, 'Mailboxes with state and last success per direction.'),
  mailboxShow: show('mailbox-show', 'mailboxes/{id}', 'One mailbox.'),
  mailboxChange: {
    name: 'mailbox-change',
    method: 'PATCH',
    route: 'api/v1/mailboxes/{id}',
    roles: admins,
    tenant: true,
    summary: 'Changes a mailbox; default: true makes it the one used when a mail names none.',
    body: adminBody('mailboxChangeSchema'),
    success: [200, 'Changed.'],
    errors: ['not_found', 'mailbox_key_taken', 'changed_meanwhile'],
  },
  mailboxRemove: {
    ...remove(
      'mailbox-remove',
      'mailboxes/{id}',
      admins,
      'Removes a mailbox and disconnects it when nothing else uses the connection; forced also the default, and one with open mail, which is cancelled.',
    ),
    query: forced,
    errors: ['not_found', 'mailbox_is_default', 'mailbox_in_use'],
  },
  mailboxPoll: { ...act('mailbox-poll-now', 'mailboxes/{id}/poll', all, 'Polls a mailbox now.'), limited: 'connect' },
  mailboxTestMail: {
    ...act(
      'mailbox-test-mail',
      'mailboxes/{id}/test-mail',
      all,
      'Sends one mail now and answers with its final state, the log row and, when it failed, the diagnosis.',
      ['mailbox_busy', 'no_mail_server'],
    ),
    limited: 'connect',
    body: apiBody('testMailSchema'),
  },
  mailboxReconnect: {
    ...act(
      'mailbox-reconnect',
      'mailboxes/{id}/reconnect',
      admins,
      'A link by which the mailbox owner signs in again; id, cursor and history stay.',
    ),
    limited: 'connect',
  },

  mailSubmit: {
    name: 'mail-submit',
    limited: 'mail',
    method: 'POST',
    route: 'api/v1/mails',
    roles: all,
    tenant: true,
    summary: 'Accepts a mail for sending. With Idempotency-Key the same request gives the same mail.',
    body: async () => (await import('../model/mail-submission.js')).mailSubmissionSchema,
    maxBytes: 60 * 1024 * 1024,
    headers: { 'Idempotency-Key': 'Up to 200 characters; unique per mail.' },
    success: [202, 'Accepted; durable.'],
    errors: ['too_many_requests', 'no_mail_server', 'from_not_allowed', 'idempotency_conflict', 'mail_too_large'],
  },
  mailShow: show('mail-show', 'mails/{id}', 'State, attempts, last error and remedy of a mail.'),
  mailList: list('mail-list', 'mails', all, 'Open mail; includeDone=true adds what was finished today.', {
    ...paging,
    includeDone: 'true adds final mails.',
    mailbox: 'Mailbox id.',
  }),
  mailRelease: act('mail-release', 'mails/{id}/release', all, 'Releases a held mail.', ['wrong_state']),
  mailCancel: act('mail-cancel', 'mails/{id}/cancel', all, 'Cancels a mail that has not left.', ['wrong_state']),
  mailRetry: act('mail-retry', 'mails/{id}/retry', all, 'Tries a waiting or failed mail now.', ['wrong_state']),
  mailResolve: {
    ...act('mail-resolve', 'mails/{id}/resolve', all, 'Decides a mail of unknown outcome.', ['wrong_state']),
    body: apiBody('resolveSchema'),
  },

  receivedList: list('received-list', 'mailboxes/{id}/received', all, 'Received mail, newest first.', {
    ...paging,
    after: '`next` of the previous page.',
    state: 'not-imported lists what could not be handed over.',
  }),
  receivedShow: show('received-show', 'mailboxes/{id}/received/{mail}', 'A received mail as JSON.'),
  receivedRaw: show('received-raw', 'mailboxes/{id}/received/{mail}/raw', 'A received mail as it arrived.'),
  logList: {
    ...list('log-list', 'logs', all, 'Sending, receiving or audit log of one day, newest first.', {
      ...paging,
      log: 'sending, receiving or audit; default sending.',
      day: 'yyyymmdd (audit: yyyymm), default today.',
      failed: 'true: failures only.',
      mailbox: 'Mailbox id.',
    }),
    deployment: true,
  },
  attentionList: list('attention-list', 'attention', all, 'What is broken now, who must act and what to do.'),
} satisfies Record<string, Operation>
