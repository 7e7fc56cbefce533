import { describe, expect, test } from 'vitest'
import { settingsTable } from '../../../lib/config/settings-table.js'
import { readConfig } from '../../../lib/config.js'
import {
  readMailboxSettings,
  readTenantSettings,
  saveMailboxSettings,
  saveTenantSettings,
} from '../../../lib/flows/admin/settings.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import { adjustSettings, type SettingValues } from '../../../lib/model/setting.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { fromRow, mailboxPartition, toRow } from '../../../lib/rows/mailboxes.js'
import { settingsOf } from '../../../lib/rows/settings.js'
import { type Harness, sendHarness } from '../../support/send/send-harness.js'

const environment = {
  PUBLIC_BASE_URL: 'https://mail.example.com',
  MailStorage: 'UseDevelopmentStorage=true',
  KEY_VAULT_URL: 'https://one.vault.azure.net',
  MAX_RECIPIENTS: '100',
}
const config = readConfig(environment)

async function place() {
  const h = await sendHarness()
  const deps = { ...h.deps, config }
  const mailbox = async () =>
    fromRow((await h.stores.tables.get(h.deps.names.table('mailboxes'), partition(h), 'mailbox'))!)
  const one = async (name: string) =>
    (await readMailboxSettings(deps, h.tenant, h.mailbox.id)).settings.find((setting) => setting.name === name)
  const save = (values: SettingValues, options = {}) =>
    saveMailboxSettings(deps, { tenant: h.tenant, mailboxId: h.mailbox.id }, { values, ...options })
  return { h, deps, mailbox, one, save }
}
const partition = (h: Harness): string => mailboxPartition(h.tenant, h.mailbox.id)

describe('M-004: what counts for a mailbox, and who said it', () => {
  test('nothing said gives the documented default or the deployment; after a save the mailbox, and back again', async () => {
    const { deps, h, one, save } = await place()
    expect(await one('firstSyncDays')).toMatchObject({ value: 7, source: 'default', default: 7 })
    expect(await one('maxRecipients')).toMatchObject({ value: 100, source: 'deployment', default: 500, max: 100 })
    await saveTenantSettings(
      deps,
      { tenant: h.tenant, purpose: '' },
      { values: { firstSyncDays: 1, maxRecipients: 50, whenUnknown: 'resend' } },
    )
    expect(await one('firstSyncDays')).toMatchObject({ value: 1, source: 'tenant' })
    await saveTenantSettings(deps, { tenant: h.tenant, purpose: h.mailbox.purpose }, { values: { firstSyncDays: 2 } })
    expect(await one('firstSyncDays')).toMatchObject({ value: 2, source: 'purpose' })
    await save({ firstSyncDays: 3 })
    expect(await one('firstSyncDays')).toMatchObject({ value: 3, source: 'mailbox' })
    expect(await one('maxRecipients')).toMatchObject({ value: 50, source: 'tenant' })
    await save({})
    expect(await one('firstSyncDays')).toMatchObject({ value: 2, source: 'purpose' })
    await saveTenantSettings(deps, { tenant: h.tenant, purpose: h.mailbox.purpose }, { values: {} })
    await saveTenantSettings(deps, { tenant: h.tenant, purpose: '' }, { values: {} })
    expect(await one('firstSyncDays')).toMatchObject({ value: 7, source: 'default' })
  })

  test('a choice made with the transport is the mailbox’s too, until its settings replace it', async () => {
    const { mailbox, one, save } = await place()
    expect(await one('messagesPerSession')).toMatchObject({ value: 3, source: 'mailbox' })
    await save({ messagesPerSession: 20 })
    expect(await one('messagesPerSession')).toMatchObject({ value: 20, source: 'mailbox' })
    await save({})
    expect(await one('messagesPerSession')).toMatchObject({ value: 3, source: 'default' })
    expect((await mailbox()).send).toMatchObject({ transport: 'smtp', smtp: { host: 'mail.acme.example' } })
  })

  test('another tenant and an unknown id are not found; another purpose is not concerned', async () => {
    const { deps, h, one } = await place()
    await expect(readMailboxSettings(deps, 'other', h.mailbox.id)).rejects.toMatchObject({ code: 'not_found' })
    await expect(
      saveMailboxSettings(deps, { tenant: 'other', mailboxId: h.mailbox.id }, { values: {} }),
    ).rejects.toMatchObject({ code: 'not_found' })
    await saveTenantSettings(deps, { tenant: h.tenant, purpose: 'invoices' }, { values: { firstSyncDays: 9 } })
    await saveTenantSettings(deps, { tenant: 'other', purpose: '' }, { values: { firstSyncDays: 9 } })
    expect(await one('firstSyncDays')).toMatchObject({ source: 'default' })
    expect((await readTenantSettings(deps, h.tenant, 'invoices')).own).toEqual({ firstSyncDays: 9 })
  })
})

