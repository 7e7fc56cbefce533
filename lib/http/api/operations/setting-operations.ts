/** What a tenant, a purpose or a mailbox chooses for itself. */
import type { Operation } from '../operation.js'
import { adminBody, admins, mailboxAnswer, query, remove, show } from './operation-kinds.js'

export const settingOperations = {
  settingsShow: {
    ...show(
      'settings-show',
      'settings',
      'What the tenant or one of its purposes chose, and what counts, with its source.',
      mailboxAnswer('settingsView'),
    ),
    query: query('purposeQuery'),
  },
  settingsSave: {
    name: 'settings-save',
    method: 'PUT',
    route: 'api/v1/settings',
    roles: admins,
    tenant: true,
    summary: 'Replaces what the tenant or one of its purposes chooses; names and limits: docs/configuration.md.',
    body: adminBody('settingsSchema'),
    query: query('settingsSaveQuery'),
    answer: mailboxAnswer('settingsView'),
    success: [200, 'Saved; what counts now.'],
    errors: ['settings_refused'],
  },
  settingsReset: {
    ...remove('settings-reset', 'settings', admins, 'The tenant or one of its purposes chooses nothing any more.'),
    query: query('purposeQuery'),
  },
  mailboxSettingsShow: show(
    'mailbox-settings-show',
    'mailboxes/{id}/settings',
    'What a mailbox chose and what counts for it, with its source: mailbox, purpose, tenant, deployment or default.',
    mailboxAnswer('settingsView'),
  ),
  mailboxSettingsSave: {
    name: 'mailbox-settings-save',
    method: 'PUT',
    route: 'api/v1/mailboxes/{id}/settings',
    roles: admins,
    tenant: true,
    summary: 'Replaces what a mailbox chooses; names and limits: docs/configuration.md.',
    body: adminBody('settingsSchema'),
    query: query('dryRunQuery'),
    answer: mailboxAnswer('settingsView'),
    success: [200, 'Saved; what counts now.'],
    errors: ['not_found', 'settings_refused'],
  },
  mailboxSettingsReset: remove(
    'mailbox-settings-reset',
    'mailboxes/{id}/settings',
    admins,
    'A mailbox chooses nothing any more.',
  ),
} as const satisfies Record<string, Operation>
