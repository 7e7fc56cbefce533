/** Connecting by password. */

import { describe, expect, test } from 'vitest'
import { asGatewayError, type GatewayError } from '../../../lib/errors.js'
import { readMailboxFacts } from '../../../lib/flows/admin/mailboxes.js'
import { connectFlows as flows } from '../../../lib/flows/connect/index.js'
import { newId } from '../../../lib/model/ids.js'
import { signInPages } from '../../../lib/model/providers.js'
import { listMailboxes } from '../../../lib/rows/mailboxes.js'
import { removeRegistrationRow } from '../../../lib/rows/registrations.js'
import { works } from '../../support/connect/connect-samples.js'
import {
  address,
  at,
  codeOf,
  linkOf,
  names,
  opened,
  registration,
  start,
  tenant,
  travel,
  useToldPeers,
} from '../../support/connect/told-peers.js'

useToldPeers()

const refusal = { verdict: 'fails', code: 'smtp_535', text: 'Wrong password.', remedy: 'Type it again.' } as const
const bothRefuse = { reading: refusal, sending: refusal }

/** A peer that answers when the test says so. */
function gate() {
  let reached = () => {}
  let open = () => {}
  const arrived = new Promise<void>((done) => {
    reached = done
  })
  const opened = new Promise<void>((done) => {
    open = done
  })
  return { arrived, opened, reached: () => reached(), open: () => open() }
}

