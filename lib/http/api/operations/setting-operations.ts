/** What a tenant, a purpose or a mailbox chooses for itself. */
import type { Operation } from '../operation.js'
import { adminBody, admins, mailboxAnswer, query, remove, show } from './operation-kinds.js'

export const settingOperations = {
  settingsShow: {
    ...show('settings-show', 'settings', {
      summary: 'The settings that the tenant or one of its purposes chose, and the effective values with their source.',
      answer: mailboxAnswer('settingsView'),
    }),
    query: query('purposeQuery'),
  },
  settingsSave: {
    name: 'settings-save',
    method: 'PUT',
    route: 'api/v1/settings',
    roles: admins,
    tenant: true,
    summary:
      'Replaces the settings that the tenant or one of its purposes chose; for names and limits see docs/configuration.md.',
    body: adminBody('settingsSchema'),
    query: query('settingsSaveQuery'),
    answer: mailboxAnswer('settingsView'),
    success: [200, 'Saved; the effective values.'],
    errors: ['settings_refused'],
  },
  settingsReset: {
    ...remove('settings-reset', 'settings', {
      roles: admins,
      summary: 'Removes all settings that the tenant or one of its purposes chose.',
    }),
    query: query('purposeQuery'),
  },
  mailboxSettingsShow: show('mailbox-settings-show', 'mailboxes/{id}/settings', {
    summary:
      'The settings that a mailbox chose, and the effective values with their source: mailbox, purpose, tenant, deployment or default.',
    answer: mailboxAnswer('settingsView'),
  }),
  mailboxSettingsSave: {
    name: 'mailbox-settings-save',
    method: 'PUT',
    route: 'api/v1/mailboxes/{id}/settings',
    roles: admins,
    tenant: true,
    summary: 'Replaces the settings that a mailbox chose; for names and limits see docs/configuration.md.',
    body: adminBody('settingsSchema'),
    query: query('dryRunQuery'),
    answer: mailboxAnswer('settingsView'),
    success: [200, 'Saved; the effective values.'],
    errors: ['not_found', 'settings_refused'],
  },
  mailboxSettingsReset: remove('mailbox-settings-reset', 'mailboxes/{id}/settings', {
    roles: admins,
    summary: 'Removes all settings that a mailbox chose.',
  }),
} as const satisfies Record<string, Operation>