describe('M-006, M-007: refused as a whole', () => {
  const wrong: SettingValues = { firstSyncDays: 400, afterReceive: 'burn', pollsPerDay: 3, maxRecipients: 101 }

  test('every problem at once, with limit and cure, and nothing is changed', async () => {
    const { one, save, mailbox } = await place()
    await save({ firstSyncDays: 3 })
    const error = await save(wrong).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'settings_refused', status: 400 })
    const problems = (error as { problems: { field: string; message: string }[] }).problems
    expect(Object.fromEntries(problems.map(({ field, message }) => [field, message]))).toEqual({
      firstSyncDays: 'must be a whole number from 0 to 365.',
      afterReceive: 'must be leave, mark-read, delete or move:Folder.',
      pollsPerDay: expect.stringMatching(/not a setting; the settings are firstSyncDays, /),
      maxRecipients: 'must be a whole number from 1 to 100.',
    })
    expect((await mailbox()).settings).toEqual({ firstSyncDays: 3 })
    expect(await one('firstSyncDays')).toMatchObject({ value: 3 })
  })

  test.each([
    [{ firstSyncDays: '7' }, 'firstSyncDays'],
    [{ firstSyncDays: 1.5 }, 'firstSyncDays'],
    [{ afterReceive: 1 }, 'afterReceive'],
    [{ afterReceive: 'move:a\r\nA1 DELETE INBOX' }, 'afterReceive'],
    [{ pollMinSeconds: 59 }, 'pollMinSeconds'],
    [{ pollMinSeconds: 2000 }, 'pollMinSeconds'],
    [{ constructor: 'x' }, 'constructor'],
  ] as [SettingValues, string][])('%j names %s', async (values, field) => {
    const { deps, h } = await place()
    await expect(saveTenantSettings(deps, { tenant: h.tenant, purpose: '' }, { values })).rejects.toMatchObject({
      problems: [expect.objectContaining({ field })],
    })
  })

  test('a dry run shows what would count, tells problems, and changes nothing', async () => {
    const { deps, h, one, save, mailbox } = await place()
    const before = await mailbox()
    const seen = await save({ firstSyncDays: 3 }, { dryRun: true })
    expect(seen.settings.find(({ name }) => name === 'firstSyncDays')).toMatchObject({ value: 3, source: 'mailbox' })
    await expect(save(wrong, { dryRun: true })).rejects.toMatchObject({ code: 'settings_refused' })
    await saveTenantSettings(deps, { tenant: h.tenant, purpose: '' }, { values: { firstSyncDays: 4 }, dryRun: true })
    expect(await mailbox()).toEqual(before)
    expect(await one('firstSyncDays')).toMatchObject({ source: 'default' })
  })

  test('a row that changed meanwhile is not written over', async () => {
    const { deps, h, mailbox } = await place()
    const table = h.deps.names.table('mailboxes')
    const racing: Toolbox = {
      ...deps,
      tables: {
        ...h.stores.tables,
        query: (...input) => h.stores.tables.query(...input),
        get: async (...input) => {
          const row = await h.stores.tables.get(...input)
          if (row) await h.stores.tables.upsert(table, toRow({ ...h.mailbox, description: 'changed meanwhile' }))
          return row
        },
      },
    }
    await expect(
      saveMailboxSettings(racing, { tenant: h.tenant, mailboxId: h.mailbox.id }, { values: { firstSyncDays: 3 } }),
    ).rejects.toThrow()
    expect(await mailbox()).toMatchObject({ description: 'changed meanwhile', settings: {} })
  })
})

describe('the flows use them', () => {
  test('each adjustable setting of the table reaches a field that the flows hold', () => {
    const rows = settingsTable.filter((row) => row.adjustable)
    expect(rows.length).toBe(config.adjustable.length)
    for (const rule of config.adjustable) {
      const other = rule.kind === 'number' ? Number(rule.value) - (rule.max === rule.value ? 1 : -1) : 'resend'
      const value = { afterReceive: 'delete', keepSubject: 'yes' }[rule.name] ?? other
      expect(rule.wrong(value), rule.name).toBeUndefined()
      expect(adjustSettings(config, [{ [rule.name]: value }]), rule.name).not.toEqual(config)
    }
  })

  test('a limit that the deployment lowered afterwards counts, whatever a row still says', async () => {
    const { deps, h, one } = await place()
    const generous = readConfig({ ...environment, MAX_RECIPIENTS: '900' })
    await saveTenantSettings(
      { ...deps, config: generous },
      { tenant: h.tenant, purpose: '' },
      { values: { maxRecipients: 900 } },
    )
    expect(await one('maxRecipients')).toMatchObject({ value: 100, source: 'deployment' })
    const own = await settingsOf({ ...h.deps, config }, h.mailbox)
    expect(own.maxRecipients).toBe(100)
    expect(adjustSettings(config, [{ pollMinSeconds: 1 }]).pollMinMs).toBe(config.pollMinMs)
    expect(adjustSettings(config, [{ pollMinSeconds: 80_000 }])).toMatchObject({ pollMaxMs: 80_000_000 })
  })

  test('sending: recipients, deadline, unknown outcomes and mails per session follow the mailbox', async () => {
    const { h, save } = await place()
    const submit = (input: object = {}) =>
      sendFlows.acceptMail(h.deps, h.tenant, {
        submission: parseMailSubmission({ to: ['a@b.example', 'c@d.example'], text: 'x', ...input }),
      })
    expect((await submit()).mail.whenUnknown).toBe('stop')
    await save({ maxRecipients: 1, whenUnknown: 'resend', mailDeadlineHours: 2, messagesPerSession: 1 })
    await expect(submit()).rejects.toMatchObject({ field: 'to' })
    const { mail } = await submit({ to: ['a@b.example'] })
    expect(mail).toMatchObject({ whenUnknown: 'resend', deadline: h.clock.now() + 2 * 3_600_000 })
    expect((await submit({ to: ['a@b.example'], whenUnknown: 'stop' })).mail.whenUnknown).toBe('stop')
    await sendFlows.drainLane(h.deps, { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
    expect(h.peer.sessions).toEqual([1, 1, 1])
  })
})