describe('passwords', () => {
  const form = {
    username: address,
    password: 'p',
    imapHost: 'mail.example.com',
    imapPort: '993',
    imapTls: 'implicit',
    smtpHost: 'mail.example.com',
    smtpPort: '587',
    smtpTls: 'starttls',
  }

  test('M-055: a mailbox without a sign-in page is connected by password, tried first', async () => {
    const { link: url, signInId } = await start()
    const link = linkOf(url)
    const { browser, formToken } = await opened(link)
    const submit = (more: object = {}) =>
      flows.submitPassword(at.deps, { link, browser, formToken, form: { ...form, ...more } })
    expect(await codeOf(submit({ imapTls: 'plain' }))).toBe('invalid_input')
    expect(await codeOf(submit({ imapHost: 'mail.example.com\r\nA1' }))).toBe('invalid_input')
    for (const smtpPort of ['0', '65536', 'smtp', '-1', '5e2'])
      expect(await codeOf(submit({ smtpPort }))).toBe('invalid_input')
    at.verdicts = bothRefuse
    for (let attempt = 0; attempt < 9; attempt++) expect(await codeOf(submit())).toBe('smtp_535')
    at.verdicts = works
    // M-023: no port is the usual one, and one behind the host counts.
    await submit({ imapPort: ' ', smtpHost: 'smtp.example.com:2525', smtpPort: '' })
    const [mailbox] = await listMailboxes(at.deps, tenant)
    expect(mailbox).toMatchObject({
      receive: { transport: 'imap', imap: { host: 'mail.example.com', port: 993 } },
      send: { transport: 'smtp', smtp: { host: 'smtp.example.com', port: 2525, tls: 'starttls' } },
    })
    expect(await flows.describeSignIn(at.deps, tenant, signInId)).toMatchObject({ status: 'confirmed' })
    const row = await at.deps.tables.get(names.table('signins'), signInId.slice(0, 2), signInId)
    expect(row?.['sealedGrant']).toBe('')
  })

  test('T5: every field at fault is named at once, so that nobody types the password once for each', async () => {
    const { link: url } = await start()
    const link = linkOf(url)
    const { browser, formToken } = await opened(link)
    const wrong = { username: ' ', password: '', imapHost: 'imap server!', imapPort: 'abc', smtpPort: '0', smtpTls: '' }
    const submitted = flows.submitPassword(at.deps, { link, browser, formToken, form: { ...form, ...wrong } })
    const error = (await submitted.catch((caught: unknown) => caught)) as GatewayError
    expect(error.problems?.map(({ field }) => field)).toEqual([
      'username',
      'password',
      'imapHost',
      'imapPort',
      'smtpTls',
      'smtpPort',
    ])
  })

  test('M-055: a provider that is chosen with the link is not looked up; one that is not known offers both ways; A2: and never another', async () => {
    const asked: string[] = []
    at.deps.discovery = {
      mailExchangers: async (domain) => {
        asked.push(domain)
        return []
      },
      autoconfig: async () => undefined,
    }
    const forced = await start({ transport: 'graph' })
    expect(await opened(linkOf(forced.link))).toMatchObject({
      ways: ['microsoft'],
      pages: ['microsoft'],
      discovered: { provider: 'microsoft' },
    })
    expect(asked).toEqual([])
    // The control; and without a registration there is only the other way.
    expect(await opened(linkOf((await start()).link))).toMatchObject({
      ways: [...signInPages, 'password'],
      pages: ['microsoft'],
      discovered: { provider: 'unknown' },
    })
    expect(asked).toEqual(['contoso.example'])
    await removeRegistrationRow(at.deps, tenant, registration.id)
    expect(await opened(linkOf(forced.link))).toMatchObject({ ways: ['microsoft'], pages: [] })
    expect(await opened(linkOf((await start()).link))).toMatchObject({
      ways: [...signInPages, 'password'],
      pages: [],
    })
  })

  test('M-056: a password for a mailbox at Microsoft is saved with a warning; elsewhere, or signed in, there is none', async () => {
    const warned = async (more: object, own: string) => {
      const started = await start({ address: own, confirmation: 'tenant-admin' })
      const link = linkOf(started.link)
      const { browser, formToken } = await opened(link)
      await flows.submitPassword(at.deps, { link, browser, formToken, form: { ...form, username: own, ...more } })
      const saved = await flows.confirmByAdmin(at.deps, tenant, started.signInId)
      const shown = await readMailboxFacts(at.deps, tenant, saved.mailboxId)
      expect(shown.warnings).toEqual(saved.warnings)
      return saved.warnings.map((one) => one.code)
    }
    expect(await warned({}, 'one@contoso.example')).toEqual([])
    expect(await warned({ imapHost: 'outlook.office365.com' }, 'two@contoso.example')).toEqual([
      'password_at_microsoft',
    ])
    expect(await warned({ smtpHost: 'smtp.Office365.com' }, 'three@contoso.example')).toEqual(['password_at_microsoft'])
    expect(await warned({ smtpHost: 'smtp.office365.com.evil.example' }, 'four@contoso.example')).toEqual([])
    // Microsoft's own sign-in at the same servers.
    at.tokens = { ...at.tokens, scopes: ['IMAP.AccessAsUser.All', 'SMTP.Send'] }
    const { link, signInId } = await start({ transport: 'imap-smtp', confirmation: 'tenant-admin' })
    await flows.completeSignIn(at.deps, await travel(link))
    const { mailboxId } = await flows.confirmByAdmin(at.deps, tenant, signInId)
    const facts = await readMailboxFacts(at.deps, tenant, mailboxId)
    expect(facts).toMatchObject({ receive: { imap: { host: 'outlook.office365.com' } }, warnings: [] })
  })

  test('T4: a second click, or another tab, waits for the password that is being tried: one mailbox, no false word', async () => {
    const { link: url, signInId } = await start({ confirmation: 'confirmed-by-link' })
    const link = linkOf(url)
    const { browser, formToken } = await opened(link)
    const meet = gate()
    at.verdicts = bothRefuse
    at.beforeAnswer = () => {
      meet.reached()
      return meet.opened
    }
    const sent = { link, browser, formToken }
    const submit = () => flows.submitPassword(at.deps, { ...sent, form })
    const refused = codeOf(submit())
    await meet.arrived
    const second = await submit().catch((error: unknown) => asGatewayError(error))
    expect(second).toMatchObject({ code: 'sign_in_running' })
    await flows.keepFormProblem(at.deps, { ...sent, requestId: newId(), error: asGatewayError(second) })
    expect(await codeOf(flows.showLink(at.deps, link, browser))).toBe('sign_in_running')
    meet.open()
    expect(await refused).toBe('smtp_535')
    // The form is there again at once, and two posts that read the same row are one attempt as well.
    expect(await flows.showLink(at.deps, link, browser)).not.toHaveProperty('problem')
    at.verdicts = works
    const both = await Promise.allSettled([submit(), submit()])
    expect(both.filter((one) => one.status === 'fulfilled')).toHaveLength(1)
    expect(both.flatMap((one) => (one.status === 'rejected' ? [asGatewayError(one.reason).code] : []))).toEqual([
      'sign_in_running',
    ])
    expect(await flows.describeSignIn(at.deps, tenant, signInId)).toMatchObject({ status: 'confirmed' })
    expect(await flows.showLink(at.deps, link, browser)).toHaveProperty('finished')
  })

  test('C1: a crash while a password is tried leaves the link; half a minute later it works again', async () => {
    const { link: url } = await start()
    const link = linkOf(url)
    const { browser, formToken } = await opened(link)
    const submit = () => flows.submitPassword(at.deps, { link, browser, formToken, form })
    const meet = gate()
    at.beforeAnswer = () => {
      meet.reached()
      return meet.opened
    }
    const dead = codeOf(submit())
    await meet.arrived
    expect(await codeOf(submit())).toBe('sign_in_running')
    at.now += 30_001
    at.beforeAnswer = () => {}
    expect(await submit()).toHaveProperty('location')
    meet.open()
    expect(await dead).toBe('sign_in_used')
  })

  test('a link cannot be used to guess passwords', async () => {
    const { link: url } = await start()
    const link = linkOf(url)
    const { browser, formToken } = await opened(link)
    at.verdicts = bothRefuse
    const submit = () => flows.submitPassword(at.deps, { link, browser, formToken, form })
    for (let attempt = 0; attempt < 10; attempt++) expect(await codeOf(submit())).toBe('smtp_535')
    expect(await codeOf(submit())).toBe('too_many_attempts')
  })
})
